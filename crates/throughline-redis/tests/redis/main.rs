//! Traced redis: the spans, attributes and metrics of real commands.

#![expect(clippy::unwrap_used, reason = "the set-up of a test")]

mod blocking;
mod cluster;
mod commands;
mod connections;
mod endings;
mod failures;
mod lookups;
mod metrics;
mod pipelines;
mod pubsub;
mod scripts;
mod server;
mod templates;

use redis::{Client, IntoConnectionInfo as _, aio::MultiplexedConnection};
use throughline_redis::{Traced, Tracing};
use throughline_testing::Collector;

/// What tells the commands of these tests from each other.
const SHOWN: &[&str] = &[
    "cache.hit",
    "throughline.cache.hits",
    "throughline.cache.misses",
    "db.operation.batch.size",
    "error.type",
    "db.response.status_code",
    "throughline.redis.failed_commands",
    "throughline.redis.aborted",
    "throughline.redis.wait",
    "throughline.outcome",
];

/// The first database of the server of these tests.
fn client() -> Client {
    let url = std::env::var("THROUGHLINE_TEST_REDIS_URL");
    let url = url.as_deref().unwrap_or("redis://127.0.0.1:6379/");
    let info = url.into_connection_info().unwrap();
    let settings = info.redis_settings().clone().set_db(0);
    Client::open(info.set_redis_settings(settings)).unwrap()
}

/// A connection that is not traced, for what a test prepares and cleans up.
async fn plain() -> MultiplexedConnection {
    let connected = client().get_multiplexed_async_connection().await;
    connected.unwrap_or_else(|error| {
        panic!(
            "no Redis answers: {error}. `cargo xtask test` starts one; \
             THROUGHLINE_TEST_REDIS_URL names another one"
        )
    })
}

/// A traced connection. Nothing of its set-up is in the collector.
async fn traced(collector: &Collector) -> Traced<MultiplexedConnection> {
    tracing(collector).wrap(plain().await)
}

fn tracing(collector: &Collector) -> Tracing {
    Tracing::of(&client()).with_telemetry(collector.telemetry())
}

/// The keys of one test, which are gone before and after it.
struct Keys(&'static str);

impl Keys {
    async fn of(test: &'static str) -> Self {
        let keys = Self(test);
        keys.remove().await;
        keys
    }

    fn key(&self, name: &str) -> String {
        format!("test:{}:{name}", self.0)
    }

    /// Removes the keys.
    async fn remove(&self) {
        let mut conn = plain().await;
        let pattern = format!("test:{}:*", self.0);
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg(pattern)
            .query_async(&mut conn)
            .await
            .unwrap();
        if !keys.is_empty() {
            let _: () = redis::cmd("DEL")
                .arg(keys)
                .query_async(&mut conn)
                .await
                .unwrap();
        }
    }
}

/// Everything that is exported of the collected spans, as one text.
fn exported(collector: &Collector) -> String {
    format!("{:?}", collector.spans())
}

//! What tracing adds to the allocations of a command, counted on the thread that asks.

#![expect(clippy::unwrap_used, reason = "the set-up of a test")]

use std::time::Duration;

use opentelemetry::{Context, trace::TraceContextExt as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanProcessor},
};
use redis::{AsyncTypedCommands as _, Cmd, Pipeline, RedisFuture, Value, aio::ConnectionLike};
use throughline_core::{context::Attached, telemetry::Telemetry};
use throughline_redis::Traced;
use throughline_testing::{Collector, remote_span_context};
use tokio::runtime::Runtime;

const TIMES: usize = 100;

/// Answers everything at once: what is counted is the client's work.
#[derive(Clone)]
struct Instant;

impl ConnectionLike for Instant {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async { Ok(Value::Nil) })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move { Ok(vec![Value::Nil; count]) })
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// Takes finished spans and forgets them: what exporters cost is not counted here.
#[derive(Debug)]
struct Forget;

impl SpanProcessor for Forget {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, _span: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// A context with traces and metrics on, below a remote parent.
fn context(sampled: bool) -> Context {
    let tracers = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_span_processor(Forget)
        .build();
    let meters = Collector::new().meter_provider();
    let parent = Context::new().with_remote_span_context(remote_span_context(sampled));
    Telemetry::new(tracers)
        .with_meter_provider(meters)
        .context(&parent)
}

/// Returns the allocations of `work` once everything is warm, the fewest of many runs.
fn count(runtime: &Runtime, context: &Context, mut work: impl AsyncFnMut()) -> i64 {
    let mut run = || {
        let work = Attached::new(work(), context.clone());
        let counted = allocation_counter::measure(|| runtime.block_on(work));
        i64::try_from(counted.count_total).unwrap()
    };
    for _ in 0..20 {
        run();
    }
    (0..TIMES).map(|_| run()).min().unwrap()
}

async fn read(conn: &mut (impl ConnectionLike + Send + Sync)) {
    conn.get("user:123:profile").await.unwrap();
}

async fn write(conn: &mut (impl ConnectionLike + Send + Sync)) {
    redis::cmd("EXPIRE")
        .arg("user:123:profile")
        .arg(60)
        .exec_async(conn)
        .await
        .unwrap();
}

async fn pipeline(conn: &mut (impl ConnectionLike + Send + Sync)) {
    redis::pipe()
        .get("user:1")
        .get("user:2")
        .get("user:alice")
        .exec_async(conn)
        .await
        .unwrap();
}

/// Allocations of a read, a write and a pipeline, traced without plain ones.
fn added<C: ConnectionLike + Clone + Send + Sync>(
    runtime: &Runtime,
    context: &Context,
    connection: &C,
) -> [i64; 3] {
    let none = Context::new();
    let mut plain = connection.clone();
    let mut traced = Traced::new(connection.clone());
    [
        count(runtime, context, async || read(&mut traced).await)
            - count(runtime, &none, async || read(&mut plain).await),
        count(runtime, context, async || write(&mut traced).await)
            - count(runtime, &none, async || write(&mut plain).await),
        count(runtime, context, async || pipeline(&mut traced).await)
            - count(runtime, &none, async || pipeline(&mut plain).await),
    ]
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn a_command_that_is_not_sampled_adds_one_box() {
    assert_eq!(added(&runtime(), &context(false), &Instant), [1, 1, 1]);
}

#[test]
fn a_command_on_a_server_that_is_not_sampled_adds_one_box() {
    let runtime = runtime();
    let url = std::env::var("THROUGHLINE_TEST_REDIS_URL");
    let url = url.as_deref().unwrap_or("redis://127.0.0.1:6379/");
    let client = redis::Client::open(url).unwrap();
    let connected = runtime.block_on(client.get_multiplexed_async_connection());
    let connection = connected
        .unwrap_or_else(|error| panic!("no Redis answers: {error}. `cargo xtask test` starts one"));
    assert_eq!(added(&runtime, &context(false), &connection), [1, 1, 1]);
}

#[test]
fn a_command_that_is_sampled_adds_its_span() {
    // Beside the box: the attributes, the span, and the context that makes it current.
    assert_eq!(added(&runtime(), &context(true), &Instant), [4, 4, 4]);
}

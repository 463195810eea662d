//! A connection in all the ways that are measured. It answers by itself: no server is asked.

use std::sync::Arc;

use opentelemetry::{Context, trace::TraceContextExt as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use redis::{AsyncTypedCommands as _, Cmd, Pipeline, RedisFuture, Value, aio::ConnectionLike};
use throughline_core::{
    context::Attached,
    telemetry::{FollowParent, Telemetry},
};
use throughline_redis::Traced;
use throughline_testing::{Collector, remote_span_context};
use tokio::runtime::Runtime;

const KEY: &str = "user:42:profile";
const ANSWER: &str = "Ada Lovelace";

/// Every name that [`Scenario::new`] knows.
pub(crate) const NAMES: &[&str] = &["bare", "sampled", "unsampled"];

/// A way of sending commands.
pub(crate) struct Scenario {
    connection: Kind,
    parent: Context,
    runtime: Runtime,
}

enum Kind {
    Bare(Answers),
    Traced {
        connection: Traced<Answers>,
        tracers: SdkTracerProvider,
    },
}

impl Scenario {
    /// Sets a scenario up. `None` if there is none with this name.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let parent =
            |sampled| Context::new().with_remote_span_context(remote_span_context(sampled));
        let (connection, parent) = match name {
            "bare" => (Kind::Bare(Answers), parent(true)),
            "sampled" => (Kind::traced(), parent(true)),
            "unsampled" => (Kind::traced(), parent(false)),
            _ => return None,
        };
        Some(Self {
            connection,
            parent,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        })
    }

    /// Sends commands one after the other.
    pub(crate) fn send(&mut self, count: u64) {
        for _ in 0..count {
            let parent = self.parent.clone();
            let answer = match &mut self.connection {
                Kind::Bare(connection) => {
                    let call = Attached::new(connection.get(KEY), parent);
                    self.runtime.block_on(call)
                }
                Kind::Traced { connection, .. } => {
                    let call = Attached::new(connection.get(KEY), parent);
                    self.runtime.block_on(call)
                }
            };
            assert_eq!(answer.unwrap().as_deref(), Some(ANSWER));
        }
    }

    /// Empties the queue of spans, which is smaller than a long run.
    pub(crate) fn flush(&self) {
        if let Kind::Traced { tracers, .. } = &self.connection {
            tracers.force_flush().unwrap();
        }
    }
}

impl Kind {
    fn traced() -> Self {
        let tracers = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_batch_exporter(Forget)
            .build();
        let telemetry = Telemetry::new(tracers.clone())
            .with_meter_provider(Collector::new().meter_provider())
            .with_head_sampler(Arc::new(FollowParent));
        let connection = Traced::new(Answers)
            .with_server("127.0.0.1", 6379)
            .with_telemetry(telemetry);
        Self::Traced {
            connection,
            tracers,
        }
    }
}

/// Answers everything at once.
struct Answers;

impl ConnectionLike for Answers {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async { Ok(Value::BulkString(ANSWER.into())) })
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

#[derive(Debug)]
struct Forget;

impl SpanExporter for Forget {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

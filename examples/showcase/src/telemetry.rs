//! The telemetry of both services: one pipeline each, and one place that keeps what they traced.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::TraceId;
use throughline::http::ServerLayer;
use throughline::http::body::AxumBody;
use throughline::http::server::TraceResponse;
use throughline::record::SpanRecord;
use throughline::sdk::{Builder, Guard, InitError, Report};
use tokio::time;

use crate::traces::{Traces, Until};

/// How long a trace may take to become complete after its response.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a span that has ended may wait to be shown.
const SHOWN_WITHIN: Duration = Duration::from_millis(20);

/// Two services in one process need two pipelines, so that each span has its service's name. In a
/// process of its own, each would be `throughline::init("its name")` and `ServerLayer::axum()`.
#[derive(Debug)]
pub(crate) struct Telemetry {
    api: Guard,
    payments: Guard,
    traces: Arc<Traces>,
}

impl Telemetry {
    /// Sets both up; `api` becomes the one of the process.
    ///
    /// They follow `OTEL_*`, but send nothing anywhere if those name no place to send it to.
    pub(crate) fn install() -> Result<Self, InitError> {
        Self::start(Builder::with_export_if_configured, Builder::install)
    }

    fn start(
        settings: fn(Builder) -> Builder,
        api: fn(Builder) -> Result<Guard, InitError>,
    ) -> Result<Self, InitError> {
        let traces = Arc::new(Traces::default());
        let service = |name, until| {
            let sink = Traces::sink(&traces, until);
            settings(throughline::builder(name))
                .with_schedule_delay(SHOWN_WITHIN)
                .with_span_sink(sink)
        };
        Ok(Self {
            api: api(service("api", Until::LocalRoot))?,
            payments: service("payments", Until::Root).build()?,
            traces,
        })
    }

    /// The layer of `api`, which tells each caller the id of its trace.
    pub(crate) fn api_layer(&self) -> ServerLayer<AxumBody> {
        layer(&self.api).with_trace_response(TraceResponse::Traceresponse)
    }

    pub(crate) fn payments_layer(&self) -> ServerLayer<AxumBody> {
        layer(&self.payments)
    }

    /// Takes the spans of a request that was answered, those of both services.
    ///
    /// Does not wait for a collector. Of a trace that does not become complete, such as one that
    /// is not sampled, it takes what is there after a while.
    pub(crate) async fn trace(&self, id: TraceId) -> Vec<SpanRecord> {
        let _ = time::timeout(PATIENCE, self.traces.complete(id)).await;
        self.traces.take(id)
    }

    /// Waits for the next request of anybody to be traced, and takes its spans.
    pub(crate) async fn next_trace(&self) -> Vec<SpanRecord> {
        let id = self.traces.next_complete().await;
        self.traces.take(id)
    }

    /// Delivers what is left, and says what became of the spans of each service.
    pub(crate) async fn shutdown(self) -> [(&'static str, Report); 2] {
        let (api, payments) = tokio::join!(self.api.shutdown(), self.payments.shutdown());
        [("api", api), ("payments", payments)]
    }
}

fn layer(guard: &Guard) -> ServerLayer<AxumBody> {
    ServerLayer::axum().with_telemetry(guard.telemetry().clone())
}

#[cfg(test)]
impl Telemetry {
    /// Sets both up for one test: nothing global, no environment, no export.
    pub(crate) fn isolated() -> Self {
        let settings = |builder: Builder| builder.with_env(|_| None).with_export_if_configured();
        Self::start(settings, Builder::build).expect("the export threads can be started")
    }

    /// Like [`isolated`](Self::isolated), but exports spans to where nothing listens.
    pub(crate) fn without_collector() -> Self {
        let settings = |builder: Builder| {
            let builder = builder.with_env(|_| None).with_metrics(false);
            builder.with_endpoint("http://127.0.0.1:1")
        };
        Self::start(settings, Builder::build).expect("the export threads can be started")
    }
}

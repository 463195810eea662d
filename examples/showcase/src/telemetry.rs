//! The telemetry of both services: one pipeline each, and one place that keeps what they traced.

use std::env;
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
    pub(crate) fn install() -> Result<Self, InitError> {
        Self::start(from_environment, Builder::install)
    }

    fn start(
        settings: fn(Builder) -> Builder,
        api: fn(Builder) -> Result<Guard, InitError>,
    ) -> Result<Self, InitError> {
        let traces = Arc::new(Traces::default());
        let service = |name, until| {
            let sink = Traces::sink(&traces, until);
            settings(throughline::builder(name)).with_span_sink(sink)
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
    /// `None` if they do not come, as when an exporter holds up the queue.
    pub(crate) async fn trace(&self, id: TraceId) -> Option<Vec<SpanRecord>> {
        let complete = async {
            self.flush().await;
            self.traces.complete(id).await;
        };
        time::timeout(PATIENCE, complete).await.ok()?;
        Some(self.traces.take(id))
    }

    /// Waits for the next request of anybody to be traced, and takes its spans.
    pub(crate) async fn next_trace(&self) -> Vec<SpanRecord> {
        let id = self.traces.next_complete().await;
        // The other service's spans have ended, but may still be on their way.
        let _ = time::timeout(PATIENCE, self.flush()).await;
        self.traces.take(id)
    }

    /// Delivers what is left, and says what became of the spans of each service.
    pub(crate) async fn shutdown(self) -> [(&'static str, Report); 2] {
        let (api, payments) = tokio::join!(self.api.shutdown(), self.payments.shutdown());
        [("api", api), ("payments", payments)]
    }

    async fn flush(&self) {
        tokio::join!(self.api.force_flush(), self.payments.force_flush());
    }
}

/// Follows `OTEL_*`, but sends nothing anywhere if they name no place to send it to.
fn from_environment(builder: Builder) -> Builder {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let endpoint = is_set("OTEL_EXPORTER_OTLP_ENDPOINT");
    let traces = is_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") || is_set("OTEL_TRACES_EXPORTER");
    let metrics = is_set("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") || is_set("OTEL_METRICS_EXPORTER");
    let builder = if endpoint || traces {
        builder
    } else {
        builder.with_otlp(false)
    };
    if endpoint || metrics {
        builder
    } else {
        builder.with_metrics(false)
    }
}

fn layer(guard: &Guard) -> ServerLayer<AxumBody> {
    ServerLayer::axum().with_telemetry(guard.telemetry().clone())
}

#[cfg(test)]
impl Telemetry {
    /// Sets both up for one test: nothing global, no environment, no export.
    pub(crate) fn isolated() -> Self {
        let settings = |builder: Builder| {
            let builder = builder.with_env(|_| None);
            builder.with_otlp(false).with_metrics(false)
        };
        Self::start(settings, Builder::build).expect("the export threads can be started")
    }
}

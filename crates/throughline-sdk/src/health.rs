//! How telemetry is doing, as data.
//!
//! [`Health::of_process`] describes what [`init`](crate::init) has installed,
//! [`Guard::health`](crate::Guard::health) the pipeline of that guard. With the feature
//! `axum`, the function `throughline_sdk::health` is a handler that answers with it as
//! JSON:
//!
//! ```json
//! {
//!   "tracing": {
//!     "enabled": true,
//!     "status": "degraded",
//!     "service": "users-api",
//!     "exporters": ["otlp"],
//!     "endpoint": "http://localhost:4318/v1/traces",
//!     "protocol": "http/protobuf",
//!     "sampler": "parentbased_always_on",
//!     "queue": { "len": 12, "capacity": 2048 },
//!     "exported": 5120,
//!     "waiting": 12,
//!     "dropped": { "queue_full": 3 },
//!     "last_error": "connection refused at http://localhost:4318/v1/traces: is a collector …",
//!     "last_success_age_ms": 4100,
//!     "warnings": []
//!   },
//!   "metrics": { "enabled": true, "…": "…" }
//! }
//! ```
//!
//! It holds no credentials: of an endpoint neither user, password nor query are shown, of
//! headers nothing at all. Take it for a warning, not as a reason to restart: a service
//! whose spans are lost still serves.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    export::{Destination, ExportThread, SignalStats},
    guard::{Pipeline, installed},
};

/// A loss makes the status `degraded` for this long.
const LOSS_MATTERS: Duration = Duration::from_mins(5);

/// Without a success for this long, failing exports make the status `down`.
const DOWN_AFTER: Duration = Duration::from_mins(1);

/// How telemetry is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Spans.
    pub tracing: TracingHealth,
    /// Metrics.
    pub metrics: MetricsHealth,
}

/// How tracing is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TracingHealth {
    /// Whether spans are recorded.
    pub enabled: bool,
    /// All of it in one word.
    pub status: Status,
    /// The name of the service.
    pub service: Option<String>,
    /// Where spans go: `otlp`, `console`, both or none.
    pub exporters: Vec<&'static str>,
    /// The collector's URL, without credentials.
    pub endpoint: Option<String>,
    /// The protocol, as `OTEL_EXPORTER_OTLP_PROTOCOL` names it.
    pub protocol: Option<String>,
    /// The sampler, as `OTEL_TRACES_SAMPLER` names it.
    pub sampler: Option<String>,
    /// The queue in front of the exporter.
    pub queue: QueueHealth,
    /// Spans that were delivered.
    pub exported: u64,
    /// Spans that were queued and are neither delivered nor lost yet.
    pub waiting: u64,
    /// Lost spans by reason (see [`LossReason`](crate::LossReason)).
    pub dropped: BTreeMap<String, u64>,
    /// What went wrong last, and what to do about it. Stays after it went right again.
    pub last_error: Option<String>,
    /// Milliseconds since a batch was last delivered.
    pub last_success_age_ms: Option<u64>,
    /// Settings that could not be used, each with what is used instead.
    pub warnings: Vec<String>,
}

/// The queue in front of the exporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QueueHealth {
    /// Spans in it; with a console or a span sink, those that were not shown yet and those
    /// that were.
    pub len: usize,
    /// Spans that fit in; with a console or a span sink, of each of the two.
    pub capacity: usize,
}

/// How metrics are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MetricsHealth {
    /// Whether metrics are exported.
    pub enabled: bool,
    /// The collector's URL, without credentials.
    pub endpoint: Option<String>,
    /// The protocol, as `OTEL_EXPORTER_OTLP_PROTOCOL` names it.
    pub protocol: Option<String>,
    /// Exports that the collector took.
    pub exports: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// What went wrong last, and what to do about it.
    pub last_error: Option<String>,
    /// Milliseconds since metrics were last delivered.
    pub last_success_age_ms: Option<u64>,
}

/// The state of tracing in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Every span arrives, as far as is known.
    Ok,
    /// The last export failed, or spans were lost in the last five minutes.
    Degraded,
    /// Nothing has arrived for a minute although it was tried, or the exporter has ended.
    Down,
    /// Nothing is recorded: not installed, `OTEL_SDK_DISABLED`, or shut down.
    #[default]
    Disabled,
}

impl Health {
    /// Describes what is installed for the process; [disabled](Status::Disabled) if nothing is.
    pub fn of_process() -> Self {
        installed().map_or_else(Self::default, |pipeline| Self::of(&pipeline))
    }

    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        Self {
            tracing: TracingHealth::of(pipeline),
            metrics: MetricsHealth::of(pipeline),
        }
    }
}

impl TracingHealth {
    fn of(pipeline: &Pipeline) -> Self {
        let enabled = pipeline.tracer_provider.is_some() && !pipeline.is_shut_down();
        let destination = pipeline.summary.traces.as_ref();
        let mut health = Self {
            enabled,
            status: if enabled {
                Status::Ok
            } else {
                Status::Disabled
            },
            service: Some(pipeline.summary.service.clone()),
            exporters: pipeline.summary.exporters.clone(),
            endpoint: destination.map(|destination| destination.endpoint.to_string()),
            protocol: destination.map(|destination| destination.protocol.to_string()),
            sampler: Some(pipeline.summary.sampling.to_string()),
            warnings: pipeline.summary.warnings.clone(),
            ..Self::default()
        };
        if let Some(thread) = &pipeline.thread {
            health.observe(thread);
        }
        health
    }

    fn observe(&mut self, thread: &ExportThread) {
        let stats = &thread.stats().traces;
        let report = thread.report();
        self.queue = QueueHealth {
            len: thread.queue().state().len,
            capacity: thread.queue().capacity(),
        };
        self.exported = report.delivered;
        self.waiting = report.pending;
        self.dropped = report
            .lost
            .iter()
            .map(|(reason, n)| (reason.to_string(), *n))
            .collect();
        self.last_error = stats.last_error();
        self.last_success_age_ms = stats.last_success_age().map(millis);
        if self.enabled {
            self.status = status(thread, stats);
        }
    }
}

impl MetricsHealth {
    fn of(pipeline: &Pipeline) -> Self {
        let destination = pipeline.summary.metrics.as_ref();
        let shown = |show: fn(&Destination) -> String| destination.map(show);
        let mut health = Self {
            enabled: pipeline.meter_provider.is_some() && !pipeline.is_shut_down(),
            endpoint: shown(|destination| destination.endpoint.to_string()),
            protocol: shown(|destination| destination.protocol.to_string()),
            ..Self::default()
        };
        if let Some(thread) = &pipeline.thread {
            let stats = &thread.stats().metrics;
            health.exports = stats.exports();
            health.failures = stats.failures();
            health.last_error = stats.last_error();
            health.last_success_age_ms = stats.last_success_age().map(millis);
        }
        health
    }
}

/// A handler for axum: answers with [`Health::of_process`] as JSON, always with status 200.
///
/// ```
/// use axum::{Router, routing::get};
///
/// let app: Router = Router::new().route("/health", get(throughline_sdk::health));
/// # let _ = app;
/// ```
#[cfg(feature = "axum")]
pub async fn health() -> axum::Json<Health> {
    axum::Json(Health::of_process())
}

fn status(thread: &ExportThread, stats: &SignalStats) -> Status {
    let is_long_ago = stats.last_success_age().is_none_or(|age| age >= DOWN_AFTER);
    if thread.is_down() || (stats.is_failing() && is_long_ago) {
        return Status::Down;
    }
    let has_lost = thread
        .last_loss_age()
        .is_some_and(|age| age <= LOSS_MATTERS);
    if stats.is_failing() || has_lost {
        Status::Degraded
    } else {
        Status::Ok
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_has_a_tracing_object_with_the_documented_keys() {
        let guard = crate::builder("users-api")
            .with_env(|name| (name == "OTEL_TRACES_EXPORTER").then(|| "zipkin".to_owned()))
            .with_metrics(false)
            .build()
            .unwrap();
        let json = serde_json::to_value(guard.health()).unwrap();
        assert_eq!(
            json["tracing"],
            serde_json::json!({
                "enabled": true,
                "status": "ok",
                "service": "users-api",
                "exporters": ["otlp"],
                "endpoint": "http://localhost:4318/v1/traces",
                "protocol": "http/protobuf",
                "sampler": "parentbased_always_on",
                "queue": { "len": 0, "capacity": 2048 },
                "exported": 0,
                "waiting": 0,
                "dropped": {},
                "last_error": null,
                "last_success_age_ms": null,
                "warnings": [
                    "OTEL_TRACES_EXPORTER: `zipkin` is none of otlp, console, none: left out"
                ],
            })
        );
        assert_eq!(json["metrics"]["enabled"], false);
        guard.shutdown_blocking(Duration::from_secs(1));
    }

    #[test]
    fn with_no_exporter_context_still_has_ids_and_nothing_is_lost() {
        use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};

        let guard = crate::builder("users-api")
            .with_env(|name| name.ends_with("S_EXPORTER").then(|| "none".to_owned()))
            .build()
            .unwrap();
        let mut span = guard
            .tracer_provider()
            .unwrap()
            .tracer("test")
            .start("span");
        assert!(span.span_context().is_valid());
        span.end();
        let health = guard.health();
        assert!(health.tracing.exporters.is_empty() && health.tracing.endpoint.is_none());
        assert!(health.tracing.enabled && !health.metrics.enabled);
        let report = guard.shutdown_blocking(Duration::MAX);
        assert_eq!(report.to_string(), "delivered 0 spans, lost 0");
    }
}

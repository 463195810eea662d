//! OpenTelemetry layers for tower and axum services: the facade.

pub use throughline_core::{
    JoinSetExt, clock, context, current, outcome, propagation, record, redact, semconv, span, spawn,
    spawn_blocking, telemetry, tree,
};

//! Services: an axum router with one route, called in process.

mod axum_tracing_opentelemetry;
mod bare;
mod identity;
mod opentelemetry_instrumentation_tower;
mod service;
mod throughline;
mod throughline_sdk;
mod tower_otel;

use crate::subject::Subject;

const BASELINE: &str = "server: bare";

pub(crate) const SUBJECTS: &[Subject] = &[
    bare::SUBJECT,
    identity::SUBJECT,
    opentelemetry_instrumentation_tower::TRACES,
    opentelemetry_instrumentation_tower::TRACES_AND_METRICS,
    tower_otel::TRACES,
    tower_otel::TRACES_AND_METRICS,
    axum_tracing_opentelemetry::SUBJECT,
    throughline::TRACES,
    throughline::TRACES_AND_METRICS,
    throughline::ANY_SERVICE,
    throughline_sdk::SUBJECT,
];

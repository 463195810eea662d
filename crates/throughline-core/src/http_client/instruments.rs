//! What the attempts of a client write to.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;

use super::endpoint::Endpoints;
use crate::{
    propagation::Propagation,
    semconv::{Conventions, SCHEMA_URL, metric},
    telemetry::{Instruments, Telemetry, Tracer},
};

pub(super) struct ClientInstruments {
    pub(super) tracer: Tracer,
    pub(super) propagation: Propagation,
    pub(super) conventions: Arc<Conventions>,
    pub(super) endpoints: Endpoints,
}

impl Instruments for ClientInstruments {
    fn new(telemetry: &Telemetry) -> Self {
        let scope = InstrumentationScope::builder("throughline-http-client")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL)
            .build();
        let duration = telemetry
            .meter(scope.clone())
            .f64_histogram(metric::HTTP_CLIENT_REQUEST_DURATION)
            .with_description("Duration of HTTP client requests.")
            .with_unit(metric::SECONDS)
            .with_boundaries(metric::HTTP_DURATION_BOUNDS.to_vec())
            .build();
        Self {
            tracer: telemetry.tracer(scope),
            propagation: telemetry.propagation().clone(),
            conventions: Arc::clone(telemetry.conventions()),
            endpoints: Endpoints::new(duration),
        }
    }
}

//! The tracer and the metric instruments of the server side.

use std::{fmt, sync::Arc};

use opentelemetry::{
    InstrumentationScope,
    metrics::{Histogram, UpDownCounter},
};
use throughline_core::{
    propagation::Propagation,
    semconv::{Conventions, SCHEMA_URL, metric},
    telemetry::{Instruments, Telemetry, Tracer},
};

use super::route::RouteTable;

/// What the server side has in one telemetry.
pub(super) struct ServerInstruments {
    pub(super) tracer: Tracer,
    pub(super) propagation: Propagation,
    pub(super) conventions: Arc<Conventions>,
    pub(super) routes: RouteTable,
    pub(super) duration: Histogram<f64>,
    pub(super) request_size: Histogram<u64>,
    pub(super) response_size: Histogram<u64>,
    pub(super) active: UpDownCounter<i64>,
}

impl Instruments for ServerInstruments {
    fn new(telemetry: &Telemetry) -> Self {
        let scope = InstrumentationScope::builder("throughline-http")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL)
            .build();
        let meter = telemetry.meter(scope.clone());
        let size = |name, description| {
            meter
                .u64_histogram(name)
                .with_unit(metric::BYTES)
                .with_description(description)
                .with_boundaries(metric::BODY_SIZE_BOUNDS.to_vec())
                .build()
        };
        Self {
            tracer: telemetry.tracer(scope),
            propagation: telemetry.propagation().clone(),
            conventions: Arc::clone(telemetry.conventions()),
            routes: RouteTable::default(),
            duration: meter
                .f64_histogram(metric::HTTP_SERVER_REQUEST_DURATION)
                .with_unit(metric::SECONDS)
                .with_description("Duration of HTTP server requests.")
                .with_boundaries(metric::HTTP_DURATION_BOUNDS.to_vec())
                .build(),
            request_size: size(
                metric::HTTP_SERVER_REQUEST_BODY_SIZE,
                "Size of HTTP server request bodies.",
            ),
            response_size: size(
                metric::HTTP_SERVER_RESPONSE_BODY_SIZE,
                "Size of HTTP server response bodies.",
            ),
            active: meter
                .i64_up_down_counter(metric::HTTP_SERVER_ACTIVE_REQUESTS)
                .with_unit(metric::REQUESTS)
                .with_description("Number of active HTTP server requests.")
                .build(),
        }
    }
}

impl fmt::Debug for ServerInstruments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerInstruments").finish_non_exhaustive()
    }
}

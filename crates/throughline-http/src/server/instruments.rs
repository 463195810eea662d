//! The tracer and the metric instruments of the server side.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{Histogram, UpDownCounter},
};
use throughline_core::{
    propagation::Propagation,
    semconv::{Conventions, SCHEMA_URL, attr, metric},
    telemetry::{Instruments, Telemetry, Tracer, UpDownSeries},
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
    active: UpDownCounter<i64>,
    /// One counter for each method and scheme; both come from short lists.
    active_bound: ArcSwap<Vec<(&'static str, &'static str, UpDownSeries)>>,
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
            active_bound: ArcSwap::default(),
        }
    }
}

impl ServerInstruments {
    /// Counts a request as begun or over.
    pub(super) fn add_active(&self, method: &'static str, scheme: &'static str, change: i64) {
        let find = |all: &[(&'static str, &'static str, UpDownSeries)]| {
            let found = all
                .iter()
                .find(|(each, of, _)| *each == method && *of == scheme);
            found.map(|(_, _, counter)| counter.add(change))
        };
        if find(&self.active_bound.load()).is_none() {
            let counter = UpDownSeries::new(
                &self.active,
                &[
                    KeyValue::new(attr::HTTP_REQUEST_METHOD, method),
                    KeyValue::new(attr::URL_SCHEME, scheme),
                ],
            );
            counter.add(change);
            self.active_bound.rcu(|all| {
                let mut all = Vec::clone(all);
                if all
                    .iter()
                    .all(|(each, of, _)| *each != method || *of != scheme)
                {
                    all.push((method, scheme, counter.clone()));
                }
                all
            });
        }
    }
}

impl fmt::Debug for ServerInstruments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerInstruments").finish_non_exhaustive()
    }
}

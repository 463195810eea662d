//! The tracer and the histogram of database calls.

use std::sync::{PoisonError, RwLock};

use opentelemetry::{InstrumentationScope, metrics::Histogram};
use rustc_hash::FxHashMap;
use throughline_core::{
    semconv::{
        Names, SCHEMA_URL,
        metric::{DB_CLIENT_OPERATION_DURATION, DB_DURATION_BOUNDS},
    },
    telemetry::{HistogramSeries, Instruments, Telemetry, Tracer},
};

use crate::{describe, failure::Failure, operation::Operation};

/// How many combinations of source and summary are bound beforehand.
const MOST_BOUND: usize = 1024;

pub(crate) struct DbInstruments {
    pub(crate) tracer: Tracer,
    pub(crate) names: Names,
    duration: Histogram<f64>,
    /// The successful operations, by source and summary.
    bound: RwLock<FxHashMap<(u32, u32), HistogramSeries<f64>>>,
}

impl Instruments for DbInstruments {
    fn new(telemetry: &Telemetry) -> Self {
        let scope = InstrumentationScope::builder("throughline-sqlx")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL)
            .build();
        let duration = telemetry
            .meter(scope.clone())
            .f64_histogram(DB_CLIENT_OPERATION_DURATION)
            .with_description("Duration of database client operations.")
            .with_unit("s")
            .with_boundaries(DB_DURATION_BOUNDS.to_vec())
            .build();
        Self {
            tracer: telemetry.tracer(scope),
            names: telemetry.conventions().database,
            duration,
            bound: RwLock::default(),
        }
    }
}

impl DbInstruments {
    /// Measures one operation, in seconds.
    ///
    /// A success of a known summary is found in a table and added without an allocation.
    /// Failures, and what goes beyond the table, build their attributes each time.
    pub(crate) fn record(&self, seconds: f64, operation: &Operation, failure: Option<&Failure>) {
        let summary = operation.statement.summary().interned();
        let (None, None, Some((_, id))) = (failure, operation.verb, summary) else {
            return self
                .duration
                .record(seconds, &describe::metric(operation, failure));
        };
        let key = (operation.source.id, id);
        {
            let bound = self.bound.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = bound.get(&key) {
                return known.record(seconds);
            }
        }
        let attributes = describe::metric(operation, None);
        let mut bound = self.bound.write().unwrap_or_else(PoisonError::into_inner);
        if bound.len() < MOST_BOUND {
            bound
                .entry(key)
                .or_insert_with(|| HistogramSeries::new(&self.duration, &attributes))
                .record(seconds);
        } else {
            drop(bound);
            self.duration.record(seconds, &attributes);
        }
    }
}

//! How a collector is set up.

use std::time::Duration;

use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    trace::{
        RandomIdGenerator, Sampler, SdkTracerProvider, ShouldSample, SpanLimits,
        TracerProviderBuilder,
    },
};
use throughline_core::telemetry::Telemetry;

use crate::{Collector, ids::CountingIds, metrics::MetricStore, store::SpanStore};

/// Sets up a [`Collector`].
///
/// # Defaults
///
/// | part | default |
/// | --- | --- |
/// | [`sampler`](Self::sampler) | every span is sampled, also under a parent that was not |
/// | ids | 1, 2, 3, .. for spans and for traces |
/// | [`patience`](Self::patience) | 5 s |
/// | [`telemetry`](Self::telemetry) | W3C propagation, default conventions, no head sampler |
///
/// Environment variables have no say in any of it.
#[derive(Debug)]
#[must_use = "nothing is collected until `build` is called"]
pub struct CollectorBuilder {
    tracers: TracerProviderBuilder,
    configure: Vec<Configure>,
    patience: Duration,
}

struct Configure(Box<dyn FnOnce(Telemetry) -> Telemetry>);

impl std::fmt::Debug for Configure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl CollectorBuilder {
    pub(crate) fn new() -> Self {
        let tracers = SdkTracerProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_span_limits(SpanLimits::default())
            .with_sampler(Sampler::AlwaysOn)
            .with_id_generator(CountingIds::default());
        Self {
            tracers,
            configure: Vec::new(),
            patience: Duration::from_secs(5),
        }
    }

    /// Asks this sampler which spans to record.
    ///
    /// A sampler that decides by the trace id needs [`random_ids`](Self::random_ids): to it,
    /// all small numbers are alike.
    pub fn sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.tracers = self.tracers.with_sampler(sampler);
        self
    }

    /// Gives spans and traces random ids, as in production.
    pub fn random_ids(mut self) -> Self {
        self.tracers = self.tracers.with_id_generator(RandomIdGenerator::default());
        self
    }

    /// Sets how long the collector's waits last before they panic.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Changes the telemetry: its propagation, its conventions or its head sampler.
    ///
    /// ```
    /// use throughline_core::propagation::Propagation;
    /// use throughline_testing::Collector;
    ///
    /// let collector = Collector::builder()
    ///     .telemetry(|telemetry| telemetry.with_propagation(Propagation::w3c()))
    ///     .build();
    /// # assert!(collector.spans().is_empty());
    /// ```
    pub fn telemetry(mut self, configure: impl FnOnce(Telemetry) -> Telemetry + 'static) -> Self {
        self.configure.push(Configure(Box::new(configure)));
        self
    }

    /// Makes the collector.
    pub fn build(self) -> Collector {
        let spans = SpanStore::new();
        let tracers = self.tracers.with_span_processor(spans.clone()).build();
        let metrics = MetricStore::default();
        let meters = SdkMeterProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_reader(metrics.reader())
            .build();
        let telemetry = Telemetry::new(tracers.clone()).with_meter_provider(meters.clone());
        let telemetry = self
            .configure
            .into_iter()
            .fold(telemetry, |telemetry, configure| (configure.0)(telemetry));
        Collector::from_parts(telemetry, tracers, meters, spans, metrics, self.patience)
    }
}

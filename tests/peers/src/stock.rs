//! The stock SDK, as all subjects use it: a batch processor that delivers to a counter.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{ManualReader, SdkMeterProvider},
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt as _};

/// Where spans go.
pub(crate) trait Delivery {
    fn flush(&self);
    fn delivered(&self) -> u64;
}

/// Nothing is traced.
pub(crate) struct Nowhere;

impl Delivery for Nowhere {
    fn flush(&self) {}

    fn delivered(&self) -> u64 {
        0
    }
}

/// A tracer provider with the default sampler (parent-based, always on) and the default batch
/// processor, and a meter provider that is never read.
#[derive(Clone)]
pub(crate) struct Stock {
    pub(crate) tracers: SdkTracerProvider,
    pub(crate) meters: SdkMeterProvider,
    delivered: Arc<AtomicU64>,
}

/// Counts spans and drops them.
#[derive(Clone, Debug)]
pub(crate) struct CountingExporter(pub(crate) Arc<AtomicU64>);

impl SpanExporter for CountingExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

impl Stock {
    pub(crate) fn new() -> Self {
        let delivered = Arc::new(AtomicU64::new(0));
        let exporter = CountingExporter(Arc::clone(&delivered));
        Self {
            tracers: SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .build(),
            meters: SdkMeterProvider::builder()
                .with_reader(ManualReader::default())
                .build(),
            delivered,
        }
    }

    /// Makes it the process's, with the W3C propagator.
    pub(crate) fn set_global(self) -> Self {
        global::set_text_map_propagator(TraceContextPropagator::new());
        global::set_tracer_provider(self.tracers.clone());
        global::set_meter_provider(self.meters.clone());
        self
    }

    /// Bridges `tracing` to it, from INFO on.
    pub(crate) fn subscribe(self) -> anyhow::Result<Self> {
        let bridge = tracing_opentelemetry::layer().with_tracer(self.tracers.tracer("peers"));
        let subscriber = tracing_subscriber::registry()
            .with(LevelFilter::INFO)
            .with(bridge);
        tracing::subscriber::set_global_default(subscriber)?;
        Ok(self)
    }
}

impl Delivery for Stock {
    fn flush(&self) {
        self.tracers
            .force_flush()
            .expect("the exporter does not fail");
    }

    fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }
}

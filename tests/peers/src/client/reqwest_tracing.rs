//! `reqwest-tracing`, through the newest `tracing-opentelemetry` that it knows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry_0_32::{
    Context, global,
    trace::{
        FutureExt as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
        TracerProvider as _,
    },
};
use opentelemetry_sdk_0_32::{
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use reqwest_middleware::ClientBuilder;
use reqwest_tracing::TracingMiddleware;
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt as _};

use super::{BASELINE, calls};
use crate::{
    stock::Delivery,
    subject::{Caller, Run, Subject},
};

pub(super) const SUBJECT: Subject = Subject {
    name: "client: reqwest-tracing 0.7, traces",
    baseline: BASELINE,
    traces: true,
    make,
};

fn make(caller: Caller) -> anyhow::Result<Box<dyn Run>> {
    let delivered = Arc::new(AtomicU64::new(0));
    let exporter = CountingExporter(Arc::clone(&delivered));
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let bridge = tracing_opentelemetry_0_33::layer().with_tracer(tracers.tracer("peers"));
    let subscriber = tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(bridge);
    tracing::subscriber::set_global_default(subscriber)?;

    let client = ClientBuilder::new(reqwest::Client::new())
        .with(TracingMiddleware::default())
        .build();
    let parent = parent(caller);
    let get = async move |url: &str| {
        let call = async {
            let response = client.get(url).send().await.expect("the server answers");
            response.bytes().await.expect("the body arrives").len()
        };
        call.with_context(parent.clone()).await
    };
    calls::call(get, Stock { tracers, delivered })
}

fn parent(caller: Caller) -> Context {
    let flags = match caller {
        Caller::Sampled => TraceFlags::SAMPLED,
        Caller::Unsampled => TraceFlags::NOT_SAMPLED,
    };
    Context::new().with_remote_span_context(SpanContext::new(
        TraceId::from(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c),
        SpanId::from(0xb7ad_6b71_6920_3331),
        flags,
        true,
        TraceState::NONE,
    ))
}

struct Stock {
    tracers: SdkTracerProvider,
    delivered: Arc<AtomicU64>,
}

#[derive(Debug)]
struct CountingExporter(Arc<AtomicU64>);

impl SpanExporter for CountingExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
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

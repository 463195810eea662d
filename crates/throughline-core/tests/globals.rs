//! Layers that are made before the application sets its providers.
//!
//! The globals belong to the process, so this is a test binary of its own, with one test.

use std::time::{Duration, Instant};

use opentelemetry::{
    Context, InstrumentationScope,
    metrics::Counter,
    trace::{SpanBuilder, TraceContextExt as _},
};
use opentelemetry_sdk::{
    metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider},
    trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor},
};
use throughline_core::telemetry::{Instruments, Resolver, Started, Telemetry, Tracer};

struct Things {
    tracer: Tracer,
    counter: Counter<u64>,
}

impl Instruments for Things {
    fn new(telemetry: &Telemetry) -> Self {
        let scope = InstrumentationScope::builder("things").build();
        Self {
            tracer: telemetry.tracer(scope.clone()),
            counter: telemetry.meter(scope).u64_counter("things").build(),
        }
    }
}

fn start(things: &Resolver<Things>) -> Started {
    let things = things.get();
    things.counter.add(1, &[]);
    let builder = SpanBuilder::from_name("thing");
    things.tracer.start(&Context::new(), builder, Vec::new)
}

#[test]
fn an_instrumentation_made_before_the_providers_finds_them() {
    let things = Resolver::new();
    let started = start(&things);
    assert!(
        !started.provided && !started.recording,
        "there is no provider yet"
    );
    assert!(!started.context.has_active_span());

    let spans = InMemorySpanExporter::default();
    let processor = SimpleSpanProcessor::new(spans.clone());
    let tracers = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build();
    let metrics = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(metrics.clone()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(meters.clone());
    opentelemetry::global::set_tracer_provider(tracers);

    // It looks again at intervals, not at each span.
    let deadline = Instant::now() + Duration::from_secs(10);
    while !start(&things).recording {
        assert!(Instant::now() < deadline, "the provider was never found");
        std::thread::yield_now();
    }
    let found = spans.get_finished_spans().unwrap().len();
    start(&things).context.span().end();
    assert_eq!(spans.get_finished_spans().unwrap().len(), found + 1);
    meters.force_flush().unwrap();
    let measured = format!("{:?}", metrics.get_finished_metrics().unwrap());
    assert!(
        measured.contains("things"),
        "meters are looked up again too: {measured}"
    );

    // What is installed goes before the globals, from the next operation on.
    let other = InMemorySpanExporter::default();
    let processor = SimpleSpanProcessor::new(other.clone());
    let tracers = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build();
    Telemetry::new(tracers).install_global();
    start(&things).context.span().end();
    assert_eq!(other.get_finished_spans().unwrap().len(), 1);
}

//! Every way to end, from every kind of runtime and from none.

use std::time::Duration;

use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use throughline_sdk::{LossReason, health::Status};

use crate::{collector::Collector, end_spans, sending_to};

#[test]
fn without_any_runtime_a_blocking_shutdown_delivers() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 3);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 3 spans, lost 0");
    assert_eq!(collector.accepted_spans().len(), 3);
}

#[tokio::test(flavor = "current_thread")]
async fn in_a_current_thread_runtime_a_shutdown_delivers() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 3);
    assert_eq!(
        guard.shutdown().await.to_string(),
        "delivered 3 spans, lost 0"
    );
    assert_eq!(collector.accepted_spans().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_multi_thread_runtime_a_shutdown_delivers() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 3);
    assert_eq!(
        guard.shutdown().await.to_string(),
        "delivered 3 spans, lost 0"
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_blocking_shutdown_inside_a_current_thread_runtime_does_not_deadlock() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 3);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 3 spans, lost 0");
}

#[test]
fn a_runtime_that_ended_before_the_shutdown_makes_no_difference() {
    let collector = Collector::accepting();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let guard = runtime.block_on(async {
        let guard = sending_to(&collector.url).build().unwrap();
        end_spans(&guard, 3);
        guard
    });
    drop(runtime);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 3 spans, lost 0");
}

#[test]
fn dropping_the_guard_delivers() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 3);
    drop(guard);
    assert_eq!(collector.accepted_spans().len(), 3);
}

#[tokio::test(flavor = "current_thread")]
async fn a_flush_delivers_and_telemetry_goes_on() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 2);
    assert_eq!(
        guard.force_flush().await.to_string(),
        "delivered 2 spans, lost 0"
    );
    end_spans(&guard, 1);
    assert_eq!(guard.report().pending, 1);
    assert_eq!(
        guard.shutdown().await.to_string(),
        "delivered 3 spans, lost 0"
    );
}

#[test]
fn shutting_the_provider_down_delivers_too() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 2);
    guard.tracer_provider().unwrap().shutdown().unwrap();
    assert_eq!(collector.accepted_spans().len(), 2);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 2 spans, lost 0");
}

#[test]
fn flushing_the_provider_delivers() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 2);
    guard.tracer_provider().unwrap().force_flush().unwrap();
    assert_eq!(collector.accepted_spans().len(), 2);
    drop(guard);
}

#[test]
fn after_the_shutdown_telemetry_is_disabled_and_harmless() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url).build().unwrap();
    let provider = guard.tracer_provider().unwrap().clone();
    let tracer = provider.tracer("test");
    let mut open = tracer.start("open at the shutdown");
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 0 spans, lost 0");
    open.end();
    tracer.start("too late").end();
    assert_eq!(collector.requests().len(), 0);
}

#[test]
fn a_disabled_sdk_sends_nothing_and_says_so() {
    let collector = Collector::accepting();
    let guard = throughline_sdk::builder("test")
        .with_env(|name| (name == "OTEL_SDK_DISABLED").then(|| "true".to_owned()))
        .with_endpoint(&collector.url)
        .build()
        .unwrap();
    assert!(guard.tracer_provider().is_none());
    assert!(guard.meter_provider().is_none());
    let health = guard.health();
    assert_eq!(health.tracing.status, Status::Disabled);
    assert!(!health.tracing.enabled && !health.metrics.enabled);

    let scope = opentelemetry::InstrumentationScope::builder("test").build();
    let tracer = guard.telemetry().tracer(scope);
    let parent = opentelemetry::Context::new();
    let started = tracer.start(
        &parent,
        opentelemetry::trace::SpanBuilder::from_name("x"),
        Vec::new,
    );
    assert!(!started.recording);
    let report = guard.shutdown_blocking(Duration::from_secs(1));
    assert_eq!(report.to_string(), "delivered 0 spans, lost 0");
    assert_eq!(collector.requests().len(), 0);
}

#[test]
fn what_is_not_sampled_is_neither_sent_nor_lost() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_sample_ratio(0.0)
        .build()
        .unwrap();
    end_spans(&guard, 50);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 0 spans, lost 0");
    assert_eq!(report.lost_by(LossReason::QueueFull), 0);
    assert_eq!(collector.requests().len(), 0);
}

//! What is on the wire.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use opentelemetry::{
    KeyValue,
    metrics::MeterProvider as _,
    trace::{Span as _, SpanContext, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_sdk::trace::SdkTracer;

use crate::{
    collector::{Answer, Collector},
    end_spans, sending_to,
};

#[test]
fn a_span_arrives_with_its_resource_scope_and_attributes() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_resource_attribute("deployment.environment.name", "staging")
        .build()
        .unwrap();
    let tracer = guard.tracer_provider().unwrap().tracer("scope");
    let mut span = tracer.start("charge");
    span.set_attribute(KeyValue::new("amount", 12));
    span.end();
    guard.shutdown_blocking(Duration::from_secs(10));

    let request = &collector.requests()[0];
    assert_eq!(request.path, "/v1/traces");
    assert_eq!(request.headers["content-type"], "application/x-protobuf");
    let user_agent = request.headers["user-agent"].to_str().unwrap();
    assert!(
        user_agent.starts_with("OTel-OTLP-Exporter-Rust-throughline/"),
        "{user_agent}"
    );
    let received = request.traces();
    let resource = received.resource_spans[0].resource.as_ref().unwrap();
    let attribute = |key: &str| {
        let found = resource.attributes.iter().find(|each| each.key == key);
        match found.and_then(|each| each.value.as_ref()?.value.as_ref()) {
            Some(Value::StringValue(text)) => text.clone(),
            other => panic!("{key}: {other:?}"),
        }
    };
    assert_eq!(attribute("service.name"), "test");
    assert_eq!(attribute("deployment.environment.name"), "staging");
    assert_eq!(attribute("telemetry.sdk.name"), "opentelemetry");
    let scope = &received.resource_spans[0].scope_spans[0];
    assert_eq!(scope.scope.as_ref().unwrap().name, "scope");
    assert_eq!(scope.spans[0].name, "charge");
    assert_eq!(scope.spans[0].attributes[0].key, "amount");
    assert_eq!(scope.spans[0].flags & 1, 1, "sampled");
}

#[test]
fn values_longer_than_the_limit_arrive_cut() {
    let collector = Collector::accepting();
    let guard = throughline_sdk::builder("test")
        .with_env(|name| (name == "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT").then(|| "4".to_owned()))
        .with_endpoint(&collector.url)
        .with_metrics(false)
        .build()
        .unwrap();
    let mut span = guard
        .tracer_provider()
        .unwrap()
        .tracer("test")
        .start("span");
    span.set_attribute(KeyValue::new("text", "überlang"));
    span.end();
    guard.shutdown_blocking(Duration::from_secs(10));
    let spans = collector.accepted_spans();
    let value = spans[0].attributes[0]
        .value
        .as_ref()
        .unwrap()
        .value
        .as_ref();
    assert_eq!(value, Some(&Value::StringValue("über".to_owned())));
}

#[test]
fn metrics_arrive_with_the_last_export_at_the_shutdown() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_metrics(true)
        .build()
        .unwrap();
    guard
        .meter_provider()
        .unwrap()
        .meter("test")
        .u64_counter("requests")
        .build()
        .add(3, &[]);
    guard.shutdown_blocking(Duration::from_secs(10));

    let requests = collector.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/v1/metrics");
    let metrics = requests[0].metrics();
    let resource = &metrics.resource_metrics[0];
    assert!(
        resource
            .resource
            .as_ref()
            .unwrap()
            .attributes
            .iter()
            .any(|each| each.key == "service.name")
    );
    assert_eq!(resource.scope_metrics[0].metrics[0].name, "requests");
}

#[tokio::test(flavor = "current_thread")]
async fn a_hanging_collector_does_not_hold_the_metrics_shutdown_up() {
    let collector = Collector::start(|_, _| Answer::Hang);
    let guard = sending_to(&collector.url)
        .with_metrics(true)
        .build()
        .unwrap();
    guard
        .meter_provider()
        .unwrap()
        .meter("test")
        .u64_counter("requests")
        .build()
        .add(3, &[]);
    end_spans(&guard, 2);
    let start = std::time::Instant::now();
    let report = guard.shutdown_blocking(Duration::from_millis(500));
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(report.to_string(), "delivered 0 spans, lost 2 (shutdown 2)");
}

/// Starts a span whenever something is printed, which happens on the export thread.
struct SpanPerWrite {
    tracer: Arc<OnceLock<SdkTracer>>,
    recording: Arc<Mutex<Vec<bool>>>,
}

impl Write for SpanPerWrite {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(tracer) = self.tracer.get() {
            self.recording
                .lock()
                .unwrap()
                .push(tracer.start("of the exporter").is_recording());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn on_the_export_thread_no_span_is_recorded() {
    let tracer = Arc::new(OnceLock::new());
    let recording = Arc::new(Mutex::new(Vec::new()));
    let writer = SpanPerWrite {
        tracer: Arc::clone(&tracer),
        recording: Arc::clone(&recording),
    };
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_console_writer(writer)
        .build()
        .unwrap();
    tracer
        .set(guard.tracer_provider().unwrap().tracer("test"))
        .unwrap();
    end_spans(&guard, 1);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 1 span, lost 0");
    let recording = recording.lock().unwrap();
    assert!(!recording.is_empty());
    assert!(
        recording.iter().all(|recording| !recording),
        "{recording:?}"
    );
}

#[cfg(feature = "http-json")]
#[test]
fn as_json_ids_are_hex_and_rejections_are_read() {
    let collector = Collector::start(|_, _| Answer::Reject(1, "no"));
    let guard = sending_to(&collector.url)
        .with_protocol(throughline_sdk::Protocol::HttpJson)
        .build()
        .unwrap();
    end_spans(&guard, 2);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 1 span, lost 1 (rejected 1)");
    let request = &collector.requests()[0];
    assert_eq!(request.headers["content-type"], "application/json");
    let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let id = json["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"]
        .as_str()
        .unwrap();
    assert_eq!(id.len(), 32, "{id}");
}

#[cfg(feature = "gzip")]
#[test]
fn compressed_requests_say_so_and_hold_the_same() {
    use std::io::Read as _;

    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_compression(throughline_sdk::Compression::Gzip)
        .build()
        .unwrap();
    end_spans(&guard, 100);
    guard.shutdown_blocking(Duration::from_secs(10));
    let request = &collector.requests()[0];
    assert_eq!(request.headers["content-encoding"], "gzip");
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&*request.body)
        .read_to_end(&mut body)
        .unwrap();
    let plain = crate::collector::Received {
        body: body.into(),
        ..request.clone()
    };
    assert_eq!(plain.spans().len(), 100);
}

/// What the console has printed.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_console_prints_a_trace_as_a_tree() {
    let screen = Screen::default();
    let guard = throughline_sdk::builder("test")
        .with_env(|_| None)
        .with_otlp(false)
        .with_metrics(false)
        .with_console_writer(screen.clone())
        .build()
        .unwrap();
    let tracer = guard.tracer_provider().unwrap().tracer("test");
    let root = tracer.start("POST /payments");
    let cx = opentelemetry::Context::new().with_span(root);
    tracer.start_with_context("charge card", &cx).end();
    let ids: SpanContext = cx.span().span_context().clone();
    cx.span().end();
    assert_eq!(guard.health().tracing.exporters, ["console"]);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 2 spans, lost 0");

    let text = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains(&format!("trace {}", ids.trace_id())),
        "{text}"
    );
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[1].contains("INTERNAL POST /payments"), "{text}");
    assert!(lines[2].contains("  INTERNAL charge card"), "{text}");
}

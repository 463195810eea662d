//! Credentials go to the collector and nowhere else.

use std::time::Duration;

use crate::{
    collector::{Answer, Collector},
    end_spans,
};

#[test]
fn headers_reach_the_collector_and_are_shown_nowhere() {
    let collector = Collector::start(|_, _| Answer::Status(401));
    let url = collector.url.replace("http://", "http://user:hunter2@");
    let builder = throughline_sdk::builder("test")
        .with_env(move |name| match name {
            "OTEL_EXPORTER_OTLP_HEADERS" => Some("x-api-key=s3cr%C3%A9t,no-value-t0ken".to_owned()),
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(format!("{url}?key=qu3ry")),
            "OTEL_METRICS_EXPORTER" => Some("none".to_owned()),
            _ => None,
        })
        .with_schedule_delay(Duration::from_millis(10));
    let shown = format!("{builder:?}");
    let guard = builder.build().unwrap();
    end_spans(&guard, 1);
    guard.force_flush_blocking(Duration::from_secs(10));

    let request = &collector.requests()[0];
    assert_eq!(request.headers["x-api-key"].as_bytes(), "s3crét".as_bytes());
    assert_eq!(request.headers["authorization"], "Basic dXNlcjpodW50ZXIy");

    let health = guard.health();
    let json = serde_json::to_string(&health).unwrap();
    let shown = format!("{shown} {guard:?} {health:?} {json}");
    for secret in ["s3cr", "t0ken", "hunter2", "qu3ry", "user:"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(
        health
            .tracing
            .last_error
            .unwrap()
            .contains("REDACTED@127.0.0.1"),
        "{shown}"
    );
    assert_eq!(
        health.tracing.warnings,
        [
            "OTEL_EXPORTER_OTLP_HEADERS: entry 2 is not `name=value` with a valid header name and \
          value: left out"
        ]
    );
}

#[test]
fn headers_in_code_replace_those_of_the_environment() {
    let collector = Collector::accepting();
    let guard = throughline_sdk::builder("test")
        .with_env(|name| (name == "OTEL_EXPORTER_OTLP_HEADERS").then(|| "from-env=1".to_owned()))
        .with_endpoint(&collector.url)
        .with_header("from-code", "2")
        .with_metrics(false)
        .build()
        .unwrap();
    end_spans(&guard, 1);
    guard.shutdown_blocking(Duration::from_secs(10));
    let headers = &collector.requests()[0].headers;
    assert_eq!(headers["from-code"], "2");
    assert!(!headers.contains_key("from-env"));
}

#[test]
fn an_invalid_header_or_endpoint_is_an_error_that_does_not_show_it() {
    let build = |builder: throughline_sdk::Builder| builder.with_env(|_| None).build().unwrap_err();
    let error = build(throughline_sdk::builder("t").with_header("x", "pass\nword"));
    assert_eq!(error.to_string(), "invalid header: \"x\" or its value");
    assert!(error.is_invalid_setting());
    let error = build(throughline_sdk::builder("t").with_endpoint("ftp://me:password@host"));
    assert_eq!(
        error.to_string(),
        "invalid endpoint: not an http or https URL"
    );
    let error = build(throughline_sdk::builder("t").with_endpoint("me:password@host"));
    assert!(!error.to_string().contains("password"), "{error}");
}

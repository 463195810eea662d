//! Every variable, from a map.

use std::time::Duration;

use opentelemetry_sdk::metrics::Temporality;

use super::*;
use crate::{
    export::{Compression, Protocol},
    sampler::Sampling,
};

fn read(variables: &[(&str, &str)]) -> Settings {
    Settings::read(&|name| {
        let found = variables.iter().find(|(each, _)| *each == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn an_empty_environment_says_nothing() {
    let settings = read(&[]);
    assert!(!settings.disabled);
    assert!(settings.service_name.is_none() && settings.resource.is_empty());
    assert!(settings.sampling.is_none() && settings.trace_exporters.is_none());
    assert!(settings.traces_otlp.endpoint.is_none() && settings.traces_otlp.headers.is_none());
    assert_eq!(settings.limits, Limits::default());
    assert_eq!(settings.warnings, [""; 0]);
}

#[test]
fn an_empty_value_is_no_value() {
    let settings = read(&[
        ("OTEL_SERVICE_NAME", ""),
        ("OTEL_TRACES_SAMPLER", "  "),
        ("OTEL_BSP_MAX_QUEUE_SIZE", ""),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ("OTEL_SDK_DISABLED", ""),
    ]);
    assert!(settings.service_name.is_none() && settings.sampling.is_none() && !settings.disabled);
    assert!(settings.max_queue_size.is_none() && settings.traces_otlp.endpoint.is_none());
    assert_eq!(settings.warnings, [""; 0]);
}

#[test]
fn only_true_disables() {
    // (value, disabled, warnings)
    let table = [
        ("true", true, 0),
        ("TRUE", true, 0),
        ("false", false, 0),
        ("1", false, 1),
        ("yes", false, 1),
    ];
    for (value, disabled, warnings) in table {
        let settings = read(&[("OTEL_SDK_DISABLED", value)]);
        assert_eq!(
            (settings.disabled, settings.warnings.len()),
            (disabled, warnings),
            "{value}"
        );
    }
}

#[test]
fn resource_attributes_are_decoded_and_all_or_nothing() {
    let read = |value| {
        let settings = read(&[("OTEL_RESOURCE_ATTRIBUTES", value)]);
        let pairs: Vec<_> = settings
            .resource
            .iter()
            .map(|each| format!("{}={}", each.key, each.value))
            .collect();
        (pairs.join("|"), settings.warnings.len())
    };
    // (value, attributes, warnings)
    let table = [
        ("a=1,b=2", "a=1|b=2", 0),
        (" a = 1 , b=2,", "a=1|b=2", 0),
        ("a=x%20y%2Cz,b=c=d", "a=x y,z|b=c=d", 0),
        ("a=", "a=", 0),
        ("a=1,b", "", 1),
        ("=1", "", 1),
        ("a=%ff", "", 1),
    ];
    for (value, attributes, warnings) in table {
        assert_eq!(read(value), (attributes.to_owned(), warnings), "{value}");
    }
}

#[test]
fn samplers_have_the_names_of_the_specification() {
    // (sampler, argument, expected, warnings)
    let table = [
        (
            "always_on",
            "",
            Some(Sampling::always_on().ignoring_parent()),
            0,
        ),
        (
            "always_off",
            "",
            Some(Sampling::always_off().ignoring_parent()),
            0,
        ),
        (
            "traceidratio",
            "0.25",
            Some(Sampling::ratio(0.25).ignoring_parent()),
            0,
        ),
        ("parentbased_always_on", "", Some(Sampling::always_on()), 0),
        (
            "parentbased_always_off",
            "",
            Some(Sampling::always_off()),
            0,
        ),
        (
            "parentbased_traceidratio",
            "0.25",
            Some(Sampling::ratio(0.25)),
            0,
        ),
        (
            "parentbased_traceidratio",
            "",
            Some(Sampling::always_on()),
            0,
        ),
        (
            "parentbased_traceidratio",
            "1.5",
            Some(Sampling::always_on()),
            1,
        ),
        (
            "parentbased_traceidratio",
            "many",
            Some(Sampling::always_on()),
            1,
        ),
        (
            "parentbased_traceidratio",
            "NaN",
            Some(Sampling::always_on()),
            1,
        ),
        ("jaeger_remote", "", None, 1),
    ];
    for (sampler, argument, expected, warnings) in table {
        let settings = read(&[
            ("OTEL_TRACES_SAMPLER", sampler),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ]);
        assert_eq!(settings.sampling, expected, "{sampler} {argument}");
        assert_eq!(settings.warnings.len(), warnings, "{:?}", settings.warnings);
    }
}

#[test]
fn exporters_are_a_list_in_which_none_wins() {
    use TraceExporter::{Console, Otlp};
    // (value, exporters, warnings)
    let table = [
        ("otlp", Some(vec![Otlp]), 0),
        ("console, otlp", Some(vec![Console, Otlp]), 0),
        ("none", Some(vec![]), 0),
        ("otlp,none", Some(vec![]), 0),
        ("zipkin,otlp", Some(vec![Otlp]), 1),
        ("jaeger", None, 1),
    ];
    for (value, exporters, warnings) in table {
        let settings = read(&[("OTEL_TRACES_EXPORTER", value)]);
        assert_eq!(settings.trace_exporters, exporters, "{value}");
        assert_eq!(settings.warnings.len(), warnings, "{value}");
    }
    for (value, metrics, warnings) in [
        ("otlp", Some(true), 0),
        ("none", Some(false), 0),
        ("prometheus", None, 1),
        ("console,otlp", Some(true), 1),
    ] {
        let settings = read(&[("OTEL_METRICS_EXPORTER", value)]);
        assert_eq!(
            (settings.metrics, settings.warnings.len()),
            (metrics, warnings),
            "{value}"
        );
    }
}

#[test]
fn unknown_propagators_are_left_out() {
    use Propagator::{Baggage, TraceContext};
    // (value, propagators, warnings)
    let table = [
        ("tracecontext,baggage", Some(vec![TraceContext, Baggage]), 0),
        ("baggage,baggage", Some(vec![Baggage]), 0),
        ("none", Some(vec![]), 0),
        ("b3,tracecontext", Some(vec![TraceContext]), 1),
        ("b3", None, 1),
    ];
    for (value, propagators, warnings) in table {
        let settings = read(&[("OTEL_PROPAGATORS", value)]);
        assert_eq!(settings.propagators, propagators, "{value}");
        assert_eq!(settings.warnings.len(), warnings, "{value}");
    }
}

#[test]
fn the_variable_of_a_signal_wins_over_the_general_one() {
    let settings = read(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general:4318/base"),
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://traces:1/exact",
        ),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2000"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "general=1"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "metrics=1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
    ]);
    let exact = EndpointSetting::Exact("http://traces:1/exact".parse().unwrap());
    let base = EndpointSetting::Base("http://general:4318/base".parse().unwrap());
    assert!(settings.traces_otlp.endpoint == Some(exact));
    assert!(settings.metrics_otlp.endpoint == Some(base));
    assert_eq!(settings.traces_otlp.timeout, Some(Duration::from_secs(1)));
    assert_eq!(settings.metrics_otlp.timeout, Some(Duration::from_secs(2)));
    let traces = settings.traces_otlp.headers.unwrap();
    assert!(traces.contains_key("general") && traces.len() == 1);
    let metrics = settings.metrics_otlp.headers.unwrap();
    assert!(metrics.contains_key("metrics") && metrics.len() == 1);
    assert_eq!(settings.traces_otlp.compression, Some(Compression::None));
    assert_eq!(settings.warnings, [""; 0]);
}

#[test]
fn an_endpoint_that_is_no_url_falls_back_and_is_not_shown() {
    for value in ["ftp://me:secret@host", "http://", "http://me:secret@:80"] {
        let settings = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", value)]);
        assert!(settings.traces_otlp.endpoint.is_none(), "{value}");
        assert_eq!(
            settings.warnings,
            ["OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL: the default is used"]
        );
    }
    // A bad one of the signal falls back to the general one.
    let settings = read(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general"),
    ]);
    assert!(matches!(
        settings.traces_otlp.endpoint,
        Some(EndpointSetting::Base(_))
    ));
}

#[test]
fn an_endpoint_without_a_scheme_is_tls_unless_insecure_says_otherwise() {
    let scheme = |variables: &[(&str, &str)]| match read(variables).traces_otlp.endpoint {
        Some(EndpointSetting::Base(url)) => url.to_string(),
        other => panic!("{other:?}"),
    };
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317");
    assert_eq!(scheme(&[endpoint]), "https://collector:4317/");
    assert_eq!(
        scheme(&[endpoint, ("OTEL_EXPORTER_OTLP_INSECURE", "true")]),
        "http://collector:4317/"
    );
}

#[test]
fn headers_are_decoded_marked_secret_and_read_one_by_one() {
    let settings = read(&[(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "authorization=Basic%20eDp5, api-key = s=e%3Dc ,broken,bad name=1,x=%0A",
    )]);
    let headers = settings.traces_otlp.headers.unwrap();
    assert_eq!(headers["authorization"], "Basic eDp5");
    assert_eq!(headers["api-key"], "s=e=c");
    assert_eq!(headers.len(), 2);
    assert!(headers.values().all(http::HeaderValue::is_sensitive));
    assert!(!format!("{headers:?}").contains("eDp5"), "{headers:?}");
    assert_eq!(settings.warnings.len(), 3, "{:?}", settings.warnings);
}

#[test]
fn a_protocol_that_is_not_compiled_in_or_not_known_is_a_warning() {
    let read = |value| {
        let settings = read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", value)]);
        (settings.traces_otlp.protocol, settings.warnings.len())
    };
    assert_eq!(read("http/protobuf"), (Some(Protocol::HttpProtobuf), 0));
    assert_eq!(read("carrier-pigeon"), (None, 1));
    let grpc = if cfg!(feature = "grpc") {
        (Some(Protocol::Grpc), 0)
    } else {
        (None, 1)
    };
    assert_eq!(read("grpc"), grpc);
    let json = if cfg!(feature = "http-json") {
        (Some(Protocol::HttpJson), 0)
    } else {
        (None, 1)
    };
    assert_eq!(read("http/json"), json);
}

#[test]
fn batch_settings_that_cannot_be_are_replaced() {
    let settings = read(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "-1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
    ]);
    assert_eq!(settings.schedule_delay, Some(Duration::from_millis(100)));
    assert_eq!(settings.max_batch_size, Some(64));
    assert!(settings.export_timeout.is_none() && settings.max_queue_size.is_none());
    assert!(settings.metric_interval.is_none());
    assert_eq!(
        settings.warnings,
        [
            "OTEL_BSP_EXPORT_TIMEOUT=-1 is not a number in range: the default is used",
            "OTEL_BSP_MAX_QUEUE_SIZE=0 is not possible: the default is used",
            "OTEL_METRIC_EXPORT_INTERVAL=soon is not a number in range: the default is used",
        ]
    );
}

#[test]
fn the_limits_of_spans_win_over_the_general_ones() {
    let settings = read(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "20"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "30"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "40"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "50"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "60"),
    ]);
    let expected = Limits {
        attributes: Some(20),
        events: Some(40),
        links: Some(50),
        attributes_per_event: Some(10),
        attributes_per_link: Some(60),
        value_length: Some(30),
    };
    assert_eq!(settings.limits, expected);
}

#[test]
fn the_rest_is_read_as_it_stands() {
    let settings = read(&[
        ("OTEL_SERVICE_NAME", " users-api "),
        ("OTEL_SEMCONV_STABILITY_OPT_IN", "http/dup, database"),
        ("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET,POST"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
    ]);
    assert_eq!(settings.service_name.as_deref(), Some("users-api"));
    assert_eq!(settings.semconv_opt_in, ["http/dup", "database"]);
    assert_eq!(settings.known_methods.unwrap(), ["GET", "POST"]);
    assert_eq!(settings.temporality, Some(Temporality::Delta));
    assert_eq!(settings.metric_interval, Some(Duration::from_secs(5)));
}

#[test]
fn what_is_not_supported_is_named_when_set() {
    let settings = read(&[
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
        ("OTEL_CONFIG_FILE", "x"),
    ]);
    assert_eq!(
        settings.warnings,
        [
            "OTEL_CONFIG_FILE has no effect: throughline does not support it",
            "OTEL_EXPORTER_OTLP_CERTIFICATE has no effect: throughline does not support it",
        ]
    );
}

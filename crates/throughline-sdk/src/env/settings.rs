//! What the environment says, all of it.

use std::{str::FromStr as _, time::Duration};

use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::metrics::Temporality;
use percent_encoding::percent_decode_str;

use super::{otlp::OtlpSettings, reader::Reader};
use crate::sampler::Sampling;

const UNSUPPORTED: &[&str] = &[
    "OTEL_CONFIG_FILE",
    "OTEL_EXPERIMENTAL_CONFIG_FILE",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
    "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
    "OTEL_METRICS_EXEMPLAR_FILTER",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
];

/// An exporter that `OTEL_TRACES_EXPORTER` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceExporter {
    Otlp,
    Console,
}

/// A format that `OTEL_PROPAGATORS` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagator {
    TraceContext,
    Baggage,
}

/// What the environment says. `None` is "nothing", so that defaults are named in one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) disabled: bool,
    pub(crate) service_name: Option<String>,
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) sampling: Option<Sampling>,
    /// Empty where nothing is to be exported.
    pub(crate) trace_exporters: Option<Vec<TraceExporter>>,
    pub(crate) metrics: Option<bool>,
    pub(crate) propagators: Option<Vec<Propagator>>,
    pub(crate) traces_otlp: OtlpSettings,
    pub(crate) metrics_otlp: OtlpSettings,
    pub(crate) schedule_delay: Option<Duration>,
    pub(crate) export_timeout: Option<Duration>,
    pub(crate) max_queue_size: Option<usize>,
    pub(crate) max_batch_size: Option<usize>,
    pub(crate) limits: Limits,
    pub(crate) metric_interval: Option<Duration>,
    pub(crate) temporality: Option<Temporality>,
    pub(crate) semconv_opt_in: Vec<String>,
    pub(crate) known_methods: Option<Vec<String>>,
    pub(crate) warnings: Vec<String>,
}

/// Limits of what one span may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) attributes: Option<u32>,
    pub(crate) events: Option<u32>,
    pub(crate) links: Option<u32>,
    pub(crate) attributes_per_event: Option<u32>,
    pub(crate) attributes_per_link: Option<u32>,
    /// In characters.
    pub(crate) value_length: Option<usize>,
}

impl Settings {
    pub(crate) fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let reader = &mut Reader::new(lookup);
        let mut settings = Self {
            disabled: reader.flag("OTEL_SDK_DISABLED"),
            service_name: reader.text("OTEL_SERVICE_NAME"),
            resource: resource(reader),
            sampling: sampling(reader),
            trace_exporters: trace_exporters(reader),
            metrics: metrics(reader),
            propagators: propagators(reader),
            traces_otlp: OtlpSettings::read(reader, "TRACES"),
            metrics_otlp: OtlpSettings::read(reader, "METRICS"),
            schedule_delay: reader.millis("OTEL_BSP_SCHEDULE_DELAY"),
            export_timeout: reader.positive_millis("OTEL_BSP_EXPORT_TIMEOUT"),
            max_queue_size: reader.positive("OTEL_BSP_MAX_QUEUE_SIZE"),
            max_batch_size: reader.positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
            limits: limits(reader),
            metric_interval: reader.positive_millis("OTEL_METRIC_EXPORT_INTERVAL"),
            temporality: temporality(reader),
            semconv_opt_in: reader
                .list("OTEL_SEMCONV_STABILITY_OPT_IN")
                .unwrap_or_default(),
            known_methods: reader.list("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"),
            warnings: Vec::new(),
        };
        reader.ignored(UNSUPPORTED, "throughline does not support it");
        // Both signals read the general variables, and would warn twice.
        let mut warnings = std::mem::replace(reader, Reader::new(lookup)).into_warnings();
        let mut seen = std::collections::HashSet::new();
        warnings.retain(|warning| seen.insert(warning.clone()));
        settings.warnings = warnings;
        settings
    }
}

/// `key=value` pairs, separated by commas, both percent-decoded. One that cannot be read
/// voids the whole variable (specification: "Specifying resource information via an
/// environment variable").
fn resource(reader: &mut Reader<'_>) -> Vec<KeyValue> {
    let name = "OTEL_RESOURCE_ATTRIBUTES";
    let Some(members) = reader.list(name) else {
        return Vec::new();
    };
    let decode = |text: &str| {
        percent_decode_str(text.trim())
            .decode_utf8()
            .ok()
            .map(std::borrow::Cow::into_owned)
    };
    let pairs: Option<Vec<_>> = members
        .iter()
        .map(|member| {
            let (key, value) = member.split_once('=')?;
            let key = decode(key).filter(|key| !key.is_empty())?;
            Some(KeyValue::new(Key::from(key), decode(value)?))
        })
        .collect();
    pairs.unwrap_or_else(|| {
        reader.warn(format!(
            "{name} is not a list of `key=value`: all of it is left out"
        ));
        Vec::new()
    })
}

fn sampling(reader: &mut Reader<'_>) -> Option<Sampling> {
    let name = "OTEL_TRACES_SAMPLER";
    let value = reader.text(name)?;
    Some(match value.as_str() {
        "always_on" => Sampling::always_on().ignoring_parent(),
        "always_off" => Sampling::always_off().ignoring_parent(),
        "traceidratio" => ratio(reader).ignoring_parent(),
        "parentbased_always_on" => Sampling::always_on(),
        "parentbased_always_off" => Sampling::always_off(),
        "parentbased_traceidratio" => ratio(reader),
        _ => {
            reader.warn(format!(
                "{name}={value} is not known: parentbased_always_on is used"
            ));
            return None;
        }
    })
}

fn ratio(reader: &mut Reader<'_>) -> Sampling {
    let name = "OTEL_TRACES_SAMPLER_ARG";
    let Some(value) = reader.text(name) else {
        return Sampling::ratio(1.0);
    };
    match f64::from_str(&value) {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Sampling::ratio(ratio),
        _ => {
            reader.warn(format!("{name}={value} is not between 0 and 1: 1 is used"));
            Sampling::ratio(1.0)
        }
    }
}

fn trace_exporters(reader: &mut Reader<'_>) -> Option<Vec<TraceExporter>> {
    let name = "OTEL_TRACES_EXPORTER";
    let members = reader.list(name)?;
    if members.iter().any(|member| member == "none") {
        return Some(Vec::new());
    }
    let mut exporters = Vec::new();
    for member in members {
        match member.as_str() {
            "otlp" => exporters.push(TraceExporter::Otlp),
            "console" => exporters.push(TraceExporter::Console),
            _ => reader.warn(format!(
                "{name}: `{member}` is none of otlp, console, none: left out"
            )),
        }
    }
    (!exporters.is_empty()).then_some(exporters)
}

fn metrics(reader: &mut Reader<'_>) -> Option<bool> {
    let name = "OTEL_METRICS_EXPORTER";
    let members = reader.list(name)?;
    if members.iter().any(|member| member == "none") {
        return Some(false);
    }
    for member in members.iter().filter(|member| *member != "otlp") {
        reader.warn(format!(
            "{name}: `{member}` is neither otlp nor none: left out"
        ));
    }
    members
        .iter()
        .any(|member| member == "otlp")
        .then_some(true)
}

fn propagators(reader: &mut Reader<'_>) -> Option<Vec<Propagator>> {
    let name = "OTEL_PROPAGATORS";
    let members = reader.list(name)?;
    if members.iter().any(|member| member == "none") {
        return Some(Vec::new());
    }
    let mut propagators = Vec::new();
    for member in members {
        let propagator = match member.as_str() {
            "tracecontext" => Propagator::TraceContext,
            "baggage" => Propagator::Baggage,
            _ => {
                reader.warn(format!(
                    "{name}: `{member}` is none of tracecontext, baggage, none: left out"
                ));
                continue;
            }
        };
        if !propagators.contains(&propagator) {
            propagators.push(propagator);
        }
    }
    (!propagators.is_empty()).then_some(propagators)
}

fn limits(reader: &mut Reader<'_>) -> Limits {
    let all = reader.number("OTEL_ATTRIBUTE_COUNT_LIMIT");
    let all_lengths = reader.number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT");
    Limits {
        attributes: reader.number("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT").or(all),
        events: reader.number("OTEL_SPAN_EVENT_COUNT_LIMIT"),
        links: reader.number("OTEL_SPAN_LINK_COUNT_LIMIT"),
        attributes_per_event: reader.number("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT").or(all),
        attributes_per_link: reader.number("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT").or(all),
        value_length: reader
            .number("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")
            .or(all_lengths),
    }
}

fn temporality(reader: &mut Reader<'_>) -> Option<Temporality> {
    let name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    let value = reader.text(name)?;
    Some(match value.to_ascii_lowercase().as_str() {
        "cumulative" => Temporality::Cumulative,
        "delta" => Temporality::Delta,
        "lowmemory" => Temporality::LowMemory,
        _ => {
            reader.warn(format!(
                "{name}={value} is none of cumulative, delta, lowmemory: cumulative is used"
            ));
            return None;
        }
    })
}

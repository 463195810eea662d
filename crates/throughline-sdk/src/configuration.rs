//! Code, environment and defaults made one, and started.

use std::{
    io::{self, Write},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use http::HeaderMap;
use opentelemetry::{
    KeyValue,
    propagation::{TextMapCompositePropagator, TextMapPropagator},
    trace::noop::NoopTracerProvider,
};
use opentelemetry_sdk::{
    Resource,
    metrics::Temporality,
    propagation::BaggagePropagator,
    trace::{SdkTracerProvider, SpanLimits},
};
use throughline_core::{
    propagation::{Propagation, W3cPropagator},
    record::SpanSink,
    semconv::{Conventions, Names, http::KnownMethods},
    telemetry::Telemetry,
};
use url::Url;

use crate::{
    builder::{Builder, ServiceName},
    env::{
        EndpointSetting, Limits, OtlpSettings, Propagator, Settings, TraceExporter, parse_header,
    },
    error::InitError,
    export::{
        Compression, Destination, Endpoint, ExportThread, LONGEST, Plan, Processor, Protocol,
        Signal,
    },
    guard::{Pipeline, Summary},
    ids::Ids,
    metrics,
    resource::resource,
    sampler::{Sampling, SpanSampler},
};

const DEFAULT_QUEUE_SIZE: usize = 2_048;
const DEFAULT_BATCH_SIZE: usize = 512;
const DEFAULT_SCHEDULE_DELAY: Duration = Duration::from_secs(5);
const DEFAULT_EXPORT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_METRIC_INTERVAL: Duration = Duration::from_mins(1);

/// With less, the export thread would do nothing but look.
const SHORTEST_DELAY: Duration = Duration::from_millis(1);

/// A person at the console should not wait.
const CONSOLE_DELAY: Duration = Duration::from_millis(200);

/// Code, environment and defaults merged.
pub(crate) struct Configuration {
    disabled: bool,
    service: String,
    resource: Resource,
    sampling: Sampling,
    limits: Limits,
    traces: Option<Destination>,
    metrics: Option<Destination>,
    console: Option<Box<dyn Write + Send>>,
    span_sinks: Vec<Arc<dyn SpanSink>>,
    max_queue_size: usize,
    max_batch_size: usize,
    schedule_delay: Duration,
    export_timeout: Duration,
    metric_interval: Duration,
    temporality: Temporality,
    propagation: Propagation,
    /// `None` where the code has chosen a propagation that only it knows.
    propagators: Option<Vec<Propagator>>,
    conventions: Conventions,
    warnings: Vec<String>,
}

impl Configuration {
    pub(crate) fn new(mut code: Builder, env: Settings) -> Result<Self, InitError> {
        let mut warnings = env.warnings;
        let is_default = |otlp: &OtlpSettings| {
            !code.export_if_configured || code.endpoint.is_some() || otlp.has_endpoint
        };
        let exporters = env.trace_exporters.unwrap_or_else(|| {
            let is_default = is_default(&env.traces_otlp);
            Vec::from_iter(is_default.then_some(TraceExporter::Otlp))
        });
        let otlp = code
            .otlp
            .unwrap_or(exporters.contains(&TraceExporter::Otlp));
        let console = code
            .console
            .unwrap_or(exporters.contains(&TraceExporter::Console));
        let metrics = code
            .metrics
            .or(env.metrics)
            .unwrap_or_else(|| is_default(&env.metrics_otlp));
        let console = console.then(|| {
            code.console_writer
                .take()
                .unwrap_or_else(|| Box::new(io::stdout()))
        });

        let mut over = OtlpCode::new(&code)?;
        let traces = otlp.then(|| over.destination(env.traces_otlp, Signal::Traces, &mut warnings));
        let metrics =
            metrics.then(|| over.destination(env.metrics_otlp, Signal::Metrics, &mut warnings));

        let max_queue_size = positive(code.max_queue_size, "queue size")?
            .or(env.max_queue_size)
            .unwrap_or(DEFAULT_QUEUE_SIZE);
        let mut max_batch_size = positive(code.max_batch_size, "batch size")?
            .or(env.max_batch_size)
            .unwrap_or(DEFAULT_BATCH_SIZE.min(max_queue_size));
        if max_batch_size > max_queue_size {
            warnings.push(format!(
                "a batch of {max_batch_size} spans does not fit the queue of {max_queue_size}: \
                 batches are as large as the queue"
            ));
            max_batch_size = max_queue_size;
        }
        let schedule_delay = code
            .schedule_delay
            .or(env.schedule_delay)
            .unwrap_or(DEFAULT_SCHEDULE_DELAY)
            .clamp(SHORTEST_DELAY, LONGEST);
        let service = service_name(code.service_name, env.service_name, &env.resource);

        Ok(Self {
            disabled: env.disabled,
            resource: resource(&service, env.resource, code.resource),
            service,
            sampling: code.sampling.or(env.sampling).unwrap_or_default(),
            limits: env.limits,
            traces,
            metrics,
            schedule_delay: if console.is_some() || !code.span_sinks.is_empty() {
                schedule_delay.min(CONSOLE_DELAY)
            } else {
                schedule_delay
            },
            console,
            span_sinks: code.span_sinks,
            max_queue_size,
            max_batch_size,
            export_timeout: lasting(code.export_timeout, "export time-out")?
                .or(env.export_timeout)
                .unwrap_or(DEFAULT_EXPORT_TIMEOUT)
                .min(LONGEST),
            metric_interval: lasting(code.metric_interval, "metric interval")?
                .or(env.metric_interval)
                .unwrap_or(DEFAULT_METRIC_INTERVAL)
                .min(LONGEST),
            temporality: env.temporality.unwrap_or_default(),
            propagators: code.propagation.is_none().then(|| {
                env.propagators
                    .clone()
                    .unwrap_or_else(|| vec![Propagator::TraceContext, Propagator::Baggage])
            }),
            propagation: code
                .propagation
                .unwrap_or_else(|| propagation(env.propagators.as_deref())),
            conventions: code
                .conventions
                .unwrap_or_else(|| conventions(&env.semconv_opt_in, env.known_methods)),
            warnings,
        })
    }

    pub(crate) fn global_propagator(&self) -> Option<TextMapCompositePropagator> {
        let mut propagators: Vec<Box<dyn TextMapPropagator + Send + Sync>> = Vec::new();
        let named = self.propagators.as_ref()?;
        let has_baggage = named.contains(&Propagator::Baggage);
        match (named.contains(&Propagator::TraceContext), has_baggage) {
            (true, true) => propagators.push(Box::new(W3cPropagator::new())),
            (true, false) => propagators.push(Box::new(W3cPropagator::trace_context())),
            (false, true) => propagators.push(Box::new(BaggagePropagator::new())),
            (false, false) => {}
        }
        Some(TextMapCompositePropagator::new(propagators))
    }

    pub(crate) fn start(self) -> Result<Pipeline, InitError> {
        let mut exporters = Vec::new();
        if !self.disabled {
            exporters.extend(self.traces.is_some().then_some("otlp"));
            exporters.extend(self.console.is_some().then_some("console"));
        }
        let summary = Summary {
            service: self.service,
            sampling: self.sampling,
            exporters,
            traces: self.traces.clone().filter(|_| !self.disabled),
            metrics: self.metrics.clone().filter(|_| !self.disabled),
            warnings: self.warnings,
        };
        let dress = |telemetry: Telemetry| {
            telemetry
                .with_propagation(self.propagation.clone())
                .with_conventions(self.conventions.clone())
        };
        if self.disabled {
            return Ok(Pipeline {
                telemetry: dress(Telemetry::new(NoopTracerProvider::new())),
                tracer_provider: None,
                meter_provider: None,
                thread: None,
                summary,
                is_shut_down: AtomicBool::new(false),
            });
        }

        let has_spans =
            self.traces.is_some() || self.console.is_some() || !self.span_sinks.is_empty();
        let (thread, metric_sender): (_, _) = if has_spans || self.metrics.is_some() {
            let (thread, sender) = ExportThread::start(Plan {
                spans: self.traces,
                metrics: self.metrics,
                console: self.console,
                span_sinks: self.span_sinks,
                resource: self.resource.clone(),
                max_queue_size: self.max_queue_size,
                max_batch_size: self.max_batch_size,
                schedule_delay: self.schedule_delay,
                export_timeout: self.export_timeout,
            })?;
            (Some(thread), sender)
        } else {
            (None, None)
        };

        let sampler = SpanSampler::new(self.sampling);
        let mut provider = SdkTracerProvider::builder()
            .with_sampler(sampler.clone())
            .with_id_generator(Ids::default())
            .with_span_limits(span_limits(self.limits))
            .with_resource(self.resource.clone());
        if let Some(thread) = thread.as_ref().filter(|_| has_spans) {
            provider = provider
                .with_span_processor(Processor::new(Arc::clone(thread), self.limits.value_length));
        }
        let tracer_provider = provider.build();
        let meter_provider = metric_sender.map(|sender| {
            metrics::provider(
                sender,
                self.metric_interval,
                self.temporality,
                self.resource,
            )
        });
        let mut telemetry =
            Telemetry::new(tracer_provider.clone()).with_head_sampler(Arc::new(sampler));
        if let Some(meters) = &meter_provider {
            telemetry = telemetry.with_meter_provider(meters.clone());
        }
        Ok(Pipeline {
            telemetry: dress(telemetry),
            tracer_provider: Some(tracer_provider),
            meter_provider,
            thread,
            summary,
            is_shut_down: AtomicBool::new(false),
        })
    }
}

/// What the code says about OTLP, for both signals.
struct OtlpCode {
    endpoint: Option<EndpointSetting>,
    headers: Option<HeaderMap>,
    protocol: Option<Protocol>,
    compression: Option<Compression>,
    timeout: Option<Duration>,
}

impl OtlpCode {
    fn new(code: &Builder) -> Result<Self, InitError> {
        if let Some(protocol) = code.protocol
            && let Some(feature) = protocol.missing_feature()
        {
            let what = if protocol == Protocol::Grpc {
                "OTLP over gRPC"
            } else {
                "OTLP as JSON"
            };
            return Err(InitError::unsupported(what, feature));
        }
        if code.compression == Some(Compression::Gzip) && !cfg!(feature = "gzip") {
            return Err(InitError::unsupported("compression with gzip", "gzip"));
        }
        Ok(Self {
            endpoint: code.endpoint.as_deref().map(parse_endpoint).transpose()?,
            headers: headers(&code.headers)?,
            protocol: code.protocol,
            compression: code.compression,
            timeout: lasting(code.timeout, "time-out")?,
        })
    }

    fn destination(
        &mut self,
        env: OtlpSettings,
        signal: Signal,
        warnings: &mut Vec<String>,
    ) -> Destination {
        let protocol = self.protocol.or(env.protocol).unwrap_or_default();
        let endpoint = Endpoint::new(self.endpoint.clone().or(env.endpoint), protocol, signal);
        let compression = self.compression.or(env.compression).unwrap_or_default();
        if endpoint.is_tls() && !cfg!(feature = "tls") {
            warnings.push(format!(
                "{endpoint} needs the feature `tls` of throughline-sdk: nothing can be delivered there"
            ));
        }
        if protocol == Protocol::Grpc && compression == Compression::Gzip {
            warnings.push(format!(
                "requests to {endpoint} are not compressed: not supported over gRPC"
            ));
        }
        Destination {
            signal,
            endpoint,
            headers: self.headers.clone().or(env.headers).unwrap_or_default(),
            protocol,
            compression,
            timeout: self
                .timeout
                .or(env.timeout)
                .unwrap_or(DEFAULT_TIMEOUT)
                .min(LONGEST),
        }
    }
}

fn headers(given: &[(String, String)]) -> Result<Option<HeaderMap>, InitError> {
    if given.is_empty() {
        return Ok(None);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let (name, value) = parse_header(name, value)
            .ok_or_else(|| InitError::invalid("header", format!("{name:?} or its value")))?;
        headers.append(name, value);
    }
    Ok(Some(headers))
}

/// The text is not part of the error: it may hold a password.
fn parse_endpoint(text: &str) -> Result<EndpointSetting, InitError> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(EndpointSetting::Base(url))
        }
        Ok(_) => Err(InitError::invalid("endpoint", "not an http or https URL")),
        Err(error) => Err(InitError::invalid("endpoint", error.to_string())),
    }
}

fn positive(number: Option<usize>, what: &'static str) -> Result<Option<usize>, InitError> {
    match number {
        Some(0) => Err(InitError::invalid(what, "zero")),
        _ => Ok(number),
    }
}

fn lasting(duration: Option<Duration>, what: &'static str) -> Result<Option<Duration>, InitError> {
    match duration {
        Some(Duration::ZERO) => Err(InitError::invalid(what, "zero")),
        _ => Ok(duration),
    }
}

fn service_name(code: ServiceName, env: Option<String>, resource: &[KeyValue]) -> String {
    match code {
        ServiceName::Fixed(name) => name,
        ServiceName::Fallback(name) => env
            .or_else(|| {
                let given = resource
                    .iter()
                    .find(|each| each.key.as_str() == "service.name")?;
                Some(given.value.to_string())
            })
            .unwrap_or(name),
    }
}

fn propagation(named: Option<&[Propagator]>) -> Propagation {
    let Some(named) = named else {
        return Propagation::w3c();
    };
    let base = if named.contains(&Propagator::TraceContext) {
        Propagation::trace_context()
    } else {
        Propagation::none()
    };
    base.with_baggage(named.contains(&Propagator::Baggage))
}

fn conventions(opt_in: &[String], known_methods: Option<Vec<String>>) -> Conventions {
    let names = |area: &str| {
        let dup = format!("{area}/dup");
        if opt_in.contains(&dup) {
            Names::Both
        } else {
            Names::Stable
        }
    };
    let mut conventions = Conventions::default();
    conventions.http = names("http");
    conventions.database = names("database");
    if let Some(methods) = known_methods {
        conventions.methods = KnownMethods::new(methods);
    }
    conventions
}

fn span_limits(limits: Limits) -> SpanLimits {
    let default = SpanLimits::default();
    SpanLimits {
        max_events_per_span: limits.events.unwrap_or(default.max_events_per_span),
        max_attributes_per_span: limits.attributes.unwrap_or(default.max_attributes_per_span),
        max_links_per_span: limits.links.unwrap_or(default.max_links_per_span),
        max_attributes_per_event: limits
            .attributes_per_event
            .unwrap_or(default.max_attributes_per_event),
        max_attributes_per_link: limits
            .attributes_per_link
            .unwrap_or(default.max_attributes_per_link),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables<'a> = &'a [(&'a str, &'a str)];
    type InCode = fn(Builder) -> Builder;

    #[test]
    fn export_if_configured_needs_an_endpoint_or_an_exporter() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        let traces_endpoint = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector");
        let metrics_endpoint = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://collector");
        // (variables, whether spans and metrics are exported, whether spans are printed)
        let table: [(Variables<'_>, bool, bool, bool); 13] = [
            (&[], false, false, false),
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], false, false, false),
            (&[("OTEL_EXPORTER_OTLP_TIMEOUT", "5")], false, false, false),
            (&[endpoint], true, true, false),
            (&[traces_endpoint], true, false, false),
            (&[metrics_endpoint], false, true, false),
            // The default is used then, as the warning says.
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "::")], true, true, false),
            (&[("OTEL_TRACES_EXPORTER", "otlp")], true, false, false),
            (&[("OTEL_METRICS_EXPORTER", "otlp")], false, true, false),
            (&[("OTEL_TRACES_EXPORTER", "console")], false, false, true),
            (
                &[endpoint, ("OTEL_TRACES_EXPORTER", "console")],
                false,
                true,
                true,
            ),
            (
                &[endpoint, ("OTEL_TRACES_EXPORTER", "none")],
                false,
                true,
                false,
            ),
            (
                &[endpoint, ("OTEL_METRICS_EXPORTER", "none")],
                true,
                false,
                false,
            ),
        ];
        for (variables, spans, metrics, printed) in table {
            let configuration = configured(variables, |builder| builder);
            assert_eq!(configuration.traces.is_some(), spans, "{variables:?}");
            assert_eq!(configuration.metrics.is_some(), metrics, "{variables:?}");
            assert_eq!(configuration.console.is_some(), printed, "{variables:?}");
        }
    }

    #[test]
    fn export_if_configured_follows_the_code_first() {
        // (settings in code, whether spans and metrics are exported)
        let table: [(InCode, bool, bool); 4] = [
            (
                |builder| builder.with_endpoint("http://collector:4318"),
                true,
                true,
            ),
            (|builder| builder.with_otlp(true), true, false),
            (|builder| builder.with_metrics(true), false, true),
            (
                |builder| {
                    builder
                        .with_endpoint("http://collector:4318")
                        .with_otlp(false)
                },
                false,
                true,
            ),
        ];
        for (index, (code, spans, metrics)) in table.into_iter().enumerate() {
            let configuration = configured(&[], code);
            let on = (
                configuration.traces.is_some(),
                configuration.metrics.is_some(),
            );
            assert_eq!(on, (spans, metrics), "row {index}");
        }
    }

    fn configured(
        variables: Variables<'_>,
        code: impl FnOnce(Builder) -> Builder,
    ) -> Configuration {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(each, _)| *each == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let builder = code(crate::builder("test")).with_export_if_configured();
        Configuration::new(builder, Settings::read(&lookup)).unwrap()
    }
}

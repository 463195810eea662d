//! Settings in code, and putting the pipeline together.

use std::{env, fmt, io::Write, panic::Location, sync::Arc, time::Duration};

use opentelemetry::{Key, KeyValue, Value, global};
use throughline_core::{propagation::Propagation, record::SpanSink, semconv::Conventions};

use crate::{
    configuration::Configuration,
    env::Settings,
    error::InitError,
    export::{Compression, Protocol},
    guard::{Guard, reserve},
    sampler::Sampling,
};

/// Sets telemetry up.
///
/// Made by [`builder`](crate::builder). What is set here wins over the environment, which
/// wins over the default.
///
/// | setting | variable | default |
/// | --- | --- | --- |
/// | [`with_sampling`](Self::with_sampling), [`with_sample_ratio`](Self::with_sample_ratio) | `OTEL_TRACES_SAMPLER`, `…_ARG` | parent-based, all |
/// | [`with_endpoint`](Self::with_endpoint) | `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318`, gRPC `:4317` |
/// | [`with_header`](Self::with_header) | `OTEL_EXPORTER_OTLP_HEADERS` | none |
/// | [`with_protocol`](Self::with_protocol) | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` |
/// | [`with_compression`](Self::with_compression) | `OTEL_EXPORTER_OTLP_COMPRESSION` | none |
/// | [`with_timeout`](Self::with_timeout) | `OTEL_EXPORTER_OTLP_TIMEOUT` | 10 s an attempt |
/// | [`with_export_timeout`](Self::with_export_timeout) | `OTEL_BSP_EXPORT_TIMEOUT` | 30 s for all attempts |
/// | [`with_max_queue_size`](Self::with_max_queue_size) | `OTEL_BSP_MAX_QUEUE_SIZE` | 2048 spans |
/// | [`with_max_batch_size`](Self::with_max_batch_size) | `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` | 512 spans |
/// | [`with_schedule_delay`](Self::with_schedule_delay) | `OTEL_BSP_SCHEDULE_DELAY` | 5 s |
/// | [`with_resource_attribute`](Self::with_resource_attribute) | `OTEL_RESOURCE_ATTRIBUTES` | |
/// | [`with_otlp`](Self::with_otlp), [`with_console`](Self::with_console) | `OTEL_TRACES_EXPORTER` | OTLP |
/// | [`with_export_if_configured`](Self::with_export_if_configured) | | off: to the default endpoint |
/// | [`with_metrics`](Self::with_metrics) | `OTEL_METRICS_EXPORTER` | on |
/// | [`with_metric_interval`](Self::with_metric_interval) | `OTEL_METRIC_EXPORT_INTERVAL` | 60 s |
/// | [`with_propagation`](Self::with_propagation) | `OTEL_PROPAGATORS` | W3C trace context and baggage |
/// | [`with_conventions`](Self::with_conventions) | `OTEL_SEMCONV_STABILITY_OPT_IN`, `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` | stable names |
///
/// ```
/// use std::time::Duration;
///
/// let guard = throughline_sdk::builder("users-api")
///     .with_endpoint("http://localhost:4318")
///     .with_sample_ratio(0.1)
///     .with_resource_attribute("deployment.environment.name", "staging")
///     .build()?;
/// assert_eq!(guard.health().tracing.sampler.as_deref(), Some("parentbased_traceidratio(0.1)"));
/// guard.shutdown_blocking(Duration::from_secs(1));
/// # Ok::<(), throughline_sdk::InitError>(())
/// ```
#[must_use = "a builder does nothing until `build` or `install` is called"]
pub struct Builder {
    pub(crate) service_name: ServiceName,
    pub(crate) lookup: Box<Lookup>,
    pub(crate) sampling: Option<Sampling>,
    pub(crate) endpoint: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) compression: Option<Compression>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) export_timeout: Option<Duration>,
    pub(crate) max_queue_size: Option<usize>,
    pub(crate) max_batch_size: Option<usize>,
    pub(crate) schedule_delay: Option<Duration>,
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) otlp: Option<bool>,
    pub(crate) export_if_configured: bool,
    pub(crate) console: Option<bool>,
    pub(crate) console_writer: Option<Box<dyn Write + Send>>,
    pub(crate) span_sinks: Vec<Arc<dyn SpanSink>>,
    pub(crate) metrics: Option<bool>,
    pub(crate) metric_interval: Option<Duration>,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) conventions: Option<Conventions>,
}

/// Reads a variable.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The name of the service, and whether the environment may change it.
pub(crate) enum ServiceName {
    Fixed(String),
    Fallback(String),
}

impl Builder {
    pub(crate) fn new(service_name: String) -> Self {
        Self {
            service_name: ServiceName::Fixed(service_name),
            lookup: Box::new(|name| env::var(name).ok()),
            sampling: None,
            endpoint: None,
            headers: Vec::new(),
            protocol: None,
            compression: None,
            timeout: None,
            export_timeout: None,
            max_queue_size: None,
            max_batch_size: None,
            schedule_delay: None,
            resource: Vec::new(),
            otlp: None,
            export_if_configured: false,
            console: None,
            console_writer: None,
            span_sinks: Vec::new(),
            metrics: None,
            metric_interval: None,
            propagation: None,
            conventions: None,
        }
    }

    /// Lets `OTEL_SERVICE_NAME`, and `service.name` in `OTEL_RESOURCE_ATTRIBUTES`, win over
    /// the name that the builder was made with.
    pub fn with_service_name_from_env(mut self) -> Self {
        let (ServiceName::Fixed(name) | ServiceName::Fallback(name)) = self.service_name;
        self.service_name = ServiceName::Fallback(name);
        self
    }

    /// Reads variables through `lookup` instead of from the process's environment. So
    /// `|_| None` ignores the environment.
    pub fn with_env(
        mut self,
        lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.lookup = Box::new(lookup);
        self
    }

    /// Records the traces that `sampling` says.
    pub fn with_sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = Some(sampling);
        self
    }

    /// Records this part, from 0 to 1, of the traces that start here. Spans with a parent
    /// follow it. The same as `with_sampling(Sampling::ratio(ratio))`.
    pub fn with_sample_ratio(self, ratio: f64) -> Self {
        self.with_sampling(Sampling::ratio(ratio))
    }

    /// Sends to the collector at this URL. Over HTTP, `/v1/traces` and `/v1/metrics` are
    /// appended.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sends this header, over gRPC this metadata, with each request. The value is not shown
    /// anywhere.
    ///
    /// The first call replaces all headers of the environment.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Speaks this protocol.
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Compresses requests over HTTP in this way.
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Waits this long for the answer to one attempt.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Gives a batch up after this long, with all its attempts and the waits between them.
    pub fn with_export_timeout(mut self, timeout: Duration) -> Self {
        self.export_timeout = Some(timeout);
        self
    }

    /// Lets this many spans wait for export. Further ones are dropped and counted.
    ///
    /// A waiting span takes about 1 KB; memory is taken as spans come. Up to four batches
    /// are under way besides. With a console or a span sink, up to twice as many wait: so many
    /// that were not shown yet, and so many that were.
    pub fn with_max_queue_size(mut self, spans: usize) -> Self {
        self.max_queue_size = Some(spans);
        self
    }

    /// Sends at most this many spans in a request. Not more than the queue holds.
    pub fn with_max_batch_size(mut self, spans: usize) -> Self {
        self.max_batch_size = Some(spans);
        self
    }

    /// Sends what does not fill a batch after this long.
    pub fn with_schedule_delay(mut self, delay: Duration) -> Self {
        self.schedule_delay = Some(delay);
        self
    }

    /// Adds an attribute of the service, as in `deployment.environment.name`.
    pub fn with_resource_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.resource.push(KeyValue::new(key, value));
        self
    }

    /// Turns the export of spans over OTLP on or off.
    pub fn with_otlp(mut self, on: bool) -> Self {
        self.otlp = Some(on);
        self
    }

    /// Exports only what has been given a place to go to; without one, nothing.
    ///
    /// For programs that run without a collector, too, such as a tool or a service on its
    /// author's machine: by default, spans and metrics go to the endpoint at `localhost`, and
    /// are counted as lost if nothing listens there.
    ///
    /// Spans are exported over OTLP if `OTEL_TRACES_EXPORTER` says `otlp`, or does not say
    /// anything and there is an endpoint: that of [`with_endpoint`](Self::with_endpoint),
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`. For metrics the
    /// same is true of `OTEL_METRICS_EXPORTER` and `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`.
    /// [`with_otlp`](Self::with_otlp) and [`with_metrics`](Self::with_metrics) win over this.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let builder = throughline_sdk::builder("users-api").with_export_if_configured();
    /// # let builder = builder.with_env(|_| None);
    /// let guard = builder.build()?;
    /// // Here, the environment says nothing.
    /// assert!(guard.health().tracing.exporters.is_empty());
    /// # guard.shutdown_blocking(Duration::from_secs(1));
    /// # Ok::<(), throughline_sdk::InitError>(())
    /// ```
    pub fn with_export_if_configured(mut self) -> Self {
        self.export_if_configured = true;
        self
    }

    /// Turns printing of traces as trees on or off, to standard output.
    ///
    /// When on, spans are taken from the queue at least every 200 ms, whatever the schedule
    /// delay. It is meant for development: each printed span is copied.
    pub fn with_console(mut self, on: bool) -> Self {
        self.console = Some(on);
        self
    }

    /// Prints traces as trees to `writer`, and turns that on.
    pub fn with_console_writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.console_writer = Some(Box::new(writer));
        self.with_console(true)
    }

    /// Shows finished spans to `sink` too, such as a viewer in the process. Can be repeated.
    ///
    /// Like the console, it gets spans at least every 200 ms, also while the collector cannot
    /// be reached, and each of them is copied.
    /// It sees a span whether or not that is delivered afterwards.
    pub fn with_span_sink(mut self, sink: Arc<dyn SpanSink>) -> Self {
        self.span_sinks.push(sink);
        self
    }

    /// Turns metrics on or off.
    pub fn with_metrics(mut self, on: bool) -> Self {
        self.metrics = Some(on);
        self
    }

    /// Sends metrics this often.
    pub fn with_metric_interval(mut self, interval: Duration) -> Self {
        self.metric_interval = Some(interval);
        self
    }

    /// Reads and writes context in these formats.
    pub fn with_propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = Some(propagation);
        self
    }

    /// Names and describes spans by these conventions.
    pub fn with_conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = Some(conventions);
        self
    }

    /// Starts the pipeline without touching anything global.
    ///
    /// Give [`Guard::telemetry`] to layers and clients, or put it into a context.
    ///
    /// # Errors
    ///
    /// If a setting made in code is not usable, or the export thread cannot start.
    pub fn build(self) -> Result<Guard, InitError> {
        let settings = Settings::read(&self.lookup);
        Configuration::new(self, settings)?
            .start()
            .map(|pipeline| Guard::new(Arc::new(pipeline)))
    }

    /// Starts the pipeline and makes it the process's: for throughline, and for whatever uses
    /// `opentelemetry::global` (tracer provider, meter provider, propagator).
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build), and if another one is installed and not shut down.
    #[track_caller]
    pub fn install(self) -> Result<Guard, InitError> {
        let reservation = reserve(Location::caller())?;
        let settings = Settings::read(&self.lookup);
        let configuration = Configuration::new(self, settings)?;
        let global_propagator = configuration.global_propagator();
        let pipeline = Arc::new(configuration.start()?);

        pipeline.telemetry.clone().install_global();
        if let Some(provider) = &pipeline.tracer_provider {
            global::set_tracer_provider(provider.clone());
        }
        if let Some(provider) = &pipeline.meter_provider {
            global::set_meter_provider(provider.clone());
        }
        if let Some(propagator) = global_propagator {
            global::set_text_map_propagator(propagator);
        }
        for warning in &pipeline.summary.warnings {
            crate::log::warn(warning);
        }
        reservation.fill(Arc::clone(&pipeline));
        Ok(Guard::new(pipeline))
    }
}

/// Values that may be secret are not shown.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ServiceName::Fixed(name) | ServiceName::Fallback(name)) = &self.service_name;
        f.debug_struct("Builder")
            .field("service_name", name)
            .finish_non_exhaustive()
    }
}

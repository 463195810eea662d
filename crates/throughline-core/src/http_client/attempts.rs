//! The settings of a client, and starting its attempts.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName};
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanBuilder, SpanKind, TraceContextExt as _},
};

use super::{
    Attempt, Outgoing, PropagateTo, UrlTemplate, attempt::Parts, endpoint::Endpoint,
    instruments::ClientInstruments,
};
use crate::{
    clock::Stopwatch,
    semconv::{
        Conventions, attr,
        http::{CapturedHeaders, RequestMethod, client},
        old_names,
    },
    telemetry::{Resolver, Telemetry},
};

/// How many attributes a span gets at most, captured headers aside.
const ATTRIBUTES: usize = 12;

/// The settings of a client. Clones share them.
///
/// # Defaults
///
/// | setting | default |
/// | --- | --- |
/// | telemetry | that of the current context, else the process's |
/// | propagation | to [all hosts](PropagateTo::All) |
/// | captured headers | none |
#[derive(Clone, Debug, Default)]
pub struct Attempts(Arc<Settings>);

#[derive(Default)]
pub(super) struct Settings {
    telemetry: Option<Telemetry>,
    resolver: Resolver<ClientInstruments>,
    pub(super) propagate_to: PropagateTo,
    request_headers: CapturedHeaders,
    pub(super) response_headers: CapturedHeaders,
}

impl Attempts {
    /// Starts from the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends spans and metrics to `telemetry`, whatever the current context says.
    #[must_use]
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        self.change(|settings| settings.telemetry = Some(telemetry))
    }

    /// Writes the trace context into requests to these hosts only.
    ///
    /// To other hosts it is not sent even if the request has it already, because it was
    /// cloned from an attempt at another host or forwarded as it came in.
    #[must_use]
    pub fn with_propagate_to(self, propagate_to: PropagateTo) -> Self {
        self.change(|settings| settings.propagate_to = propagate_to)
    }

    /// Records these request headers, as [`CapturedHeaders`] does.
    #[must_use]
    pub fn with_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.change(|settings| settings.request_headers = CapturedHeaders::request(names))
    }

    /// Records these response headers, as [`CapturedHeaders`] does.
    #[must_use]
    pub fn with_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.change(|settings| settings.response_headers = CapturedHeaders::response(names))
    }

    /// Starts an attempt, and writes its context into the request's headers.
    ///
    /// What the headers say of another attempt, because the request is a clone, is replaced.
    pub fn start(&self, outgoing: Outgoing<'_>, headers: &mut HeaderMap) -> Attempt {
        let attempt = self.begin(&Context::current(), outgoing, headers);
        attempt.inject(headers);
        attempt
    }

    /// Starts an attempt below the current context, and leaves its headers as they are.
    ///
    /// For a client that cannot borrow the parts of a request apart: [`Attempt::inject`]
    /// writes the headers, which has to be done before the request is sent.
    pub fn begin(&self, current: &Context, outgoing: Outgoing<'_>, headers: &HeaderMap) -> Attempt {
        let settings = &self.0;
        let watch = Stopwatch::start();
        let instruments = settings.resolver.get();
        let conventions = &*instruments.conventions;
        let method = conventions.methods.name(outgoing.method);
        let endpoint = instruments.endpoints.get(outgoing.target.server(headers));

        let template = outgoing.template;
        let name = client::span_name(method, template.map(UrlTemplate::as_str));
        let mut builder = SpanBuilder::from_name(name).with_kind(SpanKind::Client);
        builder.start_time = Some(watch.started_at());
        let started = instruments.tracer.start(current, builder, || {
            settings.describe(outgoing, method, &endpoint, headers, conventions)
        });

        let is_current = !started.recording && is_same(current, &started.context);
        let is_encrypted = outgoing.target.is_encrypted();
        let template = template.map(UrlTemplate::value);
        Attempt::new(Parts {
            started,
            watch,
            settings: Arc::clone(settings),
            instruments,
            endpoint,
            method: method.name,
            template,
            is_encrypted,
            is_current,
        })
    }

    fn change(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            telemetry: self.0.telemetry.clone(),
            resolver: Resolver::new(),
            propagate_to: self.0.propagate_to.clone(),
            request_headers: self.0.request_headers.clone(),
            response_headers: self.0.response_headers.clone(),
        };
        change(&mut settings);
        if let Some(telemetry) = &settings.telemetry {
            settings.resolver = Resolver::with(telemetry.clone());
        }
        Self(Arc::new(settings))
    }
}

/// Says whether a context made from `current` for a span that does not record is `current`
/// itself: it has the same ids, and there is no span that records in its place.
fn is_same(current: &Context, made: &Context) -> bool {
    let (current, made) = (current.span(), made.span());
    current.span_context().span_id() == made.span_context().span_id() && !current.is_recording()
}

impl Settings {
    /// Builds the attributes that are known before the request is sent.
    fn describe(
        &self,
        outgoing: Outgoing<'_>,
        method: RequestMethod<'_>,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        conventions: &Conventions,
    ) -> Vec<KeyValue> {
        let captured = self.request_headers.len() + self.response_headers.len();
        let mut attributes = Vec::with_capacity(ATTRIBUTES + captured);
        let keys = &conventions.query_keys;
        attributes.push(KeyValue::new(attr::HTTP_REQUEST_METHOD, method.name));
        if let Some(original) = method.original {
            attributes.push(KeyValue::new(
                attr::HTTP_REQUEST_METHOD_ORIGINAL,
                original.to_owned(),
            ));
        }
        attributes.push(KeyValue::new(attr::URL_FULL, outgoing.target.full(keys)));
        if let Some(address) = endpoint.address() {
            attributes.push(KeyValue::new(attr::SERVER_ADDRESS, Arc::clone(address)));
        }
        if let Some(port) = endpoint.port() {
            attributes.push(KeyValue::new(attr::SERVER_PORT, i64::from(port)));
        }
        if let Some(template) = outgoing.template {
            attributes.push(KeyValue::new(attr::URL_TEMPLATE, template.value()));
        }
        if let Some(count) = client::resend_count(outgoing.earlier) {
            attributes.push(KeyValue::new(attr::HTTP_REQUEST_RESEND_COUNT, count));
        }
        self.request_headers.append(headers, keys, &mut attributes);
        old_names::http_client(&mut attributes, conventions.http);
        attributes
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("telemetry", &self.telemetry)
            .field("propagate_to", &self.propagate_to)
            .field("request_headers", &self.request_headers)
            .field("response_headers", &self.response_headers)
            .finish_non_exhaustive()
    }
}

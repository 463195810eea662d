//! One request from its call to the last byte of its answer.

use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use opentelemetry::{
    Context, KeyValue, StringValue,
    trace::{SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _},
};
use std::{borrow::Cow, fmt, sync::Arc, thread};
use throughline_core::{
    clock::Stopwatch,
    outcome::Outcome,
    semconv::{
        attr,
        http::{protocol_version, server::Incoming, status},
        old_names, rpc,
    },
    telemetry::Started,
};

use super::{
    RequestHead, ResponseHead,
    describe::{self, Asked},
    instruments::ServerInstruments,
    layer::Shared,
    reply,
    route::{self, Route, RouteSlot},
    series::Labels,
};
use crate::body::Frames;

/// A request before its span: in whose context it comes.
pub(super) struct Opening {
    shared: Arc<Shared>,
    instruments: Arc<ServerInstruments>,
    parent: Context,
    /// The span of a caller that is not trusted.
    stranger: Option<SpanContext>,
}

impl Opening {
    pub(super) fn new(shared: &Arc<Shared>, head: RequestHead<'_>) -> Self {
        let instruments = shared.resolver.get();
        let base = shared.resolver.context();
        let remote = instruments.propagation.extract(head.headers, &base);
        let (parent, stranger) = if shared.options.is_public(head) {
            (base, Some(remote.span().span_context().clone()))
        } else {
            (remote, None)
        };
        Self {
            shared: Arc::clone(shared),
            instruments,
            parent,
            stranger,
        }
    }

    /// The context of a request that gets no span.
    pub(super) fn into_context(self) -> Context {
        self.parent
    }

    pub(super) fn start<B>(self, request: &mut Request<B>) -> Exchange {
        let Self {
            shared,
            instruments,
            parent,
            stranger,
        } = self;
        let (options, conventions) = (&shared.options, &instruments.conventions);

        let matched = options.route(RequestHead::from(&*request));
        let matched = matched
            .as_deref()
            .or_else(|| route::matched(request.extensions()));
        let route = instruments.routes.get(matched);
        let slot = route::enter(request.extensions_mut(), route.value().is_some());

        let head = RequestHead::from(&*request);
        let incoming = Incoming::from_parts(
            head.uri,
            head.headers,
            describe::peer(head),
            &options.proxies,
        )
        .tls(options.scheme.map(|scheme| scheme == "https"));
        let method = conventions.methods.name(head.method);
        let own_name = options.span_name(head);
        let is_named = own_name.is_some();

        let watch = Stopwatch::start();
        let name = own_name.unwrap_or_else(|| Cow::Borrowed(route.span_name(method.span_name)));
        let mut builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Server)
            .with_start_time(watch.started_at());
        if let Some(stranger) = stranger.filter(SpanContext::is_valid) {
            builder = builder.with_links(vec![opentelemetry::trace::Link::with_context(stranger)]);
        }
        let started = instruments.tracer.start(&parent, builder, || {
            describe::request(head, &incoming, method, &route, options, conventions)
        });

        let scheme = incoming.scheme();
        if started.provided {
            instruments.add_active(method.name, scheme, 1);
        }
        let mut exchange = Exchange {
            watch,
            method: method.name,
            span_method: method.span_name,
            scheme,
            version: protocol_version(head.version),
            asked: Asked::from(head.method),
            is_event_stream: false,
            is_named,
            grpc: rpc::is_grpc(head.headers).then(|| Grpc::new(head, started.recording)),
            request_bytes: options.body_sizes.then(|| content_length(head)).flatten(),
            response_bytes: 0,
            request_id: None,
            status: None,
            stage: Stage::Head,
            route,
            slot,
            started,
            instruments,
            shared,
        };
        exchange.assign_request_id(request);
        exchange
    }
}

/// One request from its call to the last byte of its answer.
///
/// Whoever owns it owns the duty to end the span. Dropped without an ending, it ends the span
/// as a client that left.
pub struct Exchange {
    shared: Arc<Shared>,
    instruments: Arc<ServerInstruments>,
    started: Started,
    watch: Stopwatch,
    route: Arc<Route>,
    slot: Option<RouteSlot>,
    method: &'static str,
    span_method: &'static str,
    scheme: &'static str,
    version: Option<&'static str>,
    asked: Asked,
    is_event_stream: bool,
    is_named: bool,
    grpc: Option<Grpc>,
    request_bytes: Option<u64>,
    response_bytes: u64,
    request_id: Option<HeaderValue>,
    status: Option<StatusCode>,
    stage: Stage,
}

/// What a gRPC answer says, in its trailers or, without a body, in its head.
struct Grpc {
    /// Kept until the answer tells whether there is such a method.
    method: Option<String>,
    status: Option<rpc::GrpcStatus>,
}

impl Grpc {
    fn new(head: RequestHead<'_>, recording: bool) -> Self {
        let method = recording.then(|| rpc::method(head.uri.path())).flatten();
        Self {
            method: method.map(str::to_owned),
            status: None,
        }
    }

    /// Source: RPC spans, `rpc.method`: a method that the server does not know is `_OTHER`,
    /// since the client could invent any number of them.
    fn method(&mut self) -> StringValue {
        let is_known = self
            .status
            .is_some_and(|status| status.name() != "UNIMPLEMENTED");
        let known = self.method.take().filter(|_| is_known);
        known.map_or_else(|| StringValue::from("_OTHER"), StringValue::from)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Head,
    Body,
    Over,
}

/// What is left to do after the head.
pub(super) enum Next {
    WatchBody,
    Over,
}

impl Exchange {
    /// Returns the context in which the request is served.
    pub(super) fn context(&self) -> &Context {
        &self.started.context
    }

    /// The response head is ready.
    pub(super) fn head<B: Body>(&mut self, response: &mut Response<B>) -> Next {
        let status = response.status();
        self.status = Some(status);
        self.is_event_stream = describe::is_event_stream(response.headers());
        self.read_grpc_status(response.headers());
        self.describe_response(ResponseHead::from(&*response));
        reply::put_trace(
            response.headers_mut(),
            &self.started.context,
            self.shared.options.trace_response,
        );
        if let Some(id) = &self.request_id {
            reply::put_request_id(response.headers_mut(), id);
        }

        if describe::is_upgrade(self.asked, status) {
            self.end(&Outcome::Upgraded);
            return Next::Over;
        }
        let has_body = describe::has_body(self.asked, status);
        if !self.started.provided || !has_body || response.body().is_end_stream() {
            self.end(&Outcome::Completed);
            return Next::Over;
        }
        self.stage = Stage::Body;
        Next::WatchBody
    }

    /// The service returned an error in place of a response.
    pub(super) fn failed<E: 'static>(&mut self, error: &E) {
        self.end(&describe::failure(error));
    }

    /// The service panicked; the panic goes on.
    pub(super) fn panicked(&mut self) {
        self.end(&Outcome::Panicked);
    }

    fn assign_request_id<B>(&mut self, request: &mut Request<B>) {
        if !self.shared.options.request_id {
            return;
        }
        let Some(id) = reply::request_id(request.headers(), &self.started.context) else {
            return;
        };
        if self.started.recording
            && let Ok(text) = id.to_str()
        {
            let span = self.context().span();
            span.set_attribute(KeyValue::new(attr::REQUEST_ID, text.to_owned()));
        }
        reply::put_request_id(request.headers_mut(), &id);
        self.request_id = Some(id);
    }

    fn describe_response(&self, head: ResponseHead<'_>) {
        let options = &self.shared.options;
        if !self.started.recording
            || (options.response_headers.is_empty() && options.on_response.is_none())
        {
            return;
        }
        let mut attributes = Vec::new();
        let keys = &self.instruments.conventions.query_keys;
        options
            .response_headers
            .append(head.headers, keys, &mut attributes);
        options.on_response(head, &mut attributes);
        self.context().span().set_attributes(attributes);
    }

    fn read_grpc_status(&mut self, headers: &http::HeaderMap) {
        if let Some(grpc) = &mut self.grpc {
            grpc.status = rpc::GrpcStatus::from_headers(headers).or(grpc.status);
        }
    }

    /// Ends the span and measures, once.
    fn end(&mut self, outcome: &Outcome) {
        if self.stage == Stage::Over {
            return;
        }
        self.stage = Stage::Over;
        if !self.started.provided {
            return;
        }
        let elapsed = self.watch.elapsed();
        self.learn_route();
        let error = self.error_type(outcome);
        self.measure(elapsed.as_secs_f64(), error.clone());
        if self.started.recording {
            self.describe_end(outcome, error);
            self.context()
                .span()
                .end_with_timestamp(self.watch.at(elapsed));
        }
    }

    /// Takes over a route that became known inside.
    fn learn_route(&mut self) {
        let Some(found) = self.slot.as_ref().and_then(RouteSlot::get) else {
            return;
        };
        self.route = self.instruments.routes.get(Some(found));
        if !self.started.recording {
            return;
        }
        let span = self.started.context.span();
        if let Some(route) = self.route.value() {
            span.set_attribute(KeyValue::new(attr::HTTP_ROUTE, route));
        }
        if !self.is_named {
            span.update_name(self.route.span_name(self.span_method));
        }
    }

    /// Source: HTTP spans, `error.type` and "Status"; RPC spans, `error.type`.
    fn error_type(&self, outcome: &Outcome) -> Option<StringValue> {
        outcome.error_type().or_else(|| {
            let grpc = self.grpc.as_ref().and_then(|grpc| grpc.status);
            if let Some(failed) = grpc.filter(|status| status.is_server_error()) {
                return Some(StringValue::from(failed.name()));
            }
            let failed = self.status.filter(|code| status::is_server_error(*code))?;
            Some(StringValue::from(status::error_type(failed)))
        })
    }

    fn measure(&self, seconds: f64, error: Option<StringValue>) {
        self.instruments.add_active(self.method, self.scheme, -1);
        let labels = Labels {
            method: self.method,
            scheme: self.scheme,
            version: self.version,
            status: self.status,
            error,
        };
        let series = self
            .route
            .series
            .get(&labels, &self.route, &self.instruments);
        series.record_duration(seconds);
        if self.shared.options.body_sizes {
            if let Some(bytes) = self.request_bytes {
                series.record_request_size(bytes, &self.instruments);
            }
            series.record_response_size(self.response_bytes, &self.instruments);
        }
    }

    fn describe_end(&mut self, outcome: &Outcome, error: Option<StringValue>) {
        let status = self.status.map(|status| i64::from(status.as_u16()));
        let sizes = self.shared.options.body_sizes;
        let request_size = self.request_bytes.filter(|_| sizes);
        let response_size = sizes.then_some(self.response_bytes);
        let grpc = self.grpc.as_mut().map(|grpc| (grpc.method(), grpc.status));
        let (rpc_method, rpc_status) = grpc.unzip();
        let is_error = error.is_some();
        let size = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        let attributes = [
            status.map(|status| KeyValue::new(attr::HTTP_RESPONSE_STATUS_CODE, status)),
            error.map(|error| KeyValue::new(attr::ERROR_TYPE, error)),
            (*outcome != Outcome::Completed)
                .then(|| KeyValue::new(attr::THROUGHLINE_OUTCOME, outcome.as_str())),
            request_size.map(|bytes| KeyValue::new(attr::HTTP_REQUEST_BODY_SIZE, size(bytes))),
            response_size.map(|bytes| KeyValue::new(attr::HTTP_RESPONSE_BODY_SIZE, size(bytes))),
            rpc_method
                .is_some()
                .then(|| KeyValue::new(attr::RPC_SYSTEM_NAME, rpc::GRPC)),
            rpc_method.map(|method| KeyValue::new(attr::RPC_METHOD, method)),
            rpc_status
                .flatten()
                .map(|status| KeyValue::new(attr::RPC_RESPONSE_STATUS_CODE, status.name())),
        ];
        let attributes = attributes.into_iter().flatten();
        let span = self.context().span();
        let names = self.instruments.conventions.http;
        if names.old() {
            let mut attributes = attributes.collect();
            old_names::http_server(&mut attributes, names);
            span.set_attributes(attributes);
        } else {
            span.set_attributes(attributes);
        }
        if is_error {
            // The conventions want no description where the status code tells it.
            span.set_status(Status::error(Cow::Borrowed("")));
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let outcome = match self.stage {
            Stage::Over => return,
            _ if thread::panicking() => Outcome::Panicked,
            Stage::Head => Outcome::ClientGoneBeforeHead,
            Stage::Body if self.is_event_stream => Outcome::Cancelled,
            Stage::Body => Outcome::ClientGoneMidBody,
        };
        self.end(&outcome);
    }
}

impl<E: 'static> Frames<E> for Exchange {
    fn context(&self) -> &Context {
        &self.started.context
    }

    fn data(&mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
    }

    fn trailers(&mut self, trailers: &http::HeaderMap) {
        self.read_grpc_status(trailers);
    }

    fn finished(&mut self) {
        self.end(&Outcome::Completed);
    }

    fn failed(&mut self, error: &E) {
        self.end(&Outcome::BodyError(describe::body_failure(error)));
    }

    fn panicked(&mut self) {
        self.end(&Outcome::Panicked);
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("context", &self.started.context)
            .finish_non_exhaustive()
    }
}

fn content_length(head: RequestHead<'_>) -> Option<u64> {
    head.headers
        .get(http::header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

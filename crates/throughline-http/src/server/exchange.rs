//! One request from its call to the last byte of its answer.

use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use opentelemetry::{
    Context, ContextGuard, KeyValue, StringValue,
    baggage::BaggageExt as _,
    trace::{Link, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _},
};
use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use throughline_core::{
    clock::Stopwatch,
    outcome::Outcome,
    semconv::{
        attr,
        http::{protocol_version, server::Incoming, status},
        old_names, rpc,
    },
    telemetry::{Started, Telemetry},
};

use super::{
    RequestHead, ResponseHead,
    describe::{self, Asked},
    endpoint::{Endpoint, Kind},
    instruments::ServerInstruments,
    layer::Shared,
    reply,
    route::{self, RouteSlot, Serving},
};
use crate::body::{CountRequest, Frames, InContext};

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

    /// Says whether anybody wants to know of this request.
    pub(super) fn is_wanted(&self, head: RequestHead<'_>) -> bool {
        self.instruments.tracer.is_provided() && self.shared.options.is_traced(head)
    }

    /// The context of a request that gets no span. `None` is the one that is current anyway.
    pub(super) fn into_context(self) -> Option<Context> {
        let says_more = self.parent.has_active_span()
            || !self.parent.baggage().is_empty()
            || self.parent.get::<Telemetry>().is_some();
        says_more.then_some(self.parent)
    }

    pub(super) fn start<B>(self, request: &mut Request<B>) -> Exchange {
        let Self {
            shared,
            instruments,
            parent,
            stranger,
        } = self;
        let (options, conventions) = (&shared.options, &instruments.conventions);

        let head = RequestHead::from(&*request);
        let given = options.route(head);
        let in_router = route::matched(head.extensions);
        let serving = route::address(in_router);
        let matched = given.as_deref().or(in_router);
        let incoming = Incoming::from_parts(
            head.uri,
            head.headers,
            describe::peer(head),
            &options.proxies,
        )
        .tls(options.scheme.map(|scheme| scheme == "https"));
        let method = conventions.methods.name(head.method);
        let kind = Kind::new(method, incoming.scheme(), protocol_version(head.version));
        let endpoint = instruments.routes.endpoint(matched, kind, &instruments);

        let own_name = options.span_name(head);
        let is_named = own_name.is_some();
        let name = own_name.unwrap_or(Cow::Borrowed(endpoint.span_name()));
        let watch = Stopwatch::start();
        let mut builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Server)
            .with_start_time(watch.started_at());
        if let Some(stranger) = stranger.filter(SpanContext::is_valid) {
            builder = builder.with_links(vec![Link::with_context(stranger)]);
        }
        let started = instruments.tracer.start(&parent, builder, || {
            describe::request(
                head,
                &incoming,
                method,
                endpoint.route(),
                options,
                conventions,
            )
        });
        if started.provided {
            endpoint.add_active(1);
        }

        let grpc = Grpc::of(head, started.recording);
        let request_bytes = options.body_sizes.then(|| content_length(head)).flatten();
        let asked = Asked::from(head.method);
        let slot = matched
            .is_none()
            .then(|| RouteSlot::attach(request.extensions_mut()));
        let mut exchange = Exchange {
            watch,
            asked,
            is_event_stream: false,
            is_named,
            grpc,
            request_bytes,
            request_counter: None,
            response_bytes: 0,
            request_id: None,
            status: None,
            stage: Stage::Head,
            serving,
            endpoint,
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
    endpoint: Arc<Endpoint>,
    slot: Option<RouteSlot>,
    /// The route's address, while the inner service runs.
    serving: usize,
    asked: Asked,
    is_event_stream: bool,
    is_named: bool,
    stage: Stage,
    status: Option<StatusCode>,
    request_bytes: Option<u64>,
    request_counter: Option<Arc<AtomicU64>>,
    response_bytes: u64,
    // Rare, and kept small: an exchange moves from the call to the future to the body.
    grpc: Option<Box<Grpc>>,
    request_id: Option<Box<HeaderValue>>,
}

/// What a gRPC answer says, in its trailers or, without a body, in its head.
struct Grpc {
    /// Kept until the answer tells whether there is such a method.
    method: Option<String>,
    status: Option<rpc::GrpcStatus>,
}

impl Grpc {
    /// Returns nothing for a request that is no gRPC; all of gRPC is sent with POST.
    fn of(head: RequestHead<'_>, recording: bool) -> Option<Box<Self>> {
        if head.method != Method::POST || !rpc::is_grpc(head.headers) {
            return None;
        }
        let method = recording.then(|| rpc::method(head.uri.path())).flatten();
        let method = method.map(str::to_owned);
        Some(Box::new(Self {
            method,
            status: None,
        }))
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
    /// Makes this request's context current, and its route the one that is served.
    pub(super) fn enter(&self) -> (ContextGuard, Serving) {
        (
            self.context().clone().attach(),
            Serving::enter(self.serving),
        )
    }

    /// Says whether the size of the request is asked for, and not told by its head.
    pub(super) fn wants_request_size(&self) -> bool {
        self.shared.options.body_sizes && self.request_bytes.is_none()
    }

    /// Counts the bytes of the request's body as the service reads them.
    pub(super) fn count_request<B, P: CountRequest<B>>(
        &mut self,
        request: Request<B>,
    ) -> Request<B> {
        let counter = Arc::new(AtomicU64::new(0));
        let (head, body) = request.into_parts();
        let (body, is_counted) = P::count(body, &counter);
        self.request_counter = is_counted.then_some(counter);
        Request::from_parts(head, body)
    }

    /// The response head is ready.
    pub(super) fn head<B: Body>(&mut self, response: &mut Response<B>) -> Next {
        let status = response.status();
        self.status = Some(status);
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
        // A body of known size is no event stream, and most bodies are of known size.
        self.is_event_stream = response.body().size_hint().exact().is_none()
            && describe::is_event_stream(response.headers());
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
        self.request_id = Some(Box::new(id));
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
        if let Some(counter) = self.request_counter.take() {
            self.request_bytes = Some(counter.load(Ordering::Relaxed));
        }
        self.learn_route();
        let error = self.error_type(outcome);
        self.measure(elapsed.as_secs_f64(), error.as_ref());
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
        let (instruments, kind) = (&self.instruments, self.endpoint.kind);
        // It was counted as active without its route, and so it is counted out.
        self.endpoint = instruments.routes.endpoint(Some(found), kind, instruments);
        if !self.started.recording {
            return;
        }
        let span = self.started.context.span();
        if let Some(route) = self.endpoint.route() {
            span.set_attribute(KeyValue::new(attr::HTTP_ROUTE, Arc::clone(route)));
        }
        if !self.is_named {
            span.update_name(self.endpoint.span_name());
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

    fn measure(&self, seconds: f64, error: Option<&StringValue>) {
        self.endpoint.add_active(-1);
        let series = self.endpoint.series(self.status, error, &self.instruments);
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

impl InContext for Exchange {
    fn context(&self) -> &Context {
        &self.started.context
    }
}

impl<E: 'static> Frames<E> for Exchange {
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
        self.end(&Outcome::BodyError(describe::error_type(error)));
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

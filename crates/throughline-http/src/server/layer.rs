//! The layer: configuration, and nothing else.

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc};

use throughline_core::{
    semconv::http::{CapturedHeaders, TrustedProxies},
    telemetry::{Resolver, Telemetry},
};
use tower_layer::Layer;

use super::{
    Attributes, RequestHead, ResponseHead, ServerService, TraceResponse,
    instruments::ServerInstruments, options::Options, route,
};
#[cfg(feature = "axum")]
use crate::body::AxumBody;
use crate::body::Wrap;

/// Traces and measures the requests of a server.
///
/// [`ServerLayer::new`] works on any tower HTTP service, `ServerLayer::axum` is the same
/// for an axum router and saves an allocation for each response.
///
/// # Defaults
///
/// | option | default |
/// | --- | --- |
/// | telemetry | the current context's, else the process's |
/// | filter | every request is traced |
/// | caller | trusted: its trace goes on, its sampling decision is followed |
/// | trusted proxies | peers with a loopback or private address, see [`TrustedProxies`] |
/// | captured headers, body sizes, request id, answer header | off |
/// | scheme | the request target's or a trusted proxy's, else `http` |
#[must_use = "a layer does nothing until it is applied"]
pub struct ServerLayer<P = Wrap> {
    shared: Arc<Shared>,
    policy: PhantomData<fn() -> P>,
}

/// What all requests of a layer share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) resolver: Resolver<ServerInstruments>,
}

impl ServerLayer {
    /// Makes a layer for any tower HTTP service.
    pub fn new() -> Self {
        Self::make()
    }
}

#[cfg(feature = "axum")]
impl ServerLayer<AxumBody> {
    /// Makes a layer for services that answer with axum's body, such as its router.
    pub fn axum() -> Self {
        Self::make()
    }
}

impl<P> ServerLayer<P> {
    fn make() -> Self {
        Self {
            shared: Arc::default(),
            policy: PhantomData,
        }
    }

    /// Sends to `telemetry`, and so does what runs inside, unless it was told otherwise.
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        let options = self.shared.options.clone();
        let resolver = Resolver::with(telemetry);
        Self {
            shared: Arc::new(Shared { options, resolver }),
            policy: PhantomData,
        }
    }

    /// Traces only requests for which `filter` says yes.
    ///
    /// The context of the others is still extracted and current: a health check that calls
    /// another service does not break the trace it belongs to.
    pub fn with_filter(
        self,
        filter: impl Fn(RequestHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.change(|options| options.filter = Some(Arc::new(filter)))
    }

    /// Treats callers for which `is_public` says yes as strangers.
    ///
    /// Their trace is linked, not continued, and whether they sampled it counts for nothing:
    /// else anybody could spend the trace budget. Their baggage is not taken over.
    pub fn with_public_endpoint(
        self,
        is_public: impl Fn(RequestHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.change(|options| options.public_endpoint = Some(Arc::new(is_public)))
    }

    /// Names spans, in place of `{method} {route}`. `None` leaves the usual name.
    ///
    /// Keep the number of names small: tools group by them.
    pub fn with_span_name(
        self,
        name: impl Fn(RequestHead<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.change(|options| options.span_name = Some(Arc::new(name)))
    }

    /// Finds the route of a request, where it is not in axum's `MatchedPath`.
    ///
    /// It labels metrics: give templates, never paths.
    pub fn with_route(
        self,
        route: impl Fn(RequestHead<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.change(|options| options.route = Some(Arc::new(route)))
    }

    /// Adds attributes when the span starts. Not called for a span that does not record.
    pub fn on_request(
        self,
        hook: impl Fn(RequestHead<'_>, &mut Attributes) + Send + Sync + 'static,
    ) -> Self {
        self.change(|options| options.on_request = Some(Arc::new(hook)))
    }

    /// Adds attributes when the response head is ready. Not called for a span that does not
    /// record.
    pub fn on_response(
        self,
        hook: impl Fn(ResponseHead<'_>, &mut Attributes) + Send + Sync + 'static,
    ) -> Self {
        self.change(|options| options.on_response = Some(Arc::new(hook)))
    }

    /// Believes `Forwarded` and `X-Forwarded-*` from these proxies, and from no others.
    pub fn with_trusted_proxies(self, proxies: TrustedProxies) -> Self {
        self.change(|options| options.proxies = proxies)
    }

    /// Captures these request headers as `http.request.header.<name>`.
    pub fn with_request_headers(self, headers: CapturedHeaders) -> Self {
        self.change(|options| options.request_headers = headers)
    }

    /// Captures these response headers as `http.response.header.<name>`.
    pub fn with_response_headers(self, headers: CapturedHeaders) -> Self {
        self.change(|options| options.response_headers = headers)
    }

    /// Says that this server answers `https`, where a request's target does not tell.
    pub fn with_https(self) -> Self {
        self.change(|options| options.scheme = Some("https"))
    }

    /// Records the sizes of request and response bodies, as attributes and metrics.
    ///
    /// A response's bytes are counted as they pass. A request's are those of its
    /// `Content-Length`, else those that the service read of axum's body; another body without a
    /// length has no size.
    pub fn with_body_sizes(self) -> Self {
        self.change(|options| options.body_sizes = true)
    }

    /// Gives each request an id.
    ///
    /// It is `x-request-id` as the caller sent it, else the trace id. It stands on the span
    /// as `request.id`, in the request for the service, and in the response's `x-request-id`.
    /// A request that gets no span gets no id either.
    pub fn with_request_id(self) -> Self {
        self.change(|options| options.request_id = true)
    }

    /// Tells the caller the id of the trace in a response header.
    pub fn with_trace_response(self, header: TraceResponse) -> Self {
        self.change(|options| options.trace_response = header)
    }

    fn change(mut self, change: impl FnOnce(&mut Options)) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            change(&mut shared.options);
            return self;
        }
        // A clone is in use somewhere: it keeps its options.
        let mut options = self.shared.options.clone();
        change(&mut options);
        let resolver = self.shared.resolver.clone();
        Self {
            shared: Arc::new(Shared { options, resolver }),
            policy: PhantomData,
        }
    }
}

impl Default for ServerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> Clone for ServerLayer<P> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            policy: PhantomData,
        }
    }
}

impl<S: 'static, P> Layer<S> for ServerLayer<P> {
    type Service = ServerService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerService::new(route::told_by_router(inner), Arc::clone(&self.shared))
    }
}

impl<P> fmt::Debug for ServerLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerLayer")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

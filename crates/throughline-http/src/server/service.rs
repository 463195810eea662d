//! The service: what happens when a request comes.

use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{self, Poll},
};

use http::{Request, Response};
use http_body::Body;
use opentelemetry::Context;
use tower_service::Service;

use super::{
    RequestHead,
    exchange::{Exchange, Opening},
    future::ResponseFuture,
    layer::Shared,
    route,
};
use crate::body::{BodyPolicy, CountRequest, Wrap};

/// A service whose requests are traced: what [`ServerLayer`](super::ServerLayer) makes.
pub struct ServerService<S, P = Wrap> {
    inner: S,
    shared: Arc<Shared>,
    policy: PhantomData<fn() -> P>,
}

impl<S, P> ServerService<S, P> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self {
            inner,
            shared,
            policy: PhantomData,
        }
    }

    /// Returns the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, P, RequestBody, ResponseBody> Service<Request<RequestBody>> for ServerService<S, P>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    S::Error: 'static,
    ResponseBody: Body,
    ResponseBody::Error: 'static,
    P: BodyPolicy<ResponseBody, Exchange> + CountRequest<RequestBody>,
{
    type Response = Response<P::Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, P>;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        // A request passes two layers if a router and one nested in it both have theirs. It
        // is one request: the outer span stays, the inner layer only tells the route.
        if route::is_entered(request.extensions()) {
            route::tell(request.extensions());
            return ResponseFuture::untraced(self.inner.call(request), None);
        }

        let opening = Opening::new(&self.shared, RequestHead::from(&request));
        if !opening.is_wanted(RequestHead::from(&request)) {
            let context = opening.into_context();
            let future = {
                let _guard = context.clone().map(Context::attach);
                self.inner.call(request)
            };
            return ResponseFuture::untraced(future, context);
        }

        let mut exchange = opening.start(&mut request);
        if exchange.wants_request_size() {
            request = exchange.count_request::<_, P>(request);
        }
        let future = {
            // A panic in the call drops the exchange, which notices it.
            let _entered = exchange.enter();
            self.inner.call(request)
        };
        ResponseFuture::traced(future, exchange)
    }
}

impl<S: Clone, P> Clone for ServerService<S, P> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.shared))
    }
}

impl<S: fmt::Debug, P> fmt::Debug for ServerService<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

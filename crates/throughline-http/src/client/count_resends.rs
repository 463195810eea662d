//! Numbering the attempts at one request.

use std::task::{self, Poll};

use http::Request;
use throughline_core::http_client::ResendCount;
use tower_layer::Layer;
use tower_service::Service;

/// Numbers the attempts at a request: `http.request.resend_count`.
///
/// It belongs above a layer that sends a request more than once, with a
/// [`ClientLayer`](super::ClientLayer) below that. A retry layer clones the request before
/// anything below has seen it, so the count has to be there first.
///
/// ```
/// # use std::future::{Ready, ready};
/// use throughline_http::client::{ClientLayer, CountResendsLayer};
/// use tower::{ServiceBuilder, retry::RetryLayer};
///
/// # #[derive(Clone)]
/// # struct Thrice;
/// # impl<Q: Clone, R, E> tower::retry::Policy<Q, R, E> for Thrice {
/// #     type Future = Ready<()>;
/// #     fn retry(&mut self, _: &mut Q, _: &mut Result<R, E>) -> Option<Ready<()>> { None }
/// #     fn clone_request(&mut self, request: &Q) -> Option<Q> { Some(request.clone()) }
/// # }
/// # fn stack<S>(client: S) {
/// let client = ServiceBuilder::new()
///     .layer(CountResendsLayer::new())
///     .layer(RetryLayer::new(Thrice))
///     .layer(ClientLayer::new())
///     .service(client);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CountResendsLayer;

impl CountResendsLayer {
    /// Makes the layer.
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for CountResendsLayer {
    type Service = CountResends<S>;

    fn layer(&self, inner: S) -> CountResends<S> {
        CountResends { inner }
    }
}

/// The service of [`CountResendsLayer`].
#[derive(Clone, Debug)]
pub struct CountResends<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for CountResends<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        // A count that is there already belongs to a layer above that also sends it again.
        request
            .extensions_mut()
            .get_or_insert_default::<ResendCount>();
        self.inner.call(request)
    }
}

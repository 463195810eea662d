//! Numbering the attempts at one request.

use std::task::{self, Poll};

use opentelemetry::Context;
use reqwest::Request;
use throughline_core::{context::Attached, http_client::ResendCount};
use tower_layer::Layer;
use tower_service::Service;

/// Numbers the attempts at a request: `http.request.resend_count`.
///
/// It belongs above a layer that sends a request more than once, with a [`Client`] or a
/// [`ClientLayer`] below that. A request of reqwest cannot carry the count, so the current
/// context does: the layers between must not move the request to another task.
///
/// [`Client`]: crate::Client
/// [`ClientLayer`]: crate::ClientLayer
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

impl<S: Service<Request>> Service<Request> for CountResends<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Attached<S::Future>;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let context = Context::map_current(|current| match current.get::<ResendCount>() {
            // A count that is there already belongs to a layer above that also sends again.
            Some(_) => current.clone(),
            None => current.with_value(ResendCount::new()),
        });
        let future = {
            let _guard = context.clone().attach();
            self.inner.call(request)
        };
        Attached::new(future, context)
    }
}

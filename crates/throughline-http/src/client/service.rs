//! The service that the layer makes.

use std::{
    fmt,
    marker::PhantomData,
    mem,
    task::{self, Poll},
};

use http::{Request, Response};
use throughline_core::http_client::Attempts;
use tower_service::Service;

use super::{ErrorsOf, ResponseFuture};

/// A client whose requests are traced: what [`ClientLayer`](super::ClientLayer) makes.
///
/// The inner service is called at the first poll of the response future. So it has to be
/// `Clone`, as clients are: the one that is ready goes with the future.
pub struct ClientService<S, X> {
    inner: S,
    attempts: Attempts,
    errors: PhantomData<fn() -> X>,
}

impl<S, X> ClientService<S, X> {
    pub(super) fn new(inner: S, attempts: Attempts) -> Self {
        Self {
            inner,
            attempts,
            errors: PhantomData,
        }
    }

    /// Returns the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, X, B, R> Service<Request<B>> for ClientService<S, X>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    X: ErrorsOf<S::Error>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, X>;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let next = self.inner.clone();
        let ready = mem::replace(&mut self.inner, next);
        ResponseFuture::new(ready, request, self.attempts.clone())
    }
}

impl<S: Clone, X> Clone for ClientService<S, X> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.attempts.clone())
    }
}

impl<S: fmt::Debug, X> fmt::Debug for ClientService<S, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientService")
            .field("inner", &self.inner)
            .field("attempts", &self.attempts)
            .finish()
    }
}

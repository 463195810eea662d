//! The client as a tower service, and the layer for reqwest's own.

use std::{
    fmt, mem,
    pin::Pin,
    task::{self, Poll},
};

use opentelemetry::Context;
use reqwest::{Request, Response};
use throughline_core::http_client::Attempts;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Client, Settings,
    attempt::{as_is, count, end, start},
};

/// The future of the services of this crate.
pub type ResponseFuture<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

impl Service<Request> for Client {
    type Response = Response;
    type Error = reqwest::Error;
    type Future = ResponseFuture<reqwest::Error>;

    fn poll_ready(&mut self, _task: &mut task::Context<'_>) -> Poll<Result<(), reqwest::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(self.execute(request))
    }
}

/// Traces a [`reqwest::Client`] that is used as a tower service, or a stack above one.
///
/// Redirects that reqwest follows are within one span.
#[derive(Clone, Debug, Default)]
pub struct ClientLayer {
    attempts: Attempts,
}

impl ClientLayer {
    /// Makes the layer with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the layer with settings.
    pub fn with(settings: Settings) -> Self {
        Self {
            attempts: settings.into_attempts(),
        }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService {
            inner,
            attempts: self.attempts.clone(),
        }
    }
}

/// The service of [`ClientLayer`].
#[derive(Clone)]
pub struct ClientService<S> {
    inner: S,
    attempts: Attempts,
}

impl<S> Service<Request> for ClientService<S>
where
    S: Service<Request, Response = Response, Error = reqwest::Error> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = reqwest::Error;
    type Future = ResponseFuture<reqwest::Error>;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), reqwest::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let next = self.inner.clone();
        // The one that is ready goes with the future, which calls it when it is polled.
        let mut ready = mem::replace(&mut self.inner, next);
        let attempts = self.attempts.clone();
        Box::pin(async move {
            let mut request = request;
            let current = Context::current();
            let earlier = count(&current, 0);
            let attempt = start(&attempts, &current, &mut request, None, earlier);
            drop(current);
            let (result, attempt) = attempt.send(|| ready.call(request)).await;
            end(attempt, &result, as_is);
            result
        })
    }
}

impl<S: fmt::Debug> fmt::Debug for ClientService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientService")
            .field("inner", &self.inner)
            .field("attempts", &self.attempts)
            .finish()
    }
}

//! A middleware for reqwest-middleware.

use std::error::Error as StdError;

use async_trait::async_trait;
use http::Extensions;
use opentelemetry::Context;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};
use throughline_core::http_client::{Attempts, ResendCount, UrlTemplate};

use crate::{
    Settings,
    attempt::{end, start},
};

/// Traces the requests of a client of reqwest-middleware.
///
/// It belongs below a middleware that sends a request more than once, that is, after it in
/// the order of `with`: then every attempt is a span of its own, and numbered. A
/// [`UrlTemplate`] in the extensions of a request names its span. Redirects that reqwest
/// follows are within one span.
///
/// ```
/// use reqwest_middleware::ClientBuilder;
/// use throughline_reqwest::TraceMiddleware;
///
/// # fn client(plain: reqwest::Client) {
/// let client = ClientBuilder::new(plain).with(TraceMiddleware::new()).build();
/// # drop(client);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TraceMiddleware {
    attempts: Attempts,
}

impl TraceMiddleware {
    /// Makes the middleware with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the middleware with settings.
    pub fn with(settings: Settings) -> Self {
        Self {
            attempts: settings.into_attempts(),
        }
    }
}

#[async_trait]
impl Middleware for TraceMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        // A retry gives the same extensions to every attempt.
        let earlier = extensions.get_or_insert_default::<ResendCount>().next();
        let template = extensions.get::<UrlTemplate>().cloned();
        let mut request = request;
        let current = Context::current();
        let template = template.as_ref();
        let attempt = start(&self.attempts, &current, &mut request, template, earlier);
        drop(current);
        let (result, attempt) = attempt.send(|| next.run(request, extensions)).await;
        end(attempt, &result, look);
        result
    }
}

fn look(error: &Error) -> &(dyn StdError + 'static) {
    match error {
        Error::Middleware(error) => error.as_ref(),
        Error::Reqwest(error) => error,
    }
}

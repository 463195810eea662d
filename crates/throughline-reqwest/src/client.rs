//! The client.

use std::{fmt, sync::Arc};

use reqwest::{IntoUrl, Method, Request, Response};
use throughline_core::http_client::{Attempts, UrlTemplate};

use crate::{ClientBuilder, RequestBuilder, Settings, execute::Execute, redirect::Redirects};

/// A [`reqwest::Client`] whose requests are traced.
///
/// It has the methods of reqwest's, and gives reqwest's responses and errors. Cloning is
/// cheap, and clones share the connections.
///
/// # Redirects
///
/// A client made by [`new`](Self::new) or [`builder`](Self::builder) follows redirects as
/// reqwest does: ten at most, without credentials to another host. But every hop is a span
/// and asks anew whether the trace context may go to its host. A client made
/// [from](Self::from) one of reqwest's leaves redirects to that: they are all within one
/// span, and the trace headers go where the redirects lead.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) attempts: Attempts,
    /// How redirects are followed, unless that is left to reqwest.
    pub(crate) redirects: Option<Redirects>,
}

impl Client {
    /// Makes a client with its defaults.
    ///
    /// # Panics
    ///
    /// Panics where [`reqwest::Client::new`] does: if TLS cannot be set up, or the system's
    /// resolver cannot be read.
    pub fn new() -> Self {
        Self::builder()
            .build()
            .expect("TLS and the system's resolver can be set up")
    }

    /// Starts to build a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Wraps a client of reqwest. [`from`](Self::from) is the same with the default settings.
    pub fn wrap(client: reqwest::Client, settings: Settings) -> Self {
        Self::from_parts(client, settings, None)
    }

    pub(crate) fn from_parts(
        inner: reqwest::Client,
        settings: Settings,
        redirects: Option<Redirects>,
    ) -> Self {
        Self {
            inner,
            shared: Arc::new(Shared {
                attempts: settings.into_attempts(),
                redirects,
            }),
        }
    }

    /// Starts a GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Starts a POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Starts a PUT request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Starts a PATCH request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Starts a DELETE request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Starts a HEAD request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Starts a request.
    ///
    /// A URL that cannot be parsed makes [`send`](RequestBuilder::send) fail, without a span.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::new(self.inner.request(method, url), Arc::clone(&self.shared))
    }

    /// Sends a request.
    ///
    /// The span starts when the future is first polled, and ends at the head of the
    /// response. A future that is dropped before was cancelled, which is no error.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::Client::execute`].
    pub fn execute(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response, reqwest::Error>> + Send + use<> {
        let Self { inner, shared } = self.clone();
        shared.execute(inner, Ok(request), None)
    }

    /// Returns the client of reqwest. What is sent through it is not traced.
    pub fn get_ref(&self) -> &reqwest::Client {
        &self.inner
    }
}

impl Shared {
    /// Sends a request, and follows the redirects in its responses.
    pub(crate) fn execute(
        self: Arc<Self>,
        client: reqwest::Client,
        request: Result<Request, reqwest::Error>,
        template: Option<UrlTemplate>,
    ) -> impl Future<Output = Result<Response, reqwest::Error>> + Send + use<> {
        let make = |client: &reqwest::Client, request| client.execute(request);
        Execute::new(self, client, make, request, template)
    }

    /// Puts a client together again that was taken apart.
    pub(crate) fn client(self: Arc<Self>, inner: reqwest::Client) -> Client {
        Client {
            inner,
            shared: self,
        }
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

/// Wraps a client of reqwest, which goes on following redirects by itself.
impl From<reqwest::Client> for Client {
    fn from(client: reqwest::Client) -> Self {
        Self::wrap(client, Settings::new())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("inner", &self.inner)
            .field("attempts", &self.shared.attempts)
            .field("redirects", &self.shared.redirects)
            .finish()
    }
}

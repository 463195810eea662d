//! Building a request.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{
    Body, Request, Response, Version,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use throughline_core::http_client::UrlTemplate;

use crate::{Client, client::Shared};

/// A request in the making, as [`reqwest::RequestBuilder`].
#[must_use = "a request is not sent before `send`"]
pub struct RequestBuilder {
    inner: reqwest::RequestBuilder,
    shared: Arc<Shared>,
    template: Option<UrlTemplate>,
}

impl RequestBuilder {
    pub(crate) fn new(inner: reqwest::RequestBuilder, shared: Arc<Shared>) -> Self {
        Self {
            inner,
            shared,
            template: None,
        }
    }

    /// Names the span `{method} {template}`, and labels it and the metric with `url.template`.
    ///
    /// The template must not hold ids: `/users/{id}`, not `/users/17`.
    pub fn url_template(mut self, template: impl Into<UrlTemplate>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// Adds a header.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.map(|inner| inner.header(name, value))
    }

    /// Adds headers; they replace those of the same name.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.map(|inner| inner.headers(headers))
    }

    /// Sends a user name and a password.
    pub fn basic_auth<U: fmt::Display, P: fmt::Display>(
        self,
        username: U,
        password: Option<P>,
    ) -> Self {
        self.map(|inner| inner.basic_auth(username, password))
    }

    /// Sends a bearer token.
    pub fn bearer_auth<T: fmt::Display>(self, token: T) -> Self {
        self.map(|inner| inner.bearer_auth(token))
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.map(|inner| inner.body(body))
    }

    /// Limits the time from the start of the request to the end of the response's body.
    ///
    /// It holds for all redirects together.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.map(|inner| inner.timeout(timeout))
    }

    /// Sets the version of HTTP.
    pub fn version(self, version: Version) -> Self {
        self.map(|inner| inner.version(version))
    }

    /// Adds to the query of the URL.
    #[cfg(feature = "query")]
    pub fn query<T: serde::Serialize + ?Sized>(self, query: &T) -> Self {
        self.map(|inner| inner.query(query))
    }

    /// Sends a form.
    #[cfg(feature = "form")]
    pub fn form<T: serde::Serialize + ?Sized>(self, form: &T) -> Self {
        self.map(|inner| inner.form(form))
    }

    /// Sends JSON.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, json: &T) -> Self {
        self.map(|inner| inner.json(json))
    }

    /// Changes the request by a method that is not here, such as `multipart`.
    pub fn map(
        self,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Self {
        Self {
            inner: change(self.inner),
            ..self
        }
    }

    /// Sends the request.
    ///
    /// The span starts when the future is first polled, and ends at the head of the
    /// response. A future that is dropped before was cancelled, which is no error.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::send`].
    pub fn send(self) -> impl Future<Output = Result<Response, reqwest::Error>> + Send + use<> {
        let Self {
            inner,
            shared,
            template,
        } = self;
        let (client, request) = inner.build_split();
        shared.execute(client, request, template)
    }

    /// Builds the request, to send it with [`Client::execute`].
    ///
    /// The [template](Self::url_template) is lost.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::build`].
    pub fn build(self) -> Result<Request, reqwest::Error> {
        self.inner.build()
    }

    /// Builds the request, as [`build`](Self::build), and returns the client beside it.
    pub fn build_split(self) -> (Client, Result<Request, reqwest::Error>) {
        let (inner, request) = self.inner.build_split();
        (self.shared.client(inner), request)
    }

    /// Clones the request. `None` if its body is a stream.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self {
            inner: self.inner.try_clone()?,
            shared: Arc::clone(&self.shared),
            template: self.template.clone(),
        })
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("inner", &self.inner)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

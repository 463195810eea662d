//! What a client knows before it sends.

use std::borrow::Cow;

use http::{HeaderMap, Method, Uri};
use opentelemetry::StringValue;
use url::Url;

use crate::{
    redact::{self, QueryKeys},
    semconv::http::{Authority, client},
};

/// A request that is about to be sent, without its headers.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Outgoing<'a> {
    /// The method.
    pub method: &'a Method,
    /// Where it goes.
    pub target: Target<'a>,
    /// The low-cardinality template of the target, if the caller gave one.
    pub template: Option<&'a UrlTemplate>,
    /// How often the request was sent before.
    pub earlier: u32,
}

impl<'a> Outgoing<'a> {
    /// Describes a first attempt without a template.
    pub fn new(method: &'a Method, target: Target<'a>) -> Self {
        Self {
            method,
            target,
            template: None,
            earlier: 0,
        }
    }

    /// Names the target's template.
    #[must_use]
    pub fn with_template(self, template: Option<&'a UrlTemplate>) -> Self {
        Self { template, ..self }
    }

    /// Says how often the request was sent before.
    #[must_use]
    pub fn with_earlier(self, earlier: u32) -> Self {
        Self { earlier, ..self }
    }
}

/// Where a request goes, in the form that the client has it.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// As hyper and tower have it.
    Uri(&'a Uri),
    /// As reqwest has it.
    Url(&'a Url),
}

impl<'a> Target<'a> {
    /// Returns the host and port; from `Host` if the target has none.
    pub(super) fn server(self, headers: &'a HeaderMap) -> Option<Authority<'a>> {
        match self {
            Self::Uri(uri) => client::server(uri, headers),
            Self::Url(url) => client::server_of_url(url),
        }
    }

    /// Returns `url.full`.
    pub(super) fn full(self, keys: &QueryKeys) -> String {
        match self {
            Self::Uri(uri) => client::url_full(uri, keys),
            Self::Url(url) if is_plain(url) => url.as_str().to_owned(),
            Self::Url(url) => redact::url(url.as_str(), keys).into_owned(),
        }
    }

    /// Says whether the connection is encrypted.
    pub(super) fn is_encrypted(self) -> bool {
        match self {
            Self::Uri(uri) => uri.scheme_str() == Some("https"),
            Self::Url(url) => url.scheme() == "https",
        }
    }
}

/// Says whether a URL has no part that could hold a secret, so that nobody has to search it.
fn is_plain(url: &Url) -> bool {
    url.query().is_none() && url.fragment().is_none() && !url.as_str().contains('@')
}

/// The template of an outgoing URL, such as `/users/{id}`: `url.template`.
///
/// As an extension of a request it names the span `{method} {template}` and labels the
/// metric. So it must not hold ids: at most a few hundred different ones for one service.
///
/// Source: HTTP spans, `url.template` (opt-in).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTemplate(StringValue);

impl UrlTemplate {
    /// Makes a template. A literal costs nothing.
    pub fn new(template: impl Into<Cow<'static, str>>) -> Self {
        Self(match template.into() {
            Cow::Borrowed(template) => template.into(),
            Cow::Owned(template) => std::sync::Arc::<str>::from(template).into(),
        })
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn value(&self) -> StringValue {
        self.0.clone()
    }
}

impl From<&'static str> for UrlTemplate {
    fn from(template: &'static str) -> Self {
        Self::new(template)
    }
}

impl From<String> for UrlTemplate {
    fn from(template: String) -> Self {
        Self::new(template)
    }
}

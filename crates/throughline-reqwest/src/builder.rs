//! Building a client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Proxy,
    dns::Resolve,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use throughline_core::{http_client::PropagateTo, telemetry::Telemetry};

use crate::{
    Client, Settings,
    redirect::{self, Redirects},
};

/// Builds a [`Client`], as [`reqwest::ClientBuilder`] builds its own.
///
/// It has the settings that services need most. For another one, build a client of reqwest
/// and wrap it with [`Client::wrap`]; then reqwest follows redirects itself.
#[derive(Debug)]
#[must_use = "a client is not built before `build`"]
pub struct ClientBuilder {
    inner: reqwest::ClientBuilder,
    settings: Settings,
    redirects: Option<Redirects>,
    default_headers: HeaderMap,
    referer: bool,
    timeout: Option<Duration>,
}

impl ClientBuilder {
    /// Starts from reqwest's defaults.
    pub fn new() -> Self {
        Self {
            inner: reqwest::Client::builder(),
            settings: Settings::new(),
            redirects: Some(Redirects::default()),
            default_headers: HeaderMap::new(),
            referer: true,
            timeout: None,
        }
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::ClientBuilder::build`].
    pub fn build(self) -> Result<Client, reqwest::Error> {
        let Self {
            mut inner,
            settings,
            redirects,
            default_headers,
            referer,
            timeout,
        } = self;
        let redirects = match redirects {
            None => {
                inner = inner
                    .redirect(Policy::none())
                    .default_headers(default_headers);
                None
            }
            Some(redirects) => {
                inner = inner.redirect(redirect::policy());
                Some(Redirects {
                    referer,
                    timeout,
                    default_headers,
                    ..redirects
                })
            }
        };
        Ok(Client::from_parts(inner.build()?, settings, redirects))
    }

    /// Sends spans and metrics to `telemetry`, whatever the current context says.
    pub fn telemetry(self, telemetry: Telemetry) -> Self {
        self.set(|settings| settings.telemetry(telemetry))
    }

    /// Sends the trace context to these hosts only; by default to all.
    ///
    /// Every hop of a redirect is asked about anew. From requests to other hosts trace
    /// headers are removed if they have some.
    pub fn propagate_to(self, hosts: PropagateTo) -> Self {
        self.set(|settings| settings.propagate_to(hosts))
    }

    /// Records these request headers as `http.request.header.<name>`.
    ///
    /// Credentials are recorded as `REDACTED`, even when they are listed.
    pub fn capture_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|settings| settings.capture_request_headers(names))
    }

    /// Records these response headers as `http.response.header.<name>`.
    ///
    /// Credentials are recorded as `REDACTED`, even when they are listed.
    pub fn capture_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|settings| settings.capture_response_headers(names))
    }

    /// Follows this many redirects, ten by default; one more is an error.
    pub fn max_redirects(self, max: usize) -> Self {
        Self {
            redirects: Some(Redirects {
                max,
                ..Redirects::default()
            }),
            ..self
        }
    }

    /// Gives redirects to the caller.
    pub fn no_redirects(self) -> Self {
        Self {
            redirects: None,
            ..self
        }
    }

    /// Sends `Referer` with redirects; on by default.
    pub fn referer(self, on: bool) -> Self {
        Self {
            referer: on,
            ..self
        }
    }

    /// Sends these headers with every request that does not have them.
    ///
    /// Credentials among them are not sent along with a redirect to another host.
    pub fn default_headers(mut self, headers: HeaderMap) -> Self {
        self.default_headers.extend(headers);
        self
    }

    /// Limits the time from the start of a request to the end of the response's body; none
    /// by default. It holds for all redirects together.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self.map(|inner| inner.timeout(timeout))
    }

    /// Limits the time in which nothing is read; none by default.
    pub fn read_timeout(self, timeout: Duration) -> Self {
        self.map(|inner| inner.read_timeout(timeout))
    }

    /// Limits the time in which a connection is made; none by default.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.map(|inner| inner.connect_timeout(timeout))
    }

    /// Sends this `User-Agent`.
    pub fn user_agent<V>(self, value: V) -> Self
    where
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.map(|inner| inner.user_agent(value))
    }

    /// Refuses URLs other than `https`; off by default.
    pub fn https_only(self, on: bool) -> Self {
        self.map(|inner| inner.https_only(on))
    }

    /// Sends requests through a proxy.
    pub fn proxy(self, proxy: Proxy) -> Self {
        self.map(|inner| inner.proxy(proxy))
    }

    /// Uses no proxy, not even the system's.
    pub fn no_proxy(self) -> Self {
        self.map(reqwest::ClientBuilder::no_proxy)
    }

    /// Closes a connection that was idle this long; 90 seconds by default.
    pub fn pool_idle_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.map(|inner| inner.pool_idle_timeout(timeout))
    }

    /// Keeps this many idle connections to a host; any number by default.
    pub fn pool_max_idle_per_host(self, max: usize) -> Self {
        self.map(|inner| inner.pool_max_idle_per_host(max))
    }

    /// Sends TCP keep-alive probes after this time.
    pub fn tcp_keepalive(self, after: impl Into<Option<Duration>>) -> Self {
        self.map(|inner| inner.tcp_keepalive(after))
    }

    /// Sends small packets at once; on by default.
    pub fn tcp_nodelay(self, on: bool) -> Self {
        self.map(|inner| inner.tcp_nodelay(on))
    }

    /// Uses HTTP/1 only.
    pub fn http1_only(self) -> Self {
        self.map(reqwest::ClientBuilder::http1_only)
    }

    /// Uses HTTP/2 without asking the other end.
    #[cfg(feature = "http2")]
    pub fn http2_prior_knowledge(self) -> Self {
        self.map(reqwest::ClientBuilder::http2_prior_knowledge)
    }

    /// Finds a domain at this address instead of asking for it.
    pub fn resolve(self, domain: &str, address: SocketAddr) -> Self {
        self.map(|inner| inner.resolve(domain, address))
    }

    /// Resolves names this way.
    pub fn dns_resolver(self, resolver: Arc<impl Resolve + 'static>) -> Self {
        self.map(|inner| inner.dns_resolver(resolver))
    }

    /// Trusts these certificates beside the system's.
    #[cfg(feature = "rustls")]
    pub fn tls_certs_merge(
        self,
        certificates: impl IntoIterator<Item = reqwest::Certificate>,
    ) -> Self {
        self.map(|inner| inner.tls_certs_merge(certificates))
    }

    /// Trusts these certificates and no others.
    #[cfg(feature = "rustls")]
    pub fn tls_certs_only(
        self,
        certificates: impl IntoIterator<Item = reqwest::Certificate>,
    ) -> Self {
        self.map(|inner| inner.tls_certs_only(certificates))
    }

    /// Shows this certificate to the server.
    #[cfg(feature = "rustls")]
    pub fn identity(self, identity: reqwest::Identity) -> Self {
        self.map(|inner| inner.identity(identity))
    }

    fn set(self, change: impl FnOnce(Settings) -> Settings) -> Self {
        Self {
            settings: change(self.settings),
            ..self
        }
    }

    fn map(self, change: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Self {
        Self {
            inner: change(self.inner),
            ..self
        }
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

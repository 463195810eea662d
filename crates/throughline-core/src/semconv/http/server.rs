//! The server's side of a request.
//!
//! Source: HTTP spans, "HTTP server" and "Setting `server.address` and `server.port` attributes".

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, HeaderMap, USER_AGENT};
use http::{Request, Uri};
use opentelemetry::StringValue;

use super::forwarded::{self, Node, X_FORWARDED_HOST, X_FORWARDED_PROTO};
use super::{Authority, RequestMethod, TrustedProxies};
use crate::redact::{self, QueryKeys};

/// Names a server span: `{method} {route}`, or `{method}` where no route matched; never the path.
///
/// HTTP spans, "Name". Allocates only with a route.
pub fn span_name(method: RequestMethod<'_>, route: Option<&str>) -> Cow<'static, str> {
    super::client::span_name(method, route)
}

/// A request as it arrived, with what proxies say about it.
///
/// Made from borrowed parts, and cheap to make: every answer is worked out when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    uri: &'a Uri,
    headers: &'a HeaderMap,
    peer: Option<SocketAddr>,
    tls: Option<bool>,
    proxies: &'a TrustedProxies,
    believed: bool,
}

impl<'a> Incoming<'a> {
    /// Describes a request that came over a connection from `peer`.
    pub fn new<B>(
        request: &'a Request<B>,
        peer: Option<SocketAddr>,
        proxies: &'a TrustedProxies,
    ) -> Self {
        Self::from_parts(request.uri(), request.headers(), peer, proxies)
    }

    /// Describes a request by its target and headers.
    pub fn from_parts(
        uri: &'a Uri,
        headers: &'a HeaderMap,
        peer: Option<SocketAddr>,
        proxies: &'a TrustedProxies,
    ) -> Self {
        Self {
            uri,
            headers,
            peer,
            tls: None,
            proxies,
            believed: proxies.trusts_peer(peer),
        }
    }

    /// Says whether the connection is encrypted, where the caller knows.
    #[must_use]
    pub fn tls(mut self, tls: Option<bool>) -> Self {
        self.tls = tls;
        self
    }

    /// Gives `url.scheme`, always `http` or `https`.
    ///
    /// From the first of: `proto` of the first `Forwarded` element, `X-Forwarded-Proto` (both from trusted peers only), the
    /// target's scheme, what is known about TLS, `http`. A value that is no scheme of HTTP (`ws` and `wss` are, they begin as
    /// HTTP) is passed over: the scheme is a metric label and must not be the client's to invent.
    pub fn scheme(&self) -> &'static str {
        self.forwarded_proto()
            .or_else(|| known_scheme(self.uri.scheme_str()?))
            .unwrap_or(if self.tls == Some(true) {
                "https"
            } else {
                "http"
            })
    }

    /// Gives `server.address` and `server.port`.
    ///
    /// From the first of: `host` of the first `Forwarded` element, `X-Forwarded-Host` (both from trusted peers only), the
    /// target's authority (`:authority` of HTTP/2, absolute and authority form of HTTP/1), `Host`. A source that holds no valid
    /// host is passed over. The port is absent where it was not written.
    pub fn server(&self) -> Option<Authority<'a>> {
        self.server_by(Authority::parse)
    }

    /// Does what [`server`](Self::server) does, with another way to read a text, such as one that remembers what it has read.
    pub fn server_by<T>(&self, mut parse: impl FnMut(&'a str) -> Option<T>) -> Option<T> {
        if self.believed {
            let element = forwarded::elements(self.headers).next();
            let hosts = [
                element.and_then(|element| element.host),
                forwarded::first(self.headers, &X_FORWARDED_HOST),
            ];
            if let Some(found) = hosts.into_iter().flatten().find_map(&mut parse) {
                return Some(found);
            }
        }
        let target = self.uri.authority().map(http::uri::Authority::as_str);
        if let Some(found) = target.and_then(&mut parse) {
            return Some(found);
        }
        parse(self.headers.get(HOST)?.to_str().ok()?)
    }

    /// Gives `client.address` and `client.port`.
    ///
    /// The peer, unless it is trusted. Then the hops of `Forwarded`, or of `X-Forwarded-For` when there is no `Forwarded`, are
    /// walked from the nearest outwards, over all lines of the header, until one is not trusted: that is the client. When all are
    /// trusted it is the farthest. An obfuscated identifier (`_hidden`) ends the walk and is the client. `unknown` and garbage
    /// end it too, and the last hop that could be read is the client.
    pub fn client(&self) -> Option<ClientAddress<'a>> {
        let peer = self.peer.map(|peer| ClientAddress {
            host: ClientHost::Ip(peer.ip().to_canonical()),
            port: Some(peer.port()),
        });
        if !self.believed {
            return peer;
        }
        // A list of `Forwarded` can be split only from its start, because of quotes.
        let forwarded: Vec<_> = forwarded::elements(self.headers).collect();
        let client = if forwarded.is_empty() {
            self.walk(forwarded::x_forwarded_for(self.headers))
        } else {
            self.walk(
                forwarded
                    .iter()
                    .rev()
                    .map(|element| element.node.unwrap_or_default()),
            )
        };
        client.or(peer)
    }

    /// Gives `network.peer.address` and `network.peer.port`: the other end of the connection, whoever that is.
    pub fn peer(&self) -> Option<(IpAddr, u16)> {
        self.peer
            .map(|peer| (peer.ip().to_canonical(), peer.port()))
    }

    /// Gives `url.path`: as sent, `*` for the asterisk form, empty for the authority form.
    pub fn path(&self) -> &'a str {
        self.uri.path()
    }

    /// Gives `url.query` with the values of secret keys replaced; `None` for no query and for an empty one.
    pub fn query(&self, keys: &QueryKeys) -> Option<Cow<'a, str>> {
        let query = self.uri.query().filter(|query| !query.is_empty())?;
        Some(redact::query(query, keys))
    }

    /// Gives `user_agent.original`; bytes that are not UTF-8 become U+FFFD.
    pub fn user_agent(&self) -> Option<Cow<'a, str>> {
        self.headers
            .get(USER_AGENT)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    fn walk(&self, nodes: impl Iterator<Item = &'a str>) -> Option<ClientAddress<'a>> {
        let mut client = None;
        for node in nodes {
            match Node::parse(node) {
                Node::Address(address, port) => {
                    client = Some(ClientAddress {
                        host: ClientHost::Ip(address),
                        port,
                    });
                    if !self.proxies.trusts(address) {
                        break;
                    }
                }
                Node::Obfuscated(name) => {
                    client = Some(ClientAddress {
                        host: ClientHost::Obfuscated(name),
                        port: None,
                    });
                    break;
                }
                Node::Unknown => break,
            }
        }
        client
    }

    fn forwarded_proto(&self) -> Option<&'static str> {
        if !self.believed {
            return None;
        }
        let forwarded = forwarded::elements(self.headers)
            .next()
            .and_then(|element| element.proto);
        forwarded
            .and_then(known_scheme)
            .or_else(|| known_scheme(forwarded::first(self.headers, &X_FORWARDED_PROTO)?))
    }
}

/// The client of a request: an address or the name a proxy gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress<'a> {
    /// Who it is.
    pub host: ClientHost<'a>,
    /// Its port, where it is known.
    pub port: Option<u16>,
}

/// How a client is identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientHost<'a> {
    /// By its address.
    Ip(IpAddr),
    /// By an obfuscated identifier of a proxy (RFC 7239, section 6.3), starting with `_`.
    Obfuscated(&'a str),
}

impl fmt::Display for ClientHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Obfuscated(name) => f.write_str(name),
        }
    }
}

impl From<ClientHost<'_>> for StringValue {
    fn from(host: ClientHost<'_>) -> Self {
        host.to_string().into()
    }
}

fn known_scheme(text: &str) -> Option<&'static str> {
    if text.eq_ignore_ascii_case("https") || text.eq_ignore_ascii_case("wss") {
        Some("https")
    } else if text.eq_ignore_ascii_case("http") || text.eq_ignore_ascii_case("ws") {
        Some("http")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;

//! HTTP's types as the conventions' attributes.

use std::{
    any::Any,
    cell::RefCell,
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{HeaderMap, Method, StatusCode, header};
use opentelemetry::{KeyValue, StringValue};
use throughline_core::{
    outcome::Outcome,
    semconv::{
        Conventions, attr,
        error::{OTHER, TIMEOUT, transport, type_name_of},
        http::{
            Authority, RequestMethod, protocol_version,
            server::{ClientHost, Incoming},
        },
        old_names,
    },
};

use tower::timeout::error::Elapsed;

use super::{PeerAddress, RequestHead, options::Options};
use crate::recent::{Recent, RecentText, recent};

/// What a span of a request has when it starts, and room for what comes at its end: an
/// attribute list that never grows is one allocation.
const MOST_ATTRIBUTES: usize = 18;

/// A host as it was written, read.
type Host = (Arc<str>, Option<u16>);

thread_local! {
    static HOSTS: RefCell<Recent<Option<Host>>> = const { RefCell::new(Recent::new()) };
    static AGENTS: RefCell<RecentText> = const { RefCell::new(Recent::new()) };
    static ADDRESSES: RefCell<RecentText> = const { RefCell::new(Recent::new()) };
}

/// Returns the other end of the connection, as the server attached it.
pub(super) fn peer(head: RequestHead<'_>) -> Option<SocketAddr> {
    #[cfg(feature = "axum")]
    if let Some(peer) = head
        .extensions
        .get::<axum::extract::ConnectInfo<SocketAddr>>()
    {
        return Some(peer.0);
    }
    head.extensions.get::<PeerAddress>().map(|peer| peer.0)
}

/// The attributes of a span that starts.
///
/// Source: HTTP spans, "HTTP server", and there "at span creation time".
pub(super) fn request(
    head: RequestHead<'_>,
    incoming: &Incoming<'_>,
    method: RequestMethod<'_>,
    route: Option<&Arc<str>>,
    options: &Options,
    conventions: &Conventions,
) -> Vec<KeyValue> {
    let mut all = Vec::with_capacity(MOST_ATTRIBUTES);
    let mut add =
        |key: &'static str, value: opentelemetry::Value| all.push(KeyValue::new(key, value));

    add(attr::HTTP_REQUEST_METHOD, method.name.into());
    if let Some(original) = method.original {
        add(
            attr::HTTP_REQUEST_METHOD_ORIGINAL,
            original.to_owned().into(),
        );
    }
    add(attr::URL_SCHEME, incoming.scheme().into());
    add(attr::URL_PATH, path(incoming.path(), route));
    if let Some(query) = incoming.query(&conventions.query_keys) {
        add(attr::URL_QUERY, query.into_owned().into());
    }
    let parse = |text: &str| {
        let made = || Authority::parse(text).map(|server| (Arc::from(server.host), server.port));
        recent(&HOSTS, text.as_bytes(), made)
    };
    if let Some((host, port)) = incoming.server_by(parse) {
        add(attr::SERVER_ADDRESS, host.into());
        if let Some(port) = port {
            add(attr::SERVER_PORT, i64::from(port).into());
        }
    }
    if let Some(client) = incoming.client() {
        let host = match client.host {
            ClientHost::Ip(ip) => address(ip),
            ClientHost::Obfuscated(name) => Arc::from(name),
        };
        add(attr::CLIENT_ADDRESS, host.into());
    }
    if let Some((peer, port)) = incoming.peer() {
        add(attr::NETWORK_PEER_ADDRESS, address(peer).into());
        add(attr::NETWORK_PEER_PORT, i64::from(port).into());
    }
    if let Some(version) = protocol_version(head.version) {
        add(attr::NETWORK_PROTOCOL_VERSION, version.into());
    }
    if let Some(agent) = head.headers.get(header::USER_AGENT) {
        let text = || Arc::from(String::from_utf8_lossy(agent.as_bytes()));
        add(
            attr::USER_AGENT_ORIGINAL,
            recent(&AGENTS, agent.as_bytes(), text).into(),
        );
    }
    if let Some(route) = route {
        add(attr::HTTP_ROUTE, Arc::clone(route).into());
    }
    options
        .request_headers
        .append(head.headers, &conventions.query_keys, &mut all);
    options.on_request(head, &mut all);
    old_names::http_server(&mut all, conventions.http);
    all
}

/// A path that is its own route needs no copy.
fn path(path: &str, route: Option<&Arc<str>>) -> opentelemetry::Value {
    match route {
        Some(route) if **route == *path => Arc::clone(route).into(),
        _ => path.to_owned().into(),
    }
}

/// The text of an address, shared between requests.
fn address(ip: IpAddr) -> Arc<str> {
    let make = || Arc::from(ip.to_string());
    match ip {
        IpAddr::V4(v4) => recent(&ADDRESSES, &v4.octets(), make),
        IpAddr::V6(v6) => recent(&ADDRESSES, &v6.octets(), make),
    }
}

/// Says how a request that failed has ended.
pub(super) fn failure<E: 'static>(error: &E) -> Outcome {
    let error_type = error_type(error);
    if error_type.as_str() == TIMEOUT {
        return Outcome::TimedOut;
    }
    Outcome::Error(error_type)
}

/// Returns the `error.type` of an error of the service or of its body.
pub(super) fn error_type<E: 'static>(error: &E) -> StringValue {
    let known = as_dyn(error).map_or(OTHER, |error| transport(error, &class));
    StringValue::from(if known == OTHER {
        type_name_of::<E>()
    } else {
        known
    })
}

/// Gives the class of one error in a chain of causes.
fn class(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    cause.is::<Elapsed>().then_some(TIMEOUT)
}

/// Sees through the types that hide an error's own.
fn as_dyn<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let error = error as &dyn Any;
    if let Some(boxed) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(&**boxed);
    }
    #[cfg(feature = "axum")]
    if let Some(of_body) = error.downcast_ref::<axum_core::Error>() {
        return Some(of_body);
    }
    error.downcast_ref::<std::io::Error>().map(|io| io as _)
}

/// Says whether a response has a body at all.
///
/// Source: RFC 9110, section 6.4.1.
pub(super) fn has_body(to: Asked, status: StatusCode) -> bool {
    let without = to == Asked::Head
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
        || is_upgrade(to, status);
    !without
}

/// Says whether a response hands the connection over to another protocol.
pub(super) fn is_upgrade(to: Asked, status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (to == Asked::Connect && status.is_success())
}

/// What a request's method means for the form of its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Asked {
    Connect,
    Head,
    Other,
}

impl From<&Method> for Asked {
    fn from(method: &Method) -> Self {
        match *method {
            Method::CONNECT => Self::Connect,
            Method::HEAD => Self::Head,
            _ => Self::Other,
        }
    }
}

/// Says whether a response is an event stream, which a client ends by leaving.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

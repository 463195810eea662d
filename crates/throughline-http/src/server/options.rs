//! What can be chosen about a server layer.

use std::{
    borrow::Cow,
    fmt,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use opentelemetry::{Key, KeyValue};
use throughline_core::{
    semconv::http::{CapturedHeaders, TrustedProxies},
    span::IntoValue,
};

use super::{RequestHead, ResponseHead};

type OnRequest = Arc<dyn Fn(RequestHead<'_>, &mut Attributes) + Send + Sync>;
type OnResponse = Arc<dyn Fn(ResponseHead<'_>, &mut Attributes) + Send + Sync>;
type Predicate = Arc<dyn Fn(RequestHead<'_>) -> bool + Send + Sync>;
type Text = Arc<dyn Fn(RequestHead<'_>) -> Option<Cow<'static, str>> + Send + Sync>;

/// The choices of one [`ServerLayer`](super::ServerLayer).
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) filter: Option<Predicate>,
    pub(super) public_endpoint: Option<Predicate>,
    pub(super) span_name: Option<Text>,
    pub(super) route: Option<Text>,
    pub(super) on_request: Option<OnRequest>,
    pub(super) on_response: Option<OnResponse>,
    pub(super) proxies: TrustedProxies,
    pub(super) request_headers: CapturedHeaders,
    pub(super) response_headers: CapturedHeaders,
    pub(super) scheme: Option<&'static str>,
    pub(super) body_sizes: bool,
    pub(super) request_id: bool,
    pub(super) trace_response: TraceResponse,
}

/// Which header tells the caller the trace's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceResponse {
    /// None. An id of a trace is not for everybody.
    #[default]
    Off,
    /// `traceresponse: 00-<trace id>-<span id>-<flags>`, as W3C trace context level 2 drafts it.
    Traceresponse,
    /// `server-timing: traceparent;desc="00-.."`, which browsers show.
    ServerTiming,
    /// Both.
    Both,
}

/// The other end of a connection, as an extension of the request.
///
/// Servers without axum's `ConnectInfo` attach this to give `network.peer.*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// Where a hook puts attributes.
#[derive(Debug)]
pub struct Attributes(pub(super) Vec<KeyValue>);

impl Attributes {
    /// Adds an attribute.
    pub fn set(&mut self, key: impl Into<Key>, value: impl IntoValue) -> &mut Self {
        self.0.push(KeyValue::new(key, value.into_value()));
        self
    }
}

impl Options {
    /// Says whether the request gets a span. A filter that panics lets everything through.
    pub(super) fn is_traced(&self, head: RequestHead<'_>) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| guarded(|| filter(head)).unwrap_or(true))
    }

    /// Says whether the caller is a stranger. A policy that panics trusts nobody.
    pub(super) fn is_public(&self, head: RequestHead<'_>) -> bool {
        self.public_endpoint
            .as_ref()
            .is_some_and(|is| guarded(|| is(head)).unwrap_or(true))
    }

    pub(super) fn span_name(&self, head: RequestHead<'_>) -> Option<Cow<'static, str>> {
        let name = self.span_name.as_ref()?;
        guarded(|| name(head)).flatten()
    }

    pub(super) fn route(&self, head: RequestHead<'_>) -> Option<Cow<'static, str>> {
        let route = self.route.as_ref()?;
        guarded(|| route(head)).flatten()
    }

    pub(super) fn on_request(&self, head: RequestHead<'_>, attributes: &mut Vec<KeyValue>) {
        if let Some(hook) = &self.on_request {
            collect(attributes, |found| hook(head, found));
        }
    }

    pub(super) fn on_response(&self, head: ResponseHead<'_>, attributes: &mut Vec<KeyValue>) {
        if let Some(hook) = &self.on_response {
            collect(attributes, |found| hook(head, found));
        }
    }
}

fn collect(attributes: &mut Vec<KeyValue>, hook: impl FnOnce(&mut Attributes)) {
    let mut found = Attributes(Vec::new());
    guarded(|| hook(&mut found));
    attributes.append(&mut found.0);
}

/// Runs the user's code. Its panic would be ours to the service, so it ends here.
fn guarded<R>(hook: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(hook)).ok()
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("proxies", &self.proxies)
            .field("request_headers", &self.request_headers)
            .field("response_headers", &self.response_headers)
            .field("scheme", &self.scheme)
            .field("body_sizes", &self.body_sizes)
            .field("request_id", &self.request_id)
            .field("trace_response", &self.trace_response)
            .finish_non_exhaustive()
    }
}

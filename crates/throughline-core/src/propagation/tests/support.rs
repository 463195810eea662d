//! Headers by hand, and a service that passes a trace on.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    trace::{Span, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::propagation::{Propagation, inherit_random_flag};

pub(super) const TRACE: &str = "a3ce929d0e0e47364bf92f3577b34da6";
pub(super) const SPAN: &str = "53995c3f42cd8ad8";

/// A valid `traceparent` with the given flags.
pub(super) fn parent(flags: &str) -> String {
    format!("00-{TRACE}-{SPAN}-{flags}")
}

/// Builds a header map; a name may repeat and may be in any case.
pub(super) fn headers<N: AsRef<str>, V: AsRef<str>>(
    lines: impl IntoIterator<Item = (N, V)>,
) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(
            HeaderName::try_from(name.as_ref()).unwrap(),
            HeaderValue::from_bytes(value.as_ref().as_bytes()).unwrap(),
        );
    }
    map
}

/// Returns the only value of a header, or `None`; two values are a failure.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    assert!(values.len() <= 1, "{name} was sent {} times", values.len());
    values.first().map(|value| value.to_str().unwrap())
}

/// Does what a traced service does with a request: extract, start a span with the SDK, inject it into a call.
pub(super) fn relay(incoming: &HeaderMap) -> HeaderMap {
    let provider = SdkTracerProvider::builder().build();
    let propagation = Propagation::w3c();
    let cx = propagation.extract(incoming, &Context::new());
    let span = provider.tracer("test").start_with_context("serve", &cx);
    let span_context = inherit_random_flag(span.span_context().clone(), cx.span().span_context());
    let mut outgoing = HeaderMap::new();
    propagation.inject(&cx.with_remote_span_context(span_context), &mut outgoing);
    outgoing
}

/// Extracts into an empty context, and injects that again.
pub(super) fn round_trip(incoming: &HeaderMap) -> HeaderMap {
    let propagation = Propagation::w3c();
    let mut outgoing = HeaderMap::new();
    propagation.inject(
        &propagation.extract(incoming, &Context::new()),
        &mut outgoing,
    );
    outgoing
}

//! What the layer adds to requests and responses: ids.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt as _},
};

use super::TraceResponse;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// A longer id is not taken over: it would be copied into every log line and span.
const LONGEST_REQUEST_ID: usize = 128;

/// Returns the id of a request: the caller's, else the trace's.
pub(super) fn request_id(headers: &HeaderMap, context: &Context) -> Option<HeaderValue> {
    let sent = headers.get(REQUEST_ID).filter(|value| {
        let text = value.to_str();
        text.is_ok_and(|text| !text.is_empty() && text.len() <= LONGEST_REQUEST_ID)
    });
    if let Some(sent) = sent {
        return Some(sent.clone());
    }
    let span = context.span();
    let ids = span.span_context();
    if !ids.is_valid() {
        return None;
    }
    HeaderValue::try_from(ids.trace_id().to_string()).ok()
}

/// Puts the id where the service, or the caller, reads it.
pub(super) fn put_request_id(headers: &mut HeaderMap, id: &HeaderValue) {
    headers.insert(REQUEST_ID, id.clone());
}

/// Tells the caller the trace's id.
///
/// Source: W3C trace context, the `traceresponse` draft; `Server-Timing`, W3C.
pub(super) fn put_trace(headers: &mut HeaderMap, context: &Context, which: TraceResponse) {
    if which == TraceResponse::Off {
        return;
    }
    let span = context.span();
    let ids = span.span_context();
    if !ids.is_valid() {
        return;
    }
    let id = traceparent(ids);
    if matches!(which, TraceResponse::Traceresponse | TraceResponse::Both)
        && let Ok(value) = HeaderValue::try_from(&id)
    {
        headers.insert(TRACERESPONSE, value);
    }
    if matches!(which, TraceResponse::ServerTiming | TraceResponse::Both)
        && let Ok(value) = HeaderValue::try_from(format!("traceparent;desc=\"{id}\""))
    {
        // A service may have timings of its own in that header.
        headers.append(SERVER_TIMING, value);
    }
}

fn traceparent(ids: &SpanContext) -> String {
    let mut text = String::with_capacity(55);
    let _ = write!(
        text,
        "00-{}-{}-{:02x}",
        ids.trace_id(),
        ids.span_id(),
        ids.trace_flags()
    );
    text
}

//! A parent in another process.

use http::{HeaderMap, HeaderValue};
use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};

/// The trace of [`remote_parent`]: `4bf92f3577b34da6a3ce929d0e0e4736`.
pub const REMOTE_TRACE_ID: TraceId =
    TraceId::from_bytes(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());

/// The span of [`remote_parent`]: `00f067aa0ba902b7`.
pub const REMOTE_SPAN_ID: SpanId = SpanId::from_bytes(0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());

/// Returns the headers of a request that a traced caller sent.
///
/// There is one header, `traceparent`, with [`REMOTE_TRACE_ID`] and [`REMOTE_SPAN_ID`]: the
/// example of the [W3C trace context](https://www.w3.org/TR/trace-context-2/#traceparent-header).
///
/// ```
/// let headers = throughline_testing::remote_parent(true);
/// assert_eq!(headers["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
/// ```
pub fn remote_parent(sampled: bool) -> HeaderMap {
    let value = if sampled {
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    } else {
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    };
    HeaderMap::from_iter([(
        http::HeaderName::from_static("traceparent"),
        HeaderValue::from_static(value),
    )])
}

/// Returns the same parent as [`remote_parent`], as it is after extraction.
pub fn remote_span_context(sampled: bool) -> SpanContext {
    let flags = TraceFlags::default().with_sampled(sampled);
    SpanContext::new(
        REMOTE_TRACE_ID,
        REMOTE_SPAN_ID,
        flags,
        true,
        TraceState::NONE,
    )
}

#[cfg(test)]
mod tests;

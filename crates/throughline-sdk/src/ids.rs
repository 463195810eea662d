//! Ids of spans and traces, also of those that were decided about beforehand.

use std::cell::Cell;

use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

thread_local! {
    /// The id of the trace that this thread is about to start.
    static RESERVED: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// Makes a random trace id.
pub(crate) fn new_trace_id() -> TraceId {
    RandomIdGenerator::default().new_trace_id()
}

/// Makes the next root span of this thread start the trace `id`.
///
/// A ratio is decided by the trace id, which the provider makes too late: by then the span's
/// attributes have been built.
pub(crate) fn reserve(id: TraceId) {
    let _ = RESERVED.try_with(|reserved| reserved.set(Some(id)));
}

/// Returns the ids of a span that nobody records.
pub(crate) fn unsampled(trace_id: TraceId, state: TraceState) -> SpanContext {
    let span_id = RandomIdGenerator::default().new_span_id();
    SpanContext::new(trace_id, span_id, TraceFlags::NOT_SAMPLED, false, state)
}

/// Makes random ids, but for a trace whose id is reserved.
#[derive(Debug, Default)]
pub(crate) struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        let reserved = RESERVED.try_with(Cell::take).ok().flatten();
        reserved.unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_id_is_given_once() {
        let ids = Ids::default();
        reserve(TraceId::from(7));
        assert_eq!(ids.new_trace_id(), TraceId::from(7));
        assert_ne!(ids.new_trace_id(), TraceId::from(7));
    }
}

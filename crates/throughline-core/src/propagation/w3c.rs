//! The W3C codec over any carrier.

use opentelemetry::{
    Context, TraceId,
    baggage::BaggageExt,
    trace::{SpanContext, TraceContextExt},
};

use super::{
    baggage,
    carrier::{Field, ReadFields, WriteFields},
    traceparent::Traceparent,
    tracestate::{self, CarriedList},
};

/// Puts the remote span of the carrier into the context. `None` if the carrier has no valid one.
pub(super) fn extract_trace(carrier: &impl ReadFields, base: &Context) -> Option<Context> {
    let (span_context, list) = read_trace(carrier)?;
    let trace_id = span_context.trace_id();
    let cx = base.with_remote_span_context(span_context);
    match list {
        Some(list) => Some(cx.with_value(list)),
        // The base may come from an earlier message of the same trace, and its list is not this one's.
        None if has_carried_list(base, trace_id) => {
            Some(cx.with_value(CarriedList::none(trace_id)))
        }
        None => Some(cx),
    }
}

/// Does what [`extract_trace`] does for a carrier whose only field is one `traceparent`.
pub(super) fn extract_lone_parent(value: &[u8], base: &Context) -> Context {
    let Some(parent) = Traceparent::parse(value) else {
        return base.clone();
    };
    let cx = base.with_remote_span_context(parent.span_context());
    if has_carried_list(base, parent.trace_id()) {
        return cx.with_value(CarriedList::none(parent.trace_id()));
    }
    cx
}

/// Returns the remote span of the carrier, with the `tracestate` members that its type can hold.
pub(super) fn extract_span_context(carrier: &impl ReadFields) -> Option<SpanContext> {
    read_trace(carrier).map(|(span_context, _)| span_context)
}

/// Puts the baggage of the carrier into the context, instead of what was there. `None` if the carrier has none.
pub(super) fn extract_baggage(carrier: &impl ReadFields, base: &Context) -> Option<Context> {
    baggage::extract(carrier.values(Field::Baggage)).map(|baggage| base.with_baggage(baggage))
}

/// Writes the context's span. Nothing happens if it is not valid.
pub(super) fn inject_trace(cx: &Context, carrier: &mut impl WriteFields) {
    let span = cx.span();
    let span_context = span.span_context();
    let Some(mut parent) = Traceparent::from_span_context(span_context) else {
        return;
    };
    if span_context.is_remote() && !span_context.is_sampled() {
        // Nothing records here, so this process has no span to name as the parent. The caller's
        // own must not be passed on: level 2 asks each hop that takes part for an id of its own.
        parent = parent.with_fresh_span_id();
    }
    let list = tracestate::encode(cx, span_context);
    if list.is_none() {
        // First, as there are the fewest fields to look at.
        carrier.remove(Field::Tracestate);
    }
    carrier.set_traceparent(parent);
    if let Some(list) = list {
        carrier.set(Field::Tracestate, list);
    }
}

/// Writes the context's baggage. Nothing happens if there is none.
pub(super) fn inject_baggage(cx: &Context, carrier: &mut impl WriteFields) {
    if let Some(list) = baggage::encode(cx.baggage()) {
        carrier.set(Field::Baggage, list);
    }
}

fn read_trace(carrier: &impl ReadFields) -> Option<(SpanContext, Option<CarriedList>)> {
    let mut values = carrier.values(Field::Traceparent);
    let value = values.next()?;
    // Two fields contradict each other even when they are equal: nobody can say which hop is the parent.
    if values.next().is_some() {
        return None;
    }
    let parent = Traceparent::parse(value)?;
    let (state, list) = tracestate::extract(parent, carrier.values(Field::Tracestate));
    Some((parent.into_span_context(state), list))
}

fn has_carried_list(cx: &Context, trace_id: TraceId) -> bool {
    cx.get::<CarriedList>()
        .is_some_and(|list| list.applies_to(trace_id))
}

//! The SDK's spans as the core's records.

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;
use throughline_core::record::SpanRecord;

use crate::export::keep_last;

/// Copies a span out of the SDK's types.
pub(crate) fn record(span: &SpanData) -> SpanRecord {
    let mut record = SpanRecord::new(
        span.name.clone(),
        &span.span_context,
        span.start_time,
        span.end_time,
    );
    record.parent_span_id = (span.parent_span_id != SpanId::INVALID).then_some(span.parent_span_id);
    record.parent_is_remote = span.parent_span_is_remote;
    record.kind = span.span_kind.clone();
    record.attributes.clone_from(&span.attributes);
    keep_last(&mut record.attributes);
    record.dropped_attributes = span.dropped_attributes_count;
    record.events.clone_from(&span.events.events);
    record.dropped_events = span.events.dropped_count;
    record.links.clone_from(&span.links.links);
    record.dropped_links = span.links.dropped_count;
    record.status = span.status.clone();
    record.scope = span.instrumentation_scope.clone();
    record
}

//! From the SDK's finished span to ours.

use opentelemetry::SpanId;
use opentelemetry_sdk::trace::SpanData;
use throughline_core::record::SpanRecord;

pub(crate) fn span_record(span: SpanData) -> SpanRecord {
    let mut record = SpanRecord::new(
        span.name,
        &span.span_context,
        span.start_time,
        span.end_time,
    );
    record.parent_span_id = (span.parent_span_id != SpanId::INVALID).then_some(span.parent_span_id);
    record.parent_is_remote = span.parent_span_is_remote;
    record.kind = span.span_kind;
    record.attributes = span.attributes;
    record.dropped_attributes = span.dropped_attributes_count;
    record.events = span.events.events;
    record.dropped_events = span.events.dropped_count;
    record.links = span.links.links;
    record.dropped_links = span.links.dropped_count;
    record.status = span.status;
    record.scope = span.instrumentation_scope;
    record
}

use std::time::{Duration, SystemTime};

use opentelemetry::{
    KeyValue, SpanId, TraceFlags, TraceId, Value,
    trace::{SpanContext, Status, TraceState},
};

use super::SpanRecord;

fn record() -> SpanRecord {
    let state = TraceState::from_key_value([("vendor", "1")]).unwrap();
    let context = SpanContext::new(
        TraceId::from(1),
        SpanId::from(2),
        TraceFlags::SAMPLED,
        false,
        state,
    );
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
    SpanRecord::new("work", &context, start, start + Duration::from_millis(5))
}

#[test]
fn a_record_gives_back_the_context_it_was_made_of() {
    let record = record();
    let context = record.span_context();
    assert_eq!(context.trace_id(), TraceId::from(1));
    assert_eq!(context.span_id(), SpanId::from(2));
    assert!(context.is_sampled());
    assert_eq!(context.trace_state().get("vendor"), Some("1"));
}

#[test]
fn the_last_value_of_a_key_wins() {
    let mut record = record();
    record.attributes = vec![
        KeyValue::new("user.id", 1),
        KeyValue::new("user.type", "admin"),
        KeyValue::new("user.id", 2),
    ];
    assert_eq!(record.attribute("user.id"), Some(&Value::I64(2)));
    assert_eq!(record.attribute("user.name"), None);
}

#[test]
fn a_clock_that_went_back_makes_a_duration_of_zero() {
    let mut record = record();
    assert_eq!(record.duration(), Duration::from_millis(5));
    record.end = record.start - Duration::from_secs(1);
    assert_eq!(record.duration(), Duration::ZERO);
}

#[test]
fn a_span_is_a_local_root_unless_its_parent_is_in_this_process() {
    let mut record = record();
    assert!(record.is_local_root(), "it has no parent");
    record.parent_span_id = Some(SpanId::from(1));
    assert!(!record.is_local_root(), "its parent is here");
    record.parent_is_remote = true;
    assert!(record.is_local_root(), "its parent is elsewhere");
}

#[test]
fn only_an_error_status_is_an_error() {
    let mut record = record();
    assert!(!record.is_error());
    record.status = Status::Ok;
    assert!(!record.is_error());
    record.status = Status::error("declined");
    assert!(record.is_error());
}

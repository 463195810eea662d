//! The queue, span by span.

use std::{sync::Arc, time::SystemTime};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

use super::*;

fn span(number: u64) -> SpanData {
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes([1; 16]),
            SpanId::from_bytes(number.to_be_bytes()),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: "span".into(),
        start_time: SystemTime::UNIX_EPOCH,
        end_time: SystemTime::UNIX_EPOCH,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::default(),
    }
}

fn fill(queue: &Queue, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| queue.push(span(number)));
}

fn numbers(spans: &[SpanData]) -> Vec<u64> {
    let ids = spans
        .iter()
        .map(|span| span.span_context.span_id().to_bytes());
    ids.map(u64::from_be_bytes).collect()
}

#[test]
fn batches_are_full_and_in_order_until_the_drain() {
    let queue = Queue::new(1_000, 100);
    fill(&queue, 0..250);
    for expected in [0..100, 100..200] {
        let batch = queue.take(0).unwrap();
        assert_eq!(batch.first, expected.start);
        assert_eq!(numbers(&batch.spans), expected.collect::<Vec<_>>());
    }
    assert!(queue.take(0).is_none(), "50 spans are no batch");
    assert!(queue.take(200).is_none(), "the first 200 are gone");
    let rest = queue.take(201).unwrap();
    assert_eq!((rest.first, rest.spans.len()), (200, 50));
    assert!(queue.take(u64::MAX).is_none());
}

#[test]
fn what_does_not_fit_is_counted_and_what_fits_is_kept() {
    let queue = Queue::new(5, 2);
    fill(&queue, 0..8);
    let state = queue.state();
    assert_eq!((state.len, state.accepted, state.full), (5, 5, 3));
    assert!(state.last_drop.is_some());
    assert_eq!(numbers(&queue.take(0).unwrap().spans), [0, 1]);
    fill(&queue, 8..9);
    assert_eq!(queue.state().accepted, 6);
}

#[test]
fn after_the_refusal_spans_are_late_and_what_is_there_can_be_taken_or_cleared() {
    let queue = Queue::new(10, 2);
    fill(&queue, 0..5);
    queue.refuse();
    fill(&queue, 5..8);
    assert_eq!(queue.state().late, 3);
    assert_eq!(numbers(&queue.take(u64::MAX).unwrap().spans), [0, 1]);
    assert_eq!(queue.clear(), 3);
    assert_eq!(queue.clear(), 0);
    assert!(queue.take(u64::MAX).is_none());
}

#[test]
fn a_batch_is_never_larger_than_the_queue_and_never_empty() {
    assert_eq!(Queue::new(3, 100).batch_size, 3);
    assert_eq!(Queue::new(3, 0).batch_size, 1);
}

#[test]
fn memory_follows_the_spans_that_wait() {
    let queue = Queue::new(100_000, 512);
    assert_eq!(held(&queue), 0, "nothing is held before there are spans");
    for count in [1, 64, 65, 1_000, 5_000] {
        let missing = count - queue.state().accepted;
        fill(&queue, 0..missing);
        let waiting = usize::try_from(count).unwrap();
        assert!(
            held(&queue) < waiting + CHUNK,
            "{} for {waiting}",
            held(&queue)
        );
    }
    while queue.take(u64::MAX).is_some() {}
    assert!(held(&queue) <= SPARE_CHUNKS * CHUNK);

    let span_of_ten_attributes = size_of::<SpanData>() + 10 * size_of::<KeyValue>();
    assert!(
        span_of_ten_attributes <= 1_000,
        "{span_of_ten_attributes} bytes"
    );
}

#[tokio::test]
async fn a_full_batch_wakes_the_one_who_waits() {
    let queue = Arc::new(Queue::new(100, 10));
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.ready().await }
    });
    fill(&queue, 0..9);
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    fill(&queue, 9..10);
    waiting.await.unwrap();
}

#[test]
fn a_watched_queue_gives_away_what_was_shown_and_nothing_else() {
    let queue = Queue::new(10, 2).watched(true);
    fill(&queue, 0..5);
    assert!(queue.take(u64::MAX).is_none(), "nothing was shown");
    let lent = queue.lend();
    assert_eq!(numbers(&lent), [0, 1, 2, 3, 4]);
    fill(&queue, 5..6);
    assert_eq!(queue.state().len, 6, "lent spans wait too");
    assert!(queue.take(u64::MAX).is_none(), "nothing came back");
    queue.give_back(lent);

    let batch = queue.take(u64::MAX).unwrap();
    assert_eq!((batch.first, numbers(&batch.spans)), (0, vec![0, 1]));
    assert_eq!(numbers(&queue.lend()), [5], "each is shown once");
    let batch = queue.take(0).unwrap();
    assert_eq!((batch.first, numbers(&batch.spans)), (2, vec![2, 3]));
    assert!(queue.take(4).is_none(), "one span is no batch");
    assert_eq!(numbers(&queue.take(5).unwrap().spans), [4]);
    assert_eq!(queue.clear(), 1, "the lent span is lost");
    assert_eq!(queue.state().len, 0);
}

#[test]
fn a_watched_queue_shows_what_it_has_no_room_to_keep_and_counts_it_as_full() {
    let queue = Queue::new(4, 4).watched(true);
    for (start, kept, full) in [(0, 3, 0), (3, 4, 2), (6, 4, 5)] {
        fill(&queue, start..start + 3);
        let lent = queue.lend();
        assert_eq!(numbers(&lent), [start, start + 1, start + 2]);
        queue.give_back(lent);
        let state = queue.state();
        assert_eq!((state.len, state.full), (kept, full));
        assert_eq!(state.accepted + state.full, start + 3);
    }
    let batch = queue.take(0).unwrap();
    assert_eq!((batch.first, numbers(&batch.spans)), (0, vec![0, 1, 2, 3]));
}

/// How many spans the queue has memory for.
fn held(queue: &Queue) -> usize {
    let state = queue.lock();
    state
        .chunks
        .iter()
        .chain(&state.spare)
        .map(Vec::capacity)
        .sum()
}

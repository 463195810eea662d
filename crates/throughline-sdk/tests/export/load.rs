//! More spans than the collector takes at once.

use std::time::{Duration, Instant};

use throughline_sdk::{LossReason, health::Status};

use crate::{
    collector::{Answer, Collector},
    end_spans, sending_to,
};

const BURST: usize = 20_000;

fn slow() -> Collector {
    Collector::start(|_, _| Answer::AcceptAfter(Duration::from_millis(200)))
}

#[test]
fn a_burst_against_a_slow_collector_is_delivered_or_counted_as_lost() {
    let collector = slow();
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, BURST);
    let health = guard.health();
    let report = guard.shutdown_blocking(Duration::from_mins(1));

    assert_eq!(
        report.delivered + report.lost_total(),
        BURST as u64,
        "{report}"
    );
    assert_eq!(
        report.delivered,
        collector.accepted_spans().len() as u64,
        "{report}"
    );
    assert!(report.lost_by(LossReason::QueueFull) > 0, "{report}");
    assert_eq!(
        report.lost_total(),
        report.lost_by(LossReason::QueueFull),
        "{report}"
    );
    assert_eq!(health.tracing.queue.capacity, 2_048);
    assert_eq!(health.tracing.status, Status::Degraded);
}

#[test]
fn a_burst_that_fits_the_queue_is_delivered_whole() {
    let collector = slow();
    let guard = sending_to(&collector.url)
        .with_max_queue_size(32_768)
        .build()
        .unwrap();
    end_spans(&guard, BURST);
    let report = guard.shutdown_blocking(Duration::from_mins(1));

    assert_eq!(report.to_string(), "delivered 20000 spans, lost 0");
    let mut ids: Vec<_> = collector
        .accepted_spans()
        .into_iter()
        .map(|span| span.span_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), BURST);
}

#[test]
fn no_request_is_larger_than_a_batch() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_max_queue_size(1_000)
        .with_max_batch_size(100)
        .build()
        .unwrap();
    end_spans(&guard, 950);
    let report = guard.shutdown_blocking(Duration::from_secs(30));
    assert_eq!(report.delivered, 950, "{report}");
    let sizes: Vec<_> = collector
        .requests()
        .iter()
        .map(|request| request.spans().len())
        .collect();
    assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 950);
}

#[test]
fn threads_that_end_spans_at_once_lose_no_count() {
    let collector = slow();
    let guard = sending_to(&collector.url)
        .with_max_queue_size(500)
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| end_spans(&guard, 2_500));
        }
    });
    let report = guard.shutdown_blocking(Duration::from_mins(1));
    assert_eq!(report.delivered + report.lost_total(), 10_000, "{report}");
    assert_eq!(
        report.delivered,
        collector.accepted_spans().len() as u64,
        "{report}"
    );
}

#[test]
fn what_does_not_fill_a_batch_leaves_after_the_schedule_delay() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_schedule_delay(Duration::from_millis(50))
        .build()
        .unwrap();
    let start = Instant::now();
    end_spans(&guard, 3);
    collector.wait_for_requests(1);
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    drop(guard);
}

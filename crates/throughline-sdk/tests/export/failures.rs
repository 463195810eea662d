//! A collector that fails, for a moment or for good.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use throughline_sdk::{LossReason, health::Status};

use crate::{
    collector::{Answer, Collector},
    end_spans, sending_to,
};

#[test]
fn a_collector_that_hangs_once_loses_nothing() {
    let collector = Collector::start(|number, _| {
        if number == 0 {
            Answer::Hang
        } else {
            Answer::Accept
        }
    });
    let guard = sending_to(&collector.url)
        .with_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    end_spans(&guard, 1_300);
    let report = guard.shutdown_blocking(Duration::from_secs(30));
    assert_eq!(report.to_string(), "delivered 1300 spans, lost 0");
    assert_eq!(collector.accepted_spans().len(), 1_300);
}

#[test]
fn a_shutdown_during_a_hang_is_bounded_and_tells_the_loss() {
    let collector = Collector::start(|_, _| Answer::Hang);
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 700);
    collector.wait_for_requests(1);
    let start = Instant::now();
    let report = guard.shutdown_blocking(Duration::from_millis(400));
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        report.to_string(),
        "delivered 0 spans, lost 700 (shutdown 700)"
    );
}

#[test]
fn retry_after_is_obeyed() {
    let collector = Collector::start(|number, _| match number {
        0 => Answer::RetryAfter(503, "1"),
        1 => Answer::Status(429),
        _ => Answer::Accept,
    });
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 5);
    let report = guard.force_flush_blocking(Duration::from_secs(20));
    assert_eq!(report.to_string(), "delivered 5 spans, lost 0");

    let requests = collector.requests();
    assert_eq!(requests.len(), 3);
    let waited = requests[1].at - requests[0].at;
    assert!(waited >= Duration::from_millis(990), "{waited:?}");
    assert_eq!(
        requests[0].body, requests[2].body,
        "a retry sends the same bytes"
    );
    let health = guard.health().tracing;
    assert_eq!(health.status, Status::Ok);
    assert!(health.last_error.unwrap().contains("answered 429"));
}

#[test]
fn a_final_answer_is_not_retried_and_says_what_to_do() {
    // (status, what the operator reads)
    let table = [
        (400, "is that an OTLP receiver"),
        (401, "check the credentials in OTEL_EXPORTER_OTLP_HEADERS"),
        (404, "is the path right"),
        (413, "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        (500, "answered 500"),
        (302, "a redirect, which is not followed"),
    ];
    for (status, words) in table {
        let collector = Collector::start(move |_, _| Answer::Status(status));
        let guard = sending_to(&collector.url).build().unwrap();
        end_spans(&guard, 7);
        let report = guard.force_flush_blocking(Duration::from_secs(20));
        assert_eq!(
            report.lost_by(LossReason::HttpStatus(status)),
            7,
            "{report}"
        );
        assert_eq!(report.lost_total(), 7, "{report}");
        assert_eq!(collector.requests().len(), 1, "{status}");
        let health = guard.health().tracing;
        assert!(
            health.last_error.as_ref().unwrap().contains(words),
            "{health:?}"
        );
        assert_eq!(health.dropped[&format!("export_failed({status})")], 7);
        assert_eq!(health.status, Status::Down);
    }
}

#[test]
fn a_batch_is_given_up_after_the_export_timeout() {
    let collector = Collector::start(|_, _| Answer::Status(503));
    let guard = sending_to(&collector.url)
        .with_export_timeout(Duration::from_millis(700))
        .build()
        .unwrap();
    end_spans(&guard, 4);
    let report = guard.force_flush_blocking(Duration::from_secs(20));
    assert_eq!(report.lost_by(LossReason::HttpStatus(503)), 4, "{report}");
    assert!(
        collector.requests().len() >= 2,
        "{}",
        collector.requests().len()
    );
}

#[test]
fn spans_that_the_collector_rejects_are_lost_the_others_delivered() {
    let collector = Collector::start(|_, _| Answer::Reject(2, "attribute\nmissing"));
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 5);
    let report = guard.force_flush_blocking(Duration::from_secs(20));
    assert_eq!(report.to_string(), "delivered 3 spans, lost 2 (rejected 2)");
    let health = guard.health().tracing;
    assert!(
        health
            .last_error
            .unwrap()
            .ends_with("refused 2 items: attribute missing")
    );
    assert_eq!(health.status, Status::Degraded);
}

#[test]
fn more_rejected_than_sent_is_all_of_it() {
    let collector = Collector::start(|_, _| Answer::Reject(1_000, ""));
    let guard = sending_to(&collector.url).build().unwrap();
    end_spans(&guard, 5);
    let report = guard.force_flush_blocking(Duration::from_secs(20));
    assert_eq!(report.to_string(), "delivered 0 spans, lost 5 (rejected 5)");
}

#[test]
fn where_nobody_listens_health_says_so_and_the_exit_does_not_wait() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let guard = sending_to(&url)
        .with_schedule_delay(Duration::from_millis(20))
        .with_max_batch_size(2)
        .build()
        .unwrap();
    end_spans(&guard, 90);
    let start = Instant::now();
    while guard.health().tracing.last_error.is_none() {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "no error in 20 s"
        );
        std::thread::yield_now();
    }
    let health = guard.health().tracing;
    assert_eq!(
        health.last_error.unwrap(),
        format!(
            "connection refused at {url}/v1/traces: is a collector listening there? Set \
             OTEL_EXPORTER_OTLP_ENDPOINT to where it is, or OTEL_TRACES_EXPORTER=none and \
             OTEL_METRICS_EXPORTER=none to export nothing"
        )
    );
    assert_eq!(health.status, Status::Down);

    let start = Instant::now();
    let report = guard.shutdown_blocking(Duration::from_secs(30));
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(report.lost_by(LossReason::ConnectionFailed), 90, "{report}");
}

#[test]
fn a_collector_that_comes_up_late_gets_what_was_queued() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let url = format!("http://{address}");
    let guard = sending_to(&url)
        .with_schedule_delay(Duration::from_millis(20))
        .build()
        .unwrap();
    end_spans(&guard, 9);
    let start = Instant::now();
    while guard.health().tracing.last_error.is_none() {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "no error in 20 s"
        );
        std::thread::yield_now();
    }
    let collector = Collector::start_at(address, |_, _| Answer::Accept);
    let report = guard.force_flush_blocking(Duration::from_secs(20));
    assert_eq!(report.to_string(), "delivered 9 spans, lost 0");
    assert_eq!(collector.accepted_spans().len(), 9);
    assert_eq!(guard.health().tracing.status, Status::Ok);
}

#[cfg(feature = "tls")]
#[test]
fn https_to_a_server_without_tls_says_so() {
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url.replace("http://", "https://"))
        .with_export_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    end_spans(&guard, 2);
    let report = guard.force_flush_blocking(Duration::from_secs(20));
    assert_eq!(report.lost_by(LossReason::ConnectionFailed), 2, "{report}");
    let error = guard.health().tracing.last_error.unwrap();
    assert!(
        error.contains("does the server speak TLS on this port"),
        "{error}"
    );
    assert_eq!(collector.requests().len(), 0);
}

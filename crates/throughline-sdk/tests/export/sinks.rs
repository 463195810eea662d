//! Whoever sees spans in the process, while the collector takes them and while it does not.

use std::{
    collections::HashSet,
    io,
    net::TcpListener,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use opentelemetry::SpanId;
use throughline_core::record::{SpanRecord, SpanSink};
use throughline_sdk::LossReason;

use crate::{collector::Collector, end_spans, sending_to};

/// How long spans may take to be shown: far longer than they do.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps the id of each span that it sees.
#[derive(Debug, Default)]
struct Seen {
    ids: Mutex<Vec<SpanId>>,
    grown: Condvar,
}

impl Seen {
    /// Waits until so many spans were seen.
    #[track_caller]
    fn wait_for(&self, count: usize) {
        let ids = self.ids.lock().unwrap();
        let (ids, _) = self
            .grown
            .wait_timeout_while(ids, PATIENCE, |ids| ids.len() < count)
            .unwrap();
        assert_eq!(ids.len(), count);
    }

    fn distinct(&self) -> usize {
        let ids = self.ids.lock().unwrap();
        ids.iter().collect::<HashSet<_>>().len()
    }
}

impl SpanSink for Seen {
    fn accept(&self, spans: &[SpanRecord]) {
        let mut ids = self.ids.lock().unwrap();
        ids.extend(spans.iter().map(|span| span.span_id));
        self.grown.notify_all();
    }
}

/// A URL where connections are refused.
fn refusing_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_sink_sees_every_span_once_while_the_collector_refuses_connections() {
    let seen = Arc::new(Seen::default());
    let guard = sending_to(&refusing_url())
        .with_max_queue_size(100)
        .with_max_batch_size(10)
        .with_span_sink(Arc::clone(&seen) as Arc<dyn SpanSink>)
        .build()
        .unwrap();
    // Many more than the queue holds, and than one delivery slot takes in this time.
    for round in 1..=10 {
        end_spans(&guard, 70);
        seen.wait_for(round * 70);
    }
    let report = guard.report();
    assert_eq!(report.delivered, 0);
    assert_eq!(report.pending + report.lost_total(), 700, "{report}");
    assert!(report.pending <= 2 * 100 + 4 * 10, "{report}");

    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!((report.delivered, report.pending), (0, 0));
    assert_eq!(report.lost_total(), 700, "{report}");
    assert!(report.lost_by(LossReason::QueueFull) >= 560, "{report}");
    seen.wait_for(700);
    assert_eq!(seen.distinct(), 700);
}

#[test]
fn a_sink_sees_every_span_once_while_the_collector_takes_them() {
    let collector = Collector::accepting();
    let seen = Arc::new(Seen::default());
    let guard = sending_to(&collector.url)
        .with_span_sink(Arc::clone(&seen) as Arc<dyn SpanSink>)
        .build()
        .unwrap();
    end_spans(&guard, 1_300);
    let report = guard.shutdown_blocking(Duration::from_secs(20));
    assert_eq!(report.to_string(), "delivered 1300 spans, lost 0");
    assert_eq!(collector.accepted_spans().len(), 1_300);
    seen.wait_for(1_300);
    assert_eq!(seen.distinct(), 1_300);
}

#[test]
fn a_flush_that_outlives_dropped_spans_ends_with_the_last_one_kept() {
    let collector = Collector::accepting();
    let seen = Arc::new(Seen::default());
    let guard = sending_to(&collector.url)
        .with_max_queue_size(3)
        .with_max_batch_size(3)
        .with_span_sink(Arc::clone(&seen) as Arc<dyn SpanSink>)
        .build()
        .unwrap();
    end_spans(&guard, 50);
    let report = guard.force_flush_blocking(PATIENCE);
    assert_eq!(report.pending, 0, "{report}");
    assert_eq!(report.delivered + report.lost_total(), 50, "{report}");
    let report = guard.shutdown_blocking(PATIENCE);
    assert_eq!(report.delivered, collector.accepted_spans().len() as u64);
}

#[test]
fn a_console_that_panics_or_fails_does_not_stop_the_export() {
    struct Broken;
    impl io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("a writer of the user's")
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let collector = Collector::accepting();
    let guard = sending_to(&collector.url)
        .with_console_writer(Broken)
        .build()
        .unwrap();
    end_spans(&guard, 40);
    let report = guard.shutdown_blocking(PATIENCE);
    assert_eq!(report.to_string(), "delivered 40 spans, lost 0");
    assert_eq!(collector.accepted_spans().len(), 40);
}

//! Spans by hand, and contexts that travel.

use std::{fmt, future::pending, time::Duration};

use expect_test::expect;
use futures_util::{StreamExt as _, stream};
use opentelemetry::{Context, KeyValue, baggage::BaggageExt as _};
use throughline_core::{
    JoinSetExt as _, context::Detached, current, record::SpanRecord, span, spawn, spawn_blocking,
};
use throughline_testing::Collector;
use tokio::task::JoinSet;

use crate::support::{self, check};

#[derive(Debug, PartialEq)]
struct Declined {
    card: &'static str,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "declined at https://user:{}@bank.example/pay", self.card)
    }
}

const SHOWN: &[&str] = &["payment.id", "error.type", "throughline.outcome"];

#[tokio::test]
async fn work_that_succeeds_ends_its_span_without_a_status() {
    let collector = Collector::new();
    let receipt = collector
        .run(
            span("process_payment")
                .attribute("payment.id", 7_u64)
                .run(async { Ok::<_, Declined>("paid") }),
        )
        .await;
    assert_eq!(receipt, Ok("paid"));
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        INTERNAL process_payment [payment.id=7]
    "#]],
    );
}

#[tokio::test]
async fn an_error_is_recorded_without_its_secrets_and_returned_unchanged() {
    let collector = Collector::new();
    let error = collector
        .run(span("process_payment").run(async { Err::<(), _>(Declined { card: "4111" }) }))
        .await;
    assert_eq!(error, Err(Declined { card: "4111" }));
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        INTERNAL process_payment ERROR [error.type=Declined]
    "#]],
    );
    let [SpanRecord { events, .. }] = &collector.spans()[..] else {
        panic!("one span")
    };
    assert_eq!(events[0].name, "exception");
    let all = format!("{:?}", collector.spans());
    assert!(all.contains("bank.example"), "the message is there: {all}");
    assert!(!all.contains("4111"), "the credential is not: {all}");
}

#[tokio::test]
async fn an_error_that_is_handled_says_its_causes_where_that_is_asked_for() {
    let collector = Collector::new();
    let why = std::io::Error::other(Unsaved(std::io::ErrorKind::TimedOut.into()));
    let note = async {
        current().error_with_causes(&why);
    };
    collector.run(span("save").run_value(note)).await;
    let [span] = collector.spans().try_into().unwrap();
    let said = "cannot save: timed out";
    assert_eq!(span.status, opentelemetry::trace::Status::error(said));
    let [event] = span.events.try_into().unwrap();
    let expected = [
        KeyValue::new("exception.type", "std::io::error::Error"),
        KeyValue::new("exception.message", said),
    ];
    assert_eq!(
        (&*event.name, event.attributes),
        ("exception", expected.to_vec())
    );
}

#[derive(Debug)]
struct Unsaved(std::io::Error);

impl fmt::Display for Unsaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot save")
    }
}

impl std::error::Error for Unsaved {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn work_that_is_dropped_is_cancelled_and_no_error() {
    let collector = Collector::new();
    let mut work = Box::pin(collector.run(span("hedged").run_value(pending::<()>())));
    assert!(futures_util::poll!(work.as_mut()).is_pending());
    drop(work);
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        INTERNAL hedged [throughline.outcome=cancelled]
    "#]],
    );
}

#[tokio::test]
async fn work_that_never_began_has_no_span() {
    let collector = Collector::new();
    drop(collector.run(span("never").run_value(pending::<()>())));
    assert_eq!(collector.spans().len(), 0);
}

#[tokio::test]
async fn a_panic_ends_the_span_and_goes_on() {
    let collector = Collector::new();
    let telemetry = collector.telemetry();
    let task = tokio::spawn(span("bad").telemetry(telemetry).run_value(async {
        tokio::task::yield_now().await;
        panic!("oh");
    }));
    assert!(task.await.unwrap_err().is_panic());
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        INTERNAL bad ERROR [error.type=panic throughline.outcome=panicked]
    "#]],
    );
}

#[tokio::test]
async fn spans_nest_and_closures_have_spans_too() {
    let collector = Collector::new();
    collector
        .run(span("outer").run_value(async {
            current().set("payment.id", 1);
            let parsed: Result<u8, _> = span("parse").call(|| "300".parse::<u8>());
            assert!(parsed.is_err());
            span("inner")
                .run_value(async {
                    current()
                        .set("payment.id", 2)
                        .event("seen", [KeyValue::new("n", 1)]);
                })
                .await;
        }))
        .await;
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        INTERNAL outer [payment.id=1]
          INTERNAL parse ERROR [error.type=ParseIntError]
          INTERNAL inner [payment.id=2]
    "#]],
    );
}

#[tokio::test]
async fn a_span_can_be_a_root_that_links_its_cause() {
    let collector = Collector::new();
    collector
        .run(span("cause").run_value(async {
            let cause = Detached::current().span_context();
            span("batch").root().link(cause).run_value(async {}).await;
        }))
        .await;
    check(
        &collector,
        &[],
        &expect![[r#"
        INTERNAL cause

        INTERNAL batch
          -> INTERNAL cause
    "#]],
    );
    let spans = collector.spans();
    assert_ne!(spans[0].trace_id, spans[1].trace_id);
}

#[tokio::test]
async fn spawned_work_stays_in_the_trace_and_does_not_stretch_its_parent() {
    let collector = Collector::new();
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = std::sync::Arc::clone(&release);
    let task = collector
        .run(span("request").run_value(async {
            Some(spawn(async move {
                wait.notified().await;
                span("mail")
                    .attribute("payment.id", 9)
                    .run_value(async {})
                    .await;
            }))
        }))
        .await;
    assert_eq!(
        collector.spans().len(),
        1,
        "the parent ended while its task still runs"
    );
    release.notify_one();
    task.unwrap().await.unwrap();
    check(
        &collector,
        SHOWN,
        &expect![[r#"
            INTERNAL request
              INTERNAL mail [payment.id=9]
        "#]],
    );
}

#[tokio::test]
async fn every_way_of_handing_work_over_keeps_the_context() {
    let collector = Collector::new();
    collector
        .run(span("request").run_value(async {
            spawn_blocking(|| span("blocking").call_value(|| {}))
                .await
                .unwrap();

            let mut set = JoinSet::new();
            set.spawn_traced(async { span("in a set").run_value(async {}).await });
            set.spawn_blocking_traced(|| span("blocking in a set").call_value(|| {}));
            while set.join_next().await.is_some() {}

            let items = stream::iter([1]).then(|_| span("in a stream").run_value(async {}));
            let mut items = Box::pin(Detached::current().bind(items));
            tokio::spawn(async move { while items.next().await.is_some() {} })
                .await
                .unwrap();

            let call = Detached::current().bind_fn(|| span("in a thread").call_value(|| {}));
            std::thread::spawn(call).join().unwrap();
        }))
        .await;
    let mut names: Vec<_> = collector
        .spans()
        .iter()
        .map(|span| span.name.to_string())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "blocking",
            "blocking in a set",
            "in a set",
            "in a stream",
            "in a thread",
            "request"
        ]
    );
    collector.assert_no_orphans();
    let traces: std::collections::HashSet<_> =
        collector.spans().iter().map(|span| span.trace_id).collect();
    assert_eq!(traces.len(), 1);
}

#[tokio::test]
async fn an_aborted_task_ends_its_spans_in_the_trace() {
    let collector = Collector::new();
    let task = collector
        .run(span("request").run_value(async {
            let job = span("job").run_value(pending::<()>());
            Some(spawn(job))
        }))
        .await;
    support::wait_for_open(&collector, 1).await;
    let task = task.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        INTERNAL request
          INTERNAL job [throughline.outcome=cancelled]
    "#]],
    );
}

#[tokio::test]
async fn a_detached_context_keeps_baggage_and_writes_to_no_span() {
    let collector = Collector::new();
    collector
        .run(span("request").run_value(async {
            let context = Context::current_with_baggage([KeyValue::new("tenant", "acme")]);
            let detached = {
                let _guard = context.attach();
                Detached::current()
            };
            detached.enter(|| {
                assert!(!current().is_recording());
                assert!(current().trace_id().is_some());
                let tenant =
                    Context::map_current(|context| context.baggage().get("tenant").cloned());
                assert_eq!(
                    tenant.map(|tenant| tenant.to_string()).as_deref(),
                    Some("acme")
                );
            });
        }))
        .await;
    collector.assert_all_ended();
}

#[tokio::test(start_paused = true)]
async fn a_lost_race_is_cancelled() {
    let collector = Collector::new();
    collector
        .run(async {
            let slow = span("slow").run_value(tokio::time::sleep(Duration::from_mins(1)));
            let fast = span("fast").run_value(async { tokio::task::yield_now().await });
            tokio::select! { biased; () = slow => {}, () = fast => {} }
        })
        .await;
    check(
        &collector,
        SHOWN,
        &expect![[r#"
            INTERNAL slow [throughline.outcome=cancelled]

            INTERNAL fast
        "#]],
    );
}

#[test]
fn without_telemetry_everything_works_and_nothing_is_kept() {
    let parsed = span("parse")
        .attribute("text", "7")
        .call(|| "7".parse::<u8>());
    assert_eq!(parsed, Ok(7));
    assert_eq!(current().set("key", "value").trace_id(), None);
}

#[test]
fn no_attribute_is_converted_inside_a_trace_that_nobody_records() {
    struct Costly;
    impl throughline_core::span::IntoValue for Costly {
        fn into_value(self) -> opentelemetry::Value {
            panic!("nobody will see it");
        }
    }
    let collector = support::parent_based();
    let context = Propagated::not_sampled(&collector);
    let _guard = context.attach();
    span("quiet")
        .attribute("key", Costly)
        .call_value(|| current().set("key", Costly).is_sampled());
    assert_eq!(collector.spans().len(), 0);
}

struct Propagated;

impl Propagated {
    fn not_sampled(collector: &Collector) -> Context {
        let telemetry = collector.telemetry();
        let base = telemetry.context(&Context::new());
        telemetry
            .propagation()
            .extract(&throughline_testing::remote_parent(false), &base)
    }
}

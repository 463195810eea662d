use std::{
    convert::Infallible,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use expect_test::expect;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue, SpanId, TraceFlags,
    trace::{
        Link, SpanContext, SpanKind, TraceContextExt as _, TraceId, TraceState, Tracer as _,
        TracerProvider as _,
    },
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};
use throughline_core::span;
use tokio::sync::Notify;

use super::Collector;
use crate::{Ids, TreeOptions, remote_span_context};

#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card was declined")
    }
}

async fn pay() -> Result<(), Declined> {
    span("pay")
        .attribute("payment.id", 7)
        .run(async {
            span("load_card").run_value(async {}).await;
            span("charge")
                .kind(SpanKind::Client)
                .run(async { Err(Declined) })
                .await
        })
        .await
}

/// Runs `check` and returns the words of its panic.
fn panic_of(check: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(check)).expect_err("it must panic");
    *panic.downcast::<String>().expect("a formatted message")
}

#[tokio::test]
async fn what_runs_in_a_collector_is_a_tree_in_it() {
    let collector = Collector::new();
    collector.run(pay()).await.unwrap_err();
    expect![[r"
        INTERNAL pay ERROR [payment.id=7]
          INTERNAL load_card
          CLIENT charge ERROR
    "]]
    .assert_eq(&collector.tree(&["payment.id"]));
    collector.assert_one_trace();
    collector.assert_no_orphans();
    collector.assert_all_ended();
}

#[tokio::test]
async fn ids_count_from_one_in_each_collector() {
    for _ in 0..2 {
        let collector = Collector::new();
        collector.run(pay()).await.unwrap_err();
        let pay = collector.span("pay");
        assert_eq!(
            (pay.trace_id, pay.span_id),
            (TraceId::from(1), SpanId::from(1))
        );
        assert_eq!(collector.span("charge").span_id, SpanId::from(3));
    }
}

#[tokio::test]
async fn random_ids_are_there_for_samplers_that_need_them() {
    let collector = Collector::builder().random_ids().build();
    collector.run(pay()).await.unwrap_err();
    assert_ne!(collector.span("pay").span_id, SpanId::from(1));
}

#[tokio::test]
async fn collectors_in_one_task_do_not_mix() {
    let (one, other) = (Collector::new(), Collector::new());
    let (first, second) = tokio::join!(
        one.run(span("one").run_value(tokio::task::yield_now())),
        other.run(span("other").run_value(tokio::task::yield_now())),
    );
    assert_eq!((first, second), ((), ()));
    assert_eq!(one.tree(&[]), "INTERNAL one\n");
    assert_eq!(other.tree(&[]), "INTERNAL other\n");
}

#[test]
fn a_guard_makes_a_thread_report_until_it_is_dropped() {
    let collector = Collector::new();
    {
        let _guard = collector.enter();
        span("inside").call_value(|| ());
    }
    span("outside").call_value(|| ());
    assert_eq!(collector.tree(&[]), "INTERNAL inside\n");
}

#[tokio::test]
async fn a_spawned_task_that_takes_the_context_along_reports_too() {
    let collector = Collector::new();
    let work = async {
        let task = throughline_core::spawn(span("mail").run_value(async {}));
        task.await.unwrap();
    };
    collector.run(span("request").run_value(work)).await;
    assert_eq!(collector.tree(&[]), "INTERNAL request\n  INTERNAL mail\n");
}

#[test]
fn instrumentation_that_knows_only_opentelemetry_reports_to_the_providers() {
    let collector = Collector::new();
    collector
        .tracer_provider()
        .tracer("plain")
        .in_span("plain", |_| ());
    assert_eq!(collector.span("plain").scope.name(), "plain");
}

#[test]
fn each_trace_has_a_tree() {
    let collector = Collector::new();
    let _guard = collector.enter();
    for name in ["first", "second"] {
        span(name).call_value(|| span("below").call_value(|| ()));
    }
    assert_eq!(
        collector.trace_trees(&[]),
        [
            "INTERNAL first\n  INTERNAL below\n",
            "INTERNAL second\n  INTERNAL below\n"
        ]
    );
}

#[test]
fn a_tree_takes_other_options() {
    let collector = Collector::new();
    let _guard = collector.enter();
    span("first").attribute("a", 1).call_value(|| ());
    let options = TreeOptions::test()
        .all_attributes()
        .ids(Ids::Numbered)
        .header(true);
    assert_eq!(
        collector.tree_with(&options),
        "trace #1: 1 span\nINTERNAL first #1 [a=1]\n"
    );
}

#[test]
fn the_parts_of_a_span_survive_the_way_out_of_the_sdk() {
    let collector = Collector::new();
    let remote = Context::new().with_remote_span_context(remote_span_context(true));
    let tracer = collector.tracer_provider().tracer_with_scope(
        InstrumentationScope::builder("scope")
            .with_version("1")
            .build(),
    );
    let linked = SpanContext::new(
        TraceId::from(5),
        SpanId::from(6),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    let built = tracer
        .span_builder("work")
        .with_kind(SpanKind::Consumer)
        .with_attributes([KeyValue::new("a", 1)])
        .with_links(vec![Link::new(linked.clone(), Vec::new(), 0)])
        .start_with_context(&tracer, &remote);
    let context = Context::new().with_span(built);
    context
        .span()
        .add_event("happened", vec![KeyValue::new("b", 2)]);
    context.span().end();

    let span = collector.span("work");
    assert_eq!(span.trace_id, crate::REMOTE_TRACE_ID);
    assert_eq!(span.parent_span_id, Some(crate::REMOTE_SPAN_ID));
    assert!(span.parent_is_remote && span.is_local_root());
    assert_eq!(span.kind, SpanKind::Consumer);
    assert_eq!(span.attributes, [KeyValue::new("a", 1)]);
    assert_eq!(span.events[0].name, "happened");
    assert_eq!(span.links[0].span_context, linked);
    assert_eq!(
        (span.scope.name(), span.scope.version()),
        ("scope", Some("1"))
    );
    assert!(span.start <= span.end);
}

#[test]
fn open_spans_are_counted_and_named() {
    let collector = Collector::new();
    let tracer = collector.tracer_provider().tracer("test");
    let open = tracer.start("forgotten");
    assert_eq!(collector.open_spans(), 1);
    assert!(collector.spans().is_empty());
    let message = panic_of(|| collector.assert_all_ended());
    assert!(
        message.starts_with("1 spans have not ended\nopen: forgotten\n"),
        "{message}"
    );

    drop(open);
    assert_eq!(collector.open_spans(), 0);
    collector.assert_all_ended();
}

#[test]
fn clearing_forgets_finished_spans_and_keeps_open_ones() {
    let collector = Collector::new();
    let tracer = collector.tracer_provider().tracer("test");
    let open = tracer.start("open");
    drop(tracer.start("finished"));
    collector.clear();
    assert_eq!((collector.spans().len(), collector.open_spans()), (0, 1));
    drop(open);
    assert_eq!(collector.tree(&[]), "INTERNAL open\n");
}

#[test]
fn an_orphan_is_found_and_named() {
    let collector = Collector::new();
    let tracer = collector.tracer_provider().tracer("test");
    let elsewhere = SpanContext::new(
        TraceId::from(1),
        SpanId::from(99),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    let lost = Context::new().with_remote_span_context(elsewhere);
    drop(tracer.start_with_context("lost", &lost));

    let message = panic_of(|| collector.assert_no_orphans());
    expect![[r#"
        the parent of "lost" was never collected
        open: none
        finished: 1
        INTERNAL lost (parent missing)
    "#]]
    .assert_eq(&message);
}

#[test]
fn a_remote_parent_and_an_open_parent_orphan_nobody() {
    let collector = Collector::new();
    let tracer = collector.tracer_provider().tracer("test");
    let remote = Context::new().with_remote_span_context(remote_span_context(true));
    drop(tracer.start_with_context("under a remote parent", &remote));
    let open = Context::new().with_span(tracer.start("open"));
    drop(tracer.start_with_context("under an open parent", &open));
    collector.assert_no_orphans();
}

#[test]
fn a_lost_context_makes_more_than_one_trace() {
    let collector = Collector::new();
    let message = panic_of(|| collector.assert_one_trace());
    assert!(
        message.starts_with("expected one tree of spans, found 0\n"),
        "{message}"
    );

    let _guard = collector.enter();
    span("request").call_value(|| span("query").call_value(|| ()));
    collector.assert_one_trace();

    span("query without context").call_value(|| ());
    let message = panic_of(|| collector.assert_one_trace());
    assert!(
        message.starts_with("expected one tree of spans, found 2\n"),
        "{message}"
    );
}

#[test]
fn a_span_that_is_asked_for_by_name_must_be_there_once() {
    let collector = Collector::new();
    let message = panic_of(|| drop(collector.span("query")));
    assert!(
        message.starts_with("no finished spans are named \"query\"\n"),
        "{message}"
    );

    let _guard = collector.enter();
    span("query").call_value(|| ());
    assert_eq!(collector.span("query").name, "query");

    span("query").call_value(|| ());
    let message = panic_of(|| drop(collector.span("query")));
    assert!(
        message.starts_with("2 finished spans are named \"query\"\n"),
        "{message}"
    );
}

#[tokio::test]
async fn waiting_ends_with_the_last_span_that_was_asked_for() {
    let collector = Collector::new();
    let go = std::sync::Arc::new(Notify::new());
    let task = tokio::spawn(collector.run({
        let go = go.clone();
        async move {
            for name in ["first", "second"] {
                span(name).run_value(go.notified()).await;
            }
        }
    }));
    for finished in 1..=2 {
        go.notify_one();
        collector.wait_for(finished).await;
        assert_eq!(collector.spans().len(), finished);
    }
    task.await.unwrap();
    collector.wait_for_all_ended().await;
}

#[tokio::test(start_paused = true)]
async fn waiting_runs_out_of_patience_and_shows_what_there_is() {
    let collector = Collector::builder()
        .patience(Duration::from_secs(2))
        .build();
    let open = collector.tracer_provider().tracer("test").start("open");
    collector.run(pay()).await.unwrap_err();

    let waiting = collector.wait_for(4);
    let panic = tokio::spawn(waiting).await.unwrap_err().into_panic();
    let message = panic.downcast::<String>().unwrap();
    assert!(message.starts_with("waited 2s at "), "{message}");
    assert!(
        message.contains("collector/tests.rs:"),
        "it says where the test waits: {message}"
    );
    assert!(
        message.contains(" for 4 finished spans\nopen: open\nfinished: 3\n"),
        "{message}"
    );
    assert!(message.contains("  CLIENT charge ERROR"), "{message}");

    let panic = tokio::spawn(collector.wait_for_all_ended())
        .await
        .unwrap_err()
        .into_panic();
    let message = panic.downcast::<String>().unwrap();
    assert!(
        message.contains(" for all spans to end\nopen: open\n"),
        "{message}"
    );
    drop(open);
}

#[test]
fn every_span_is_recorded_also_under_a_parent_that_was_not_sampled() {
    let collector = Collector::new();
    let parent = collector
        .context()
        .with_remote_span_context(remote_span_context(false));
    let _guard = parent.attach();
    span("work").call_value(|| ());
    assert_eq!(collector.tree(&[]), "INTERNAL work (remote parent)\n");
}

#[test]
fn a_sampler_decides_what_is_collected() {
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
    let collector = Collector::builder().sampler(sampler).build();
    for (sampled, expected) in [(false, 0), (true, 1)] {
        let parent = collector
            .context()
            .with_remote_span_context(remote_span_context(sampled));
        let _guard = parent.attach();
        span("work").call_value(|| ());
        assert_eq!(
            collector.spans().len(),
            expected,
            "parent sampled: {sampled}"
        );
    }
}

/// Records and does not sample, as tail sampling does.
#[derive(Clone, Debug)]
struct RecordOnly;

impl ShouldSample for RecordOnly {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        SamplingResult {
            decision: SamplingDecision::RecordOnly,
            attributes: Vec::new(),
            trace_state: TraceState::NONE,
        }
    }
}

#[test]
fn a_span_that_was_only_recorded_is_marked() {
    let collector = Collector::builder().sampler(RecordOnly).build();
    let _guard = collector.enter();
    span("work").call_value(|| ());
    assert_eq!(collector.tree(&[]), "INTERNAL work (not sampled)\n");
}

#[test]
fn the_telemetry_can_be_changed_at_the_start() {
    use throughline_core::propagation::Propagation;
    let collector = Collector::builder()
        .telemetry(|telemetry| telemetry.with_propagation(Propagation::none()))
        .build();
    let headers = crate::remote_parent(true);
    let context = collector
        .telemetry()
        .propagation()
        .extract(&headers, &Context::new());
    assert!(!context.span().span_context().is_valid());
}

#[tokio::test]
async fn an_error_that_cannot_happen_leaves_no_error() {
    let collector = Collector::new();
    let done: Result<(), Infallible> = collector.run(span("work").run(async { Ok(()) })).await;
    assert_eq!(done, Ok(()));
    assert_eq!(collector.tree(&[]), "INTERNAL work\n");
}

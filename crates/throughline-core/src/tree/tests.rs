//! Spans are written as `id under parent`, with times in milliseconds.

use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use opentelemetry::{
    Array, KeyValue, SpanId, StringValue, TraceFlags, TraceId, Value,
    trace::{Event, Link, SpanContext, SpanKind, Status, TraceState},
};
use proptest::prelude::*;

use super::{
    Attributes, Ids, Place, TreeOptions, attribute_list, attributes::push_escaped, duration,
    render, traces,
};
use crate::record::SpanRecord;

fn context(trace: u128, id: u64, flags: TraceFlags) -> SpanContext {
    SpanContext::new(
        TraceId::from(trace),
        SpanId::from(id),
        flags,
        false,
        TraceState::NONE,
    )
}

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// A span of trace 1 that takes a millisecond; id 0 as parent is none.
fn span(id: u64, parent: u64, start: u64, name: &'static str) -> SpanRecord {
    let context = context(1, id, TraceFlags::SAMPLED);
    let mut span = SpanRecord::new(name, &context, at(start), at(start + 1));
    span.parent_span_id = (parent > 0).then(|| SpanId::from(parent));
    span
}

fn check(spans: &[SpanRecord], options: &TreeOptions, expected: &Expect) {
    let text = render(spans, options);
    expected.assert_eq(&text);
    let reversed: Vec<_> = spans.iter().rev().collect();
    assert_eq!(
        text,
        render(reversed, options),
        "the order of arrival must not matter"
    );
}

/// A request that pays elsewhere, in vain.
fn payment() -> Vec<SpanRecord> {
    let mut server = span(1, 99, 0, "POST /payments");
    server.kind = SpanKind::Server;
    server.parent_is_remote = true;
    server.end = at(48);
    server.status = Status::error("");
    server.attributes = vec![
        KeyValue::new("http.request.method", "POST"),
        KeyValue::new("http.response.status_code", 502),
        KeyValue::new("error.type", "502"),
    ];

    let mut insert = span(2, 1, 1, "INSERT payments");
    insert.kind = SpanKind::Client;
    insert.end = insert.start + Duration::from_micros(1104);
    insert.attributes = vec![KeyValue::new("db.system.name", "sqlite")];

    let mut work = span(3, 1, 3, "process_payment");
    work.end = at(48);
    work.status = Status::error("card \"visa\" declined");
    work.attributes = vec![KeyValue::new("error.type", "Declined")];
    work.events = vec![Event::new(
        "exception",
        at(47),
        vec![
            KeyValue::new("exception.type", "Declined"),
            KeyValue::new("exception.id", 4),
        ],
        0,
    )];
    work.links = vec![
        Link::new(
            context(1, 2, TraceFlags::SAMPLED),
            vec![KeyValue::new("error.type", "x")],
            0,
        ),
        Link::new(context(7, 7, TraceFlags::SAMPLED), Vec::new(), 0),
    ];

    let mut call = span(4, 3, 4, "POST");
    call.kind = SpanKind::Client;
    call.end = at(47);
    call.attributes = vec![KeyValue::new("http.response.status_code", 402)];
    vec![server, insert, work, call]
}

#[test]
fn the_test_preset_shows_what_stays_the_same() {
    check(
        &payment(),
        &TreeOptions::test(),
        &expect![[r"
            SERVER POST /payments ERROR (remote parent)
              CLIENT INSERT payments
              INTERNAL process_payment ERROR
                -> CLIENT INSERT payments
                -> elsewhere
                CLIENT POST
        "]],
    );
}

#[test]
fn attributes_come_in_the_order_that_was_asked_for() {
    let options = TreeOptions::test()
        .attributes(["error.type", "http.response.status_code"])
        .links(false);
    check(
        &payment(),
        &options,
        &expect![[r#"
            SERVER POST /payments ERROR (remote parent) [error.type="502" http.response.status_code=502]
              CLIENT INSERT payments
              INTERNAL process_payment ERROR [error.type=Declined]
                CLIENT POST [http.response.status_code=402]
        "#]],
    );
}

#[test]
fn the_console_preset_shows_where_the_time_went() {
    check(
        &payment(),
        &TreeOptions::console(),
        &expect![[r#"
            trace 00000000000000000000000000000001: 4 spans, 2 errors, 48.0 ms
              48.0 ms  ━━━━━━━━━━━━━━━━━━━━  SERVER POST /payments ERROR (remote parent) [http.response.status_code=502 error.type="502"]
              1.10 ms  ━                       CLIENT INSERT payments
              45.0 ms   ━━━━━━━━━━━━━━━━━━     INTERNAL process_payment ERROR "card \"visa\" declined" [error.type=Declined]
                                                 * exception [exception.type=Declined]
                                                 -> CLIENT INSERT payments [error.type=x]
                                                 -> elsewhere
              43.0 ms   ━━━━━━━━━━━━━━━━━        CLIENT POST [http.response.status_code=402]
        "#]],
    );
}

#[test]
fn the_console_preset_says_where_a_call_went_and_not_where_the_service_is() {
    let kinds = [
        SpanKind::Server,
        SpanKind::Client,
        SpanKind::Producer,
        SpanKind::Consumer,
        SpanKind::Internal,
    ];
    let spans: Vec<_> = (1..)
        .zip(kinds)
        .map(|(id, kind)| {
            let mut span = span(id, 0, 0, "pay");
            span.kind = kind;
            span.attributes = vec![
                KeyValue::new("server.port", 443),
                KeyValue::new("server.address", "pay.example"),
                KeyValue::new("user.id", 7),
            ];
            span
        })
        .collect();
    let options = TreeOptions::console().durations(false).header(false);
    check(
        &spans,
        &options,
        &expect![[r"
            SERVER pay [user.id=7]
            CLIENT pay [server.address=pay.example server.port=443 user.id=7]
            PRODUCER pay [server.address=pay.example server.port=443 user.id=7]
            CONSUMER pay [user.id=7]
            INTERNAL pay [user.id=7]
        "]],
    );
    let asked_for = options.attributes(["server.port"]);
    assert!(render(&spans[..1], &asked_for).contains("SERVER pay [server.port=443]"));
}

#[test]
fn an_exception_does_not_repeat_the_status() {
    // (message and type of the exception, what is under the span)
    let table = [
        ("card declined", "Declined", ""),
        (
            "card declined",
            "Error",
            "  * exception [exception.type=Error]\n",
        ),
        (
            "cannot log",
            "Declined",
            "  * exception [exception.type=Declined exception.message=\"cannot log\"]\n",
        ),
    ];
    for (message, error_type, below) in table {
        let mut failed = span(1, 0, 0, "pay");
        failed.status = Status::error("card declined");
        failed.attributes = vec![KeyValue::new("error.type", "Declined")];
        let attributes = vec![
            KeyValue::new("exception.type", error_type),
            KeyValue::new("exception.message", message),
        ];
        failed.events = vec![Event::new("exception", at(0), attributes, 0)];
        let options = TreeOptions::console().durations(false).header(false);
        let line = "INTERNAL pay ERROR \"card declined\" [error.type=Declined]\n";
        assert_eq!(render([&failed], &options), format!("{line}{below}"));

        // What the span's line does not show is no repetition.
        let text = render([&failed], &options.clone().descriptions(false));
        assert!(
            text.contains(&format!("exception.type={error_type}")),
            "{text}"
        );
        assert!(
            text.contains(&format!("exception.message=\"{message}\"")),
            "{text}"
        );

        failed.events[0]
            .attributes
            .push(KeyValue::new("exception.id", 4));
        let text = render([&failed], &options.all_attributes());
        assert!(text.contains("exception.id=4]"), "{text}");
        assert_eq!(text.matches("card declined").count(), 1, "{text}");
    }
}

#[test]
fn all_attributes_come_in_the_order_of_setting() {
    let options = TreeOptions::test().all_attributes().events(true);
    check(
        &payment(),
        &options,
        &expect![[r#"
            SERVER POST /payments ERROR (remote parent) [http.request.method=POST http.response.status_code=502 error.type="502"]
              CLIENT INSERT payments [db.system.name=sqlite]
              INTERNAL process_payment ERROR [error.type=Declined]
                * exception [exception.type=Declined exception.id=4]
                -> CLIENT INSERT payments [error.type=x]
                -> elsewhere
                CLIENT POST [http.response.status_code=402]
        "#]],
    );
}

#[test]
fn ids_are_numbered_in_the_order_of_the_text() {
    let options = TreeOptions::test().ids(Ids::Numbered).header(true);
    check(
        &payment(),
        &options,
        &expect![[r"
            trace #1: 4 spans, 2 errors
            SERVER POST /payments #1 ERROR (remote parent)
              CLIENT INSERT payments #2
              INTERNAL process_payment #3 ERROR
                -> CLIENT INSERT payments #2
                -> elsewhere #4
                CLIENT POST #5
        "]],
    );
}

#[test]
fn full_ids_say_the_trace_of_a_link() {
    let options = TreeOptions::test().ids(Ids::Full).header(true);
    check(
        &payment(),
        &options,
        &expect![[r"
            trace 00000000000000000000000000000001: 4 spans, 2 errors
            SERVER POST /payments 0000000000000001 ERROR (remote parent)
              CLIENT INSERT payments 0000000000000002
              INTERNAL process_payment 0000000000000003 ERROR
                -> CLIENT INSERT payments 00000000000000000000000000000001 0000000000000002
                -> elsewhere 00000000000000000000000000000007 0000000000000007
                CLIENT POST 0000000000000004
        "]],
    );
}

#[test]
fn siblings_are_ordered_by_start_then_id() {
    let spans = [
        span(1, 0, 0, "root"),
        span(5, 1, 4, "third"),
        span(9, 1, 2, "second"),
        span(3, 1, 2, "first"),
        span(2, 5, 5, "below third"),
    ];
    check(
        &spans,
        &TreeOptions::test(),
        &expect![[r"
            INTERNAL root
              INTERNAL first
              INTERNAL second
              INTERNAL third
                INTERNAL below third
        "]],
    );
}

#[test]
fn traces_are_told_apart_and_ordered_by_their_first_start() {
    let mut late = span(1, 0, 9, "late");
    late.trace_id = TraceId::from(1);
    let mut early = span(1, 0, 2, "early");
    early.trace_id = TraceId::from(2);
    let mut early_child = span(2, 1, 3, "its child");
    early_child.trace_id = TraceId::from(2);
    check(
        &[late, early, early_child],
        &TreeOptions::test(),
        &expect![[r"
            INTERNAL early
              INTERNAL its child

            INTERNAL late
        "]],
    );
}

#[test]
fn what_is_unusual_about_a_span_is_marked() {
    let mut remote_here = span(2, 1, 1, "from the other service");
    remote_here.parent_is_remote = true;
    let mut remote_elsewhere = span(3, 77, 2, "from a service that is not here");
    remote_elsewhere.parent_is_remote = true;
    let mut unsampled = span(4, 1, 3, "only recorded");
    unsampled.flags = TraceFlags::NOT_SAMPLED;
    let mut ok = span(5, 1, 4, "declared good");
    ok.status = Status::Ok;
    let spans = [
        span(1, 0, 0, "root"),
        remote_here,
        remote_elsewhere,
        unsampled,
        ok,
        span(6, 88, 5, "lost"),
    ];
    check(
        &spans,
        &TreeOptions::test(),
        &expect![[r"
            INTERNAL root
              INTERNAL from the other service (remote parent)
              INTERNAL only recorded (not sampled)
              INTERNAL declared good OK
            INTERNAL from a service that is not here (remote parent)
            INTERNAL lost (parent missing)
        "]],
    );
}

#[test]
fn broken_parents_lose_no_span() {
    let spans = [
        span(1, 1, 3, "its own parent"),
        span(2, 4, 2, "below the cycle's first"),
        span(3, 4, 1, "cycle, second"),
        span(4, 3, 0, "cycle, first"),
        span(5, 2, 4, "far below"),
    ];
    check(
        &spans,
        &TreeOptions::test(),
        &expect![[r"
            INTERNAL cycle, first (parent cycle)
              INTERNAL cycle, second
              INTERNAL below the cycle's first
                INTERNAL far below
            INTERNAL its own parent (parent cycle)
        "]],
    );
}

#[test]
fn a_span_that_arrived_twice_is_shown_twice_and_its_children_once() {
    let twice = span(1, 0, 0, "twice");
    let spans = [twice.clone(), twice, span(2, 1, 1, "child")];
    check(
        &spans,
        &TreeOptions::test(),
        &expect![[r"
            INTERNAL twice
              INTERNAL child
            INTERNAL twice
        "]],
    );
}

#[test]
fn no_spans_make_no_text() {
    assert_eq!(render([], &TreeOptions::console()), "");
}

#[test]
fn a_limit_says_how_much_it_left_out() {
    let children = (2..=5).map(|id| span(id, 1, id, "query"));
    let spans: Vec<_> = [span(1, 0, 0, "root")]
        .into_iter()
        .chain(children)
        .collect();
    check(
        &spans,
        &TreeOptions::test().limit(3),
        &expect![[r"
            INTERNAL root
              INTERNAL query
              INTERNAL query
            ... and 2 more spans
        "]],
    );
    let console = render(&spans, &TreeOptions::console().limit(4));
    assert!(console.ends_with("  ... and 1 more span\n"), "{console}");
    assert!(
        console.starts_with("trace 00000000000000000000000000000001: 5 spans, "),
        "{console}"
    );
}

#[test]
fn a_very_deep_trace_is_neither_a_stack_overflow_nor_a_wall_of_spaces() {
    let spans: Vec<_> = (1..=100_000)
        .map(|id| span(id, id - 1, id, "deeper"))
        .collect();
    let text = render(&spans, &TreeOptions::test());
    assert_eq!(text.lines().count(), 100_000);
    let last = text.lines().last().unwrap();
    assert_eq!(last.trim_start(), "(level 99999) INTERNAL deeper");
    assert!(text.len() < 12_000_000, "{} bytes", text.len());
}

#[test]
fn spans_that_took_no_time_have_a_bar_all_the_same() {
    let mut spans = [span(1, 0, 0, "root"), span(2, 1, 0, "child")];
    for span in &mut spans {
        span.end = span.start;
    }
    check(
        &spans,
        &TreeOptions::console(),
        &expect![[r"
            trace 00000000000000000000000000000001: 2 spans, 0 ns
              0 ns  ━                     INTERNAL root
              0 ns  ━                       INTERNAL child
        "]],
    );
}

#[test]
fn a_request_cannot_write_to_the_terminal() {
    let mut hostile = span(1, 0, 0, "");
    hostile.name = "GET /\u{1b}[2J\nSERVER fake".into();
    hostile.attributes = vec![KeyValue::new("url.query", "a=\u{202e}\u{7}&b=\r")];
    hostile.status = Status::error("line\nbreak");
    let text = render(
        [&hostile],
        &TreeOptions::test().all_attributes().descriptions(true),
    );
    expect![[r#"
        INTERNAL GET /\u{1b}[2J\nSERVER fake ERROR "line\nbreak" [url.query="a=\u{202e}\u{7}&b=\r"]
    "#]]
    .assert_eq(&text);
    assert!(text.trim_end().chars().all(|c| !c.is_control()));
}

#[test]
fn a_value_shows_its_type() {
    let table: [(Value, &str); 17] = [
        (Value::from(200), "200"),
        (Value::from("200"), "\"200\""),
        (Value::from("1e3"), "\"1e3\""),
        (Value::from(200.0), "200.0"),
        (Value::from(0.25), "0.25"),
        (Value::from(true), "true"),
        (Value::from("true"), "\"true\""),
        (Value::from("GET"), "GET"),
        (Value::from(""), "\"\""),
        (Value::from("SELECT 1"), "\"SELECT 1\""),
        (Value::from("say \"no\""), "\"say \\\"no\\\"\""),
        (Value::from("https://a.b/c?d=e"), "https://a.b/c?d=e"),
        (Value::from("[::1]"), "\"[::1]\""),
        (Value::from("tab\there"), "\"tab\\there\""),
        (Value::Array(Array::I64(vec![1, 2])), "[1,2]"),
        (Value::Array(Array::F64(vec![1.0])), "[1.0]"),
        (
            Value::Array(Array::String(vec![
                StringValue::from("a"),
                StringValue::from("b c"),
            ])),
            "[a,\"b c\"]",
        ),
    ];
    for (value, expected) in table {
        let list = attribute_list(&[KeyValue::new("k", value)], &Attributes::All);
        assert_eq!(list, format!("[k={expected}]"));
    }
}

#[test]
fn of_a_key_set_twice_the_last_value_is_shown() {
    let attributes = [
        KeyValue::new("a", 1),
        KeyValue::new("b", 2),
        KeyValue::new("a", 3),
    ];
    assert_eq!(attribute_list(&attributes, &Attributes::All), "[a=3 b=2]");
    assert_eq!(
        attribute_list(&attributes, &Attributes::listed(["b", "c", "a"])),
        "[b=2 a=3]"
    );
    assert_eq!(attribute_list(&attributes, &Attributes::listed(["c"])), "");
    assert_eq!(attribute_list(&attributes, &Attributes::None), "");
}

#[test]
fn text_of_other_scripts_is_left_alone() {
    let mut text = String::new();
    push_escaped(&mut text, "zahlung für 東京 🎉");
    assert_eq!(text, "zahlung für 東京 🎉");
}

#[test]
fn durations_have_three_digits_and_their_unit() {
    let table = [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.00 µs"),
        (12_345, "12.3 µs"),
        (999_999, "999 µs"),
        (1_050_000, "1.05 ms"),
        (812_400_000, "812 ms"),
        (1_250_000_000, "1.25 s"),
        (59_999_999_999, "59.9 s"),
        (125_000_000_000, "2 min 5 s"),
    ];
    for (nanos, expected) in table {
        assert_eq!(duration::text(Duration::from_nanos(nanos)), expected);
    }
}

#[test]
fn a_trace_knows_its_places_and_sums() {
    let spans = payment();
    let all = traces(&spans);
    assert_eq!(all.len(), 1);
    let trace = &all[0];
    assert_eq!(trace.errors(), 2);
    assert_eq!(trace.duration(), Duration::from_millis(48));
    let places: Vec<_> = trace
        .rows
        .iter()
        .map(|row| (row.depth, row.place))
        .collect();
    assert_eq!(
        places,
        [
            (0, Place::RemoteParent),
            (1, Place::Child),
            (1, Place::Child),
            (2, Place::Child)
        ]
    );
}

proptest! {
    #[test]
    fn whatever_the_parents_say_each_span_is_there_once_and_below_its_parent(
        parents in prop::collection::vec((0_u64..24, any::<bool>(), 0_u64..4), 0..20),
    ) {
        let spans: Vec<_> = (1..)
            .zip(&parents)
            .map(|(id, &(parent, remote, start))| {
                let mut span = span(id, parent, start, "any");
                span.parent_is_remote = remote;
                span
            })
            .collect();
        let mut ids = Vec::new();
        for trace in traces(&spans) {
            let mut path = Vec::new();
            for row in trace.rows {
                path.truncate(row.depth);
                prop_assert_eq!(path.len(), row.depth, "a level was left out");
                if row.place == Place::Child {
                    prop_assert_eq!(path.last().copied(), row.span.parent_span_id);
                } else {
                    prop_assert_eq!(row.depth, 0);
                }
                path.push(row.span.span_id);
                ids.push(row.span.span_id.to_bytes());
            }
        }
        ids.sort_unstable();
        let expected: Vec<_> = spans.iter().map(|span| span.span_id.to_bytes()).collect();
        prop_assert_eq!(ids, expected);
    }
}

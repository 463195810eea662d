use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, KeyValue, StringValue,
    baggage::BaggageExt,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use super::support::{TRACE, headers, only, parent, round_trip};
use crate::propagation::Propagation;

fn full() -> HeaderMap {
    headers([
        ("traceparent", &*parent("01")),
        ("tracestate", "foo=1,x@@y=2"),
        ("baggage", "user=alice"),
    ])
}

/// Which of the three fields come out when all three go in.
fn passed_on(propagation: &Propagation) -> Vec<String> {
    let cx = propagation.extract(&full(), &Context::new());
    let mut outgoing = HeaderMap::new();
    propagation.inject(&cx, &mut outgoing);
    let mut names: Vec<_> = outgoing.keys().map(ToString::to_string).collect();
    names.sort();
    names
}

#[test]
fn each_choice_reads_and_writes_its_own_fields() {
    let stock = || Propagation::custom(Arc::new(TraceContextPropagator::new()));
    for (propagation, fields) in [
        (
            Propagation::default(),
            &["baggage", "traceparent", "tracestate"][..],
        ),
        (
            Propagation::w3c(),
            &["baggage", "traceparent", "tracestate"],
        ),
        (Propagation::trace_context(), &["traceparent", "tracestate"]),
        (
            Propagation::w3c().with_baggage(false),
            &["traceparent", "tracestate"],
        ),
        (Propagation::none(), &[]),
        (Propagation::none().with_baggage(true), &["baggage"]),
        (stock(), &["traceparent"]),
    ] {
        assert_eq!(passed_on(&propagation), fields, "{propagation:?}");
    }
}

#[test]
fn what_comes_in_goes_out_unchanged() {
    assert_eq!(round_trip(&full()), full());
}

#[test]
fn without_headers_the_context_is_the_base() {
    let base = Context::new().with_baggage([KeyValue::new("user", "alice")]);
    for propagation in [
        Propagation::w3c(),
        Propagation::none(),
        Propagation::custom(Arc::new(TraceContextPropagator::new())),
    ] {
        let cx = propagation.extract(&HeaderMap::new(), &base);
        assert!(!cx.has_active_span());
        assert_eq!(cx.baggage().get("user"), Some(&StringValue::from("alice")));
    }
}

#[test]
fn baggage_of_the_base_stays_unless_the_headers_have_some() {
    let base = Context::new().with_baggage([KeyValue::new("user", "alice")]);
    for (value, user) in [("user=bob", "bob"), ("", "alice"), ("no good", "alice")] {
        let incoming = headers([("baggage", value), ("traceparent", &*parent("01"))]);
        let cx = Propagation::w3c().extract(&incoming, &base);
        assert_eq!(cx.baggage().get("user"), Some(&StringValue::from(user)));
        assert!(cx.span().span_context().is_remote());
    }
}

#[test]
fn the_list_of_an_earlier_message_is_not_sent_for_a_later_one_of_the_same_trace() {
    let propagation = Propagation::w3c();
    let earlier = propagation.extract(&full(), &Context::new());
    let later = headers([("traceparent", parent("01")), ("tracestate", "a=1".into())]);
    let mut outgoing = HeaderMap::new();
    propagation.inject(&propagation.extract(&later, &earlier), &mut outgoing);
    assert_eq!(only(&outgoing, "tracestate"), Some("a=1"));
}

#[test]
fn the_span_context_alone_has_what_its_type_can_hold() {
    let stock = Propagation::custom(Arc::new(TraceContextPropagator::new()));
    for (propagation, state) in [
        (Propagation::w3c(), "foo=1"),
        (Propagation::trace_context(), "foo=1"),
        (stock, ""),
    ] {
        let span_context = propagation.extract_span_context(&full()).unwrap();
        assert_eq!(span_context.trace_id().to_string(), TRACE);
        assert!(span_context.is_remote());
        assert_eq!(span_context.trace_state().header(), state);
        assert_eq!(propagation.extract_span_context(&HeaderMap::new()), None);
    }
    assert_eq!(Propagation::none().extract_span_context(&full()), None);
}

#[test]
fn stale_headers_of_another_parent_are_replaced_or_removed() {
    let cx = Propagation::w3c().extract(&headers([("traceparent", parent("01"))]), &Context::new());
    for propagation in [
        Propagation::w3c(),
        Propagation::custom(Arc::new(TraceContextPropagator::new())),
    ] {
        let mut outgoing = headers([
            ("traceparent", "stale"),
            ("traceparent", "stale too"),
            ("tracestate", "old=1"),
            ("tracestate", "old=2"),
            ("baggage", "by=hand"),
            ("x-other", "1"),
        ]);
        propagation.inject(&cx, &mut outgoing);
        let expected = headers([
            ("traceparent", &*parent("01")),
            ("baggage", "by=hand"),
            ("x-other", "1"),
        ]);
        assert_eq!(outgoing, expected, "{propagation:?}");
    }
}

#[test]
fn an_invalid_span_leaves_the_headers_alone_but_baggage_is_sent() {
    let cx = Context::new()
        .with_remote_span_context(SpanContext::NONE)
        .with_baggage([KeyValue::new("user", "alice")]);
    let mut outgoing = headers([("traceparent", &*parent("01")), ("tracestate", "foo=1")]);
    Propagation::w3c().inject(&cx, &mut outgoing);
    let expected = headers([
        ("traceparent", &*parent("01")),
        ("tracestate", "foo=1"),
        ("baggage", "user=alice"),
    ]);
    assert_eq!(outgoing, expected);
}

#[test]
fn removing_takes_back_what_injecting_wrote() {
    let stock = Propagation::custom(Arc::new(TraceContextPropagator::new()));
    for (propagation, left) in [
        (Propagation::w3c(), &["x-other"][..]),
        (Propagation::trace_context(), &["baggage", "x-other"]),
        (stock.with_baggage(false), &["baggage", "x-other"]),
    ] {
        let mut outgoing = full();
        outgoing.insert("x-other", HeaderValue::from_static("1"));
        propagation.remove(&mut outgoing);
        let mut names: Vec<_> = outgoing.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, left);
    }
}

#[test]
fn a_full_header_map_is_left_as_it_is() {
    let mut outgoing = HeaderMap::new();
    let mut count = 0;
    while outgoing
        .try_insert(
            HeaderName::try_from(format!("x-{count}")).unwrap(),
            HeaderValue::from_static("1"),
        )
        .is_ok()
    {
        count += 1;
    }
    let propagation = Propagation::w3c();
    let cx = propagation.extract(&full(), &Context::new());
    propagation.inject(&cx, &mut outgoing);
    assert_eq!(outgoing.len(), count);
}

/// Reads and writes one header of its own, the baggage header, and an empty one.
#[derive(Debug)]
struct Loud([String; 4]);

impl Loud {
    fn propagation() -> Propagation {
        Propagation::custom(Arc::new(Self(
            ["x-loud", "Baggage", "x-empty", "x-silent"].map(str::to_owned),
        )))
    }
}

impl TextMapPropagator for Loud {
    fn inject_context(&self, _cx: &Context, injector: &mut dyn Injector) {
        injector.reserve(3);
        injector.set("x-loud", "1".to_owned());
        injector.set("Baggage", "loud=1".to_owned());
        injector.set("x-empty", String::new());
        injector.set("not a name", "1".to_owned());
        injector.set("x-bad", "a\nb".to_owned());
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let sees = format!(
            "{:?} {:?} {:?}",
            extractor.get("Baggage"),
            extractor.get_all("baggage"),
            extractor.keys()
        );
        cx.with_value(sees)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.0)
    }
}

#[test]
fn stale_fields_that_a_custom_propagator_does_not_write_are_removed_with_a_valid_span_only() {
    let traced = Propagation::w3c().extract(&full(), &Context::new());
    for (cx, expected) in [(traced, None), (Context::new(), Some("stale"))] {
        let mut outgoing = headers([("x-silent", "stale")]);
        Loud::propagation().inject(&cx, &mut outgoing);
        assert_eq!(only(&outgoing, "x-silent"), expected);
    }
}

#[test]
fn a_custom_propagator_sees_and_writes_baggage_only_when_it_is_on() {
    let incoming = headers([("baggage", "a=1"), ("baggage", "b=2")]);
    for (on, seen, written) in [
        (
            true,
            r#"Some("a=1") Some(["a=1", "b=2"]) ["baggage"]"#,
            Some("loud=1"),
        ),
        (false, "None None []", None),
    ] {
        let propagation = Loud::propagation().with_baggage(on);
        let cx = propagation.extract(&incoming, &Context::new());
        assert_eq!(cx.get::<String>().map(String::as_str), Some(seen));

        let mut outgoing = headers([("x-empty", "stale")]);
        propagation.inject(&cx, &mut outgoing);
        assert_eq!(only(&outgoing, "x-loud"), Some("1"));
        assert_eq!(only(&outgoing, "baggage"), written);
        assert_eq!(
            only(&outgoing, "x-empty"),
            None,
            "empty values are not sent"
        );
        assert_eq!(only(&outgoing, "x-bad"), None);
    }
}

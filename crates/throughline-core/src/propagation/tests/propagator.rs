use std::collections::HashMap;

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};

use super::support::{TRACE, headers, parent};
use crate::propagation::{Propagation, W3cPropagator, carrier::HeaderExtractor};

type Carrier = HashMap<String, String>;

fn carrier(lines: &[(&str, &str)]) -> Carrier {
    lines
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn full() -> Carrier {
    carrier(&[
        ("traceparent", &parent("03")),
        ("tracestate", "foo=1,x@@y=2"),
        ("baggage", "user=alice"),
    ])
}

#[test]
fn what_comes_in_goes_out_unchanged() {
    let propagator = W3cPropagator::default();
    let cx = propagator.extract_with_context(&Context::new(), &full());
    let mut outgoing = Carrier::new();
    propagator.inject_context(&cx, &mut outgoing);
    assert_eq!(outgoing, full());
}

#[test]
fn a_caller_that_is_not_sampled_is_not_the_parent_of_what_is_called() {
    let propagator = W3cPropagator::default();
    let sent = parent("02");
    let cx = propagator.extract_with_context(&Context::new(), &carrier(&[("traceparent", &sent)]));
    let mut parents = std::collections::HashSet::new();
    for _ in 0..100 {
        let mut outgoing = Carrier::new();
        propagator.inject_context(&cx, &mut outgoing);
        let value = outgoing["traceparent"].clone();
        assert_eq!((&value[..36], &value[52..]), (&sent[..36], "-02"));
        assert_ne!(value, sent);
        parents.insert(value);
    }
    assert_eq!(parents.len(), 100, "each call has a parent id of its own");
}

#[test]
fn a_string_map_works_as_well_as_headers() {
    for (propagation, fields) in [
        (Propagation::w3c(), 3),
        (Propagation::trace_context(), 2),
        (Propagation::none(), 0),
        (Propagation::none().with_baggage(true), 1),
        (
            Propagation::custom(std::sync::Arc::new(W3cPropagator::new())),
            3,
        ),
        (
            Propagation::custom(std::sync::Arc::new(W3cPropagator::new())).with_baggage(false),
            2,
        ),
    ] {
        let cx = propagation.extract_from(&full(), &Context::new());
        let mut outgoing = Carrier::new();
        propagation.inject_into(&cx, &mut outgoing);
        assert_eq!(outgoing.len(), fields, "{propagation:?}");
        for (name, value) in outgoing {
            assert_eq!(full()[&name], value);
        }
    }
}

#[test]
fn trace_context_alone_neither_reads_nor_writes_baggage() {
    let propagator = W3cPropagator::trace_context();
    let both = W3cPropagator::new();
    let mut outgoing = Carrier::new();
    propagator.inject_context(
        &both.extract_with_context(&Context::new(), &full()),
        &mut outgoing,
    );
    assert!(!outgoing.contains_key("baggage"));

    let mut outgoing = Carrier::new();
    both.inject_context(
        &propagator.extract_with_context(&Context::new(), &full()),
        &mut outgoing,
    );
    assert!(!outgoing.contains_key("baggage"));
}

#[test]
fn no_empty_field_is_written() {
    let propagator = W3cPropagator::new();
    let cx = propagator
        .extract_with_context(&Context::new(), &carrier(&[("traceparent", &parent("01"))]));
    let mut outgoing = Carrier::new();
    propagator.inject_context(&cx, &mut outgoing);
    assert_eq!(outgoing, carrier(&[("traceparent", &parent("01"))]));
}

#[test]
fn the_fields_are_those_that_it_writes() {
    let fields = |propagator: W3cPropagator| -> Vec<String> {
        propagator.fields().map(str::to_owned).collect()
    };
    assert_eq!(
        fields(W3cPropagator::new()),
        ["traceparent", "tracestate", "baggage"]
    );
    assert_eq!(
        fields(W3cPropagator::trace_context()),
        ["traceparent", "tracestate"]
    );
}

#[test]
fn an_extractor_that_shows_all_values_gets_the_same_rules_as_headers() {
    let extract = |incoming: &HeaderMap| {
        W3cPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(incoming))
    };
    let twice = headers([("traceparent", parent("01")), ("traceparent", parent("01"))]);
    assert!(!extract(&twice).has_active_span());

    let lines = headers([
        ("traceparent", &*parent("01")),
        ("tracestate", "a=1"),
        ("tracestate", "b=2"),
    ]);
    let cx = extract(&lines);
    let span = cx.span();
    assert_eq!(span.span_context().trace_id().to_string(), TRACE);
    assert_eq!(span.span_context().trace_state().header(), "a=1,b=2");
    assert_eq!(
        HeaderExtractor(&lines).get_all("tracestate"),
        Some(vec!["a=1", "b=2"])
    );
}

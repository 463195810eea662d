use opentelemetry::trace::TraceContextExt;

use super::*;

const PARENT: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn parent() -> Traceparent {
    Traceparent::parse(PARENT).unwrap()
}

/// The context of a request with the given list.
fn received(list: &str) -> Context {
    let (state, carried) = extract(parent(), [list.as_bytes()].into_iter());
    let cx = Context::new().with_remote_span_context(parent().into_span_context(state));
    match carried {
        Some(list) => cx.with_value(list),
        None => cx,
    }
}

/// What the span of the context sends after its state was changed.
fn sent(cx: &Context, change: impl FnOnce(&TraceState) -> TraceState) -> Option<String> {
    let state = change(cx.span().span_context().trace_state());
    encode(cx, &parent().into_span_context(state))
}

#[test]
fn the_span_has_the_members_that_its_type_can_hold() {
    for (list, on_span) in [
        ("foo=1,bar=2", "foo=1,bar=2"),
        ("foo@@bar=1,bar=2", "bar=2"),
        ("a@b=1,t@vvvvvvvvvvvvvvv=2", "a@b=1"),
        ("foo@@bar=1", ""),
    ] {
        let cx = received(list);
        let state = cx.span().span_context().trace_state().header();
        assert_eq!(state, on_span, "{list}");
        assert_eq!(sent(&cx, TraceState::clone).as_deref(), Some(list));
    }
}

#[test]
fn a_list_that_fits_the_span_is_not_carried_beside_it() {
    assert!(received("foo=1,a@b=2").get::<CarriedList>().is_none());
    assert!(received("foo=1,a@@b=2").get::<CarriedList>().is_some());
}

#[test]
fn new_and_changed_members_come_first_and_the_others_keep_their_order() {
    let cx = received("a=1,x@@y=2,b=3,z@@z=4,c=5");
    for (change, expected) in [
        (
            Box::new(|state: &TraceState| state.insert("new", "9").unwrap())
                as Box<dyn Fn(&TraceState) -> TraceState>,
            "new=9,a=1,x@@y=2,b=3,z@@z=4,c=5",
        ),
        (
            Box::new(|state| state.insert("b", "9").unwrap()),
            "b=9,a=1,x@@y=2,z@@z=4,c=5",
        ),
        (
            Box::new(|state| state.delete("a").unwrap()),
            "x@@y=2,b=3,z@@z=4,c=5",
        ),
        (
            Box::new(|state| state.insert("c", "8").unwrap().insert("new", "9").unwrap()),
            "new=9,c=8,a=1,x@@y=2,b=3,z@@z=4",
        ),
        (
            // A value that may not be sent: the old one is no longer true, and goes too.
            Box::new(|state| state.insert("b", "x\r\ny: z").unwrap()),
            "a=1,x@@y=2,z@@z=4,c=5",
        ),
        (Box::new(|_| TraceState::NONE), "x@@y=2,z@@z=4"),
    ] {
        assert_eq!(sent(&cx, change).as_deref(), Some(expected));
    }
}

#[test]
fn a_full_list_loses_its_last_member_to_a_new_one() {
    let members: Vec<String> = (0..32).map(|n| format!("k@@{n}=v")).collect();
    let cx = received(&members.join(","));
    let sent = sent(&cx, |state| state.insert("new", "9").unwrap()).unwrap();
    assert_eq!(sent, format!("new=9,{}", members[..31].join(",")));
}

#[test]
fn a_carried_list_is_not_sent_with_another_trace() {
    let cx = received("x@@y=2");
    let other = SpanContext::new(
        TraceId::from(7),
        opentelemetry::SpanId::from(7),
        opentelemetry::TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    assert_eq!(encode(&cx, &other), None);
}

#[test]
fn a_value_that_no_header_may_hold_is_left_out_and_the_rest_is_sent() {
    let state = TraceState::from_key_value([
        ("a", "1"),
        ("empty", ""),
        ("break", "x\r\nset-cookie: y"),
        ("space", "x "),
        ("wide", "\u{e9}"),
        ("b", "2"),
    ])
    .unwrap();
    let span_context = parent().into_span_context(state);
    assert_eq!(
        encode(&Context::new(), &span_context).as_deref(),
        Some("a=1,b=2")
    );
}

#[test]
fn a_list_that_is_too_long_loses_large_members_first_and_then_the_last() {
    let member = |key: &str, len: usize| format!("{key}={}", "v".repeat(len - key.len() - 1));
    let small: Vec<String> = (10..30).map(|n| member(&format!("s{n}"), 100)).collect();
    let list = |members: &[&[String]]| members.concat().join(",");

    // 20 * 100 + 19 commas is 2,019 bytes: what is small fits exactly when both large ones are gone.
    let large = [member("large1", 129), member("large2", 200)];
    let cx = received(&list(&[&large[..1], &small, &large[1..]]));
    assert_eq!(
        sent(&cx, TraceState::clone).as_deref(),
        Some(&*list(&[&small]))
    );

    // A large one that fits after the last large one went stays.
    let cx = received(&list(&[&large[..1], &small[..18], &large[1..]]));
    assert_eq!(
        sent(&cx, TraceState::clone).as_deref(),
        Some(&*list(&[&large[..1], &small[..18]]))
    );

    // 15 * 127 + 128 and 15 commas is 2,048 bytes: the limit itself still fits.
    let mut exact: Vec<String> = (10..42).map(|n| member(&format!("s{n}"), 127)).collect();
    exact[0] = member("first", 128);
    let cx = received(&exact.join(","));
    let kept = sent(&cx, TraceState::clone).unwrap();
    assert_eq!(kept, exact[..16].join(","));
    assert_eq!(kept.len(), MAX_LEN);

    let many: Vec<String> = (10..42).map(|n| member(&format!("s{n}"), 100)).collect();
    let cx = received(&many.join(","));
    assert_eq!(
        sent(&cx, TraceState::clone).as_deref(),
        Some(&*many[..20].join(","))
    );
    assert_eq!(
        cx.span().span_context().trace_state().into_iter().len(),
        20,
        "the span shows what is sent"
    );
}

#[test]
fn at_least_512_bytes_are_sent_whatever_the_members_are() {
    for len in [2, 64, 128, 129, 256] {
        let mut list = String::new();
        for n in 0..32 {
            let key = format!("{n:02}@@");
            let member = format!("{key}={}", "v".repeat(len));
            if list.len() + member.len() < 512 {
                list = if list.is_empty() {
                    member
                } else {
                    format!("{list},{member}")
                };
            }
        }
        assert_eq!(sent(&received(&list), TraceState::clone), Some(list));
    }
}

#[test]
fn the_header_takes_the_block_of_the_list_over() {
    let text = sent(&received("foo=1,bar=2"), TraceState::clone).unwrap();
    assert_eq!(text.len(), text.capacity());
}

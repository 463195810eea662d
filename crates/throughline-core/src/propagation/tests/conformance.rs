//! What the specification asks of a service that continues a trace, case by case, through a real tracer.

use super::support::{SPAN, TRACE, headers, only, parent, relay};

/// The trace and parent id of what a service sends, which must be a version 00 value.
fn sent(lines: &[(&str, &str)]) -> (String, String, String) {
    let outgoing = relay(&headers(lines.iter().copied()));
    let value = only(&outgoing, "traceparent").expect("a service always sends one");
    let parts: Vec<_> = value.split('-').collect();
    assert_eq!(parts.len(), 4, "{value}");
    assert_eq!(parts[0], "00");
    let owned = |part: &str| part.to_owned();
    (owned(parts[1]), owned(parts[2]), owned(parts[3]))
}

#[track_caller]
fn continues(lines: &[(&str, &str)]) {
    let (trace, span, _) = sent(lines);
    assert_eq!(trace, TRACE, "{lines:?}");
    assert_ne!(span, SPAN, "{lines:?}");
}

#[track_caller]
fn restarts(lines: &[(&str, &str)]) {
    let (trace, _, _) = sent(lines);
    assert_ne!(trace, TRACE, "{lines:?}");
    assert_ne!(trace, "0".repeat(32));
}

/// The `tracestate` that a service sends on when it was given these fields of it.
#[track_caller]
fn state(lines: &[&str]) -> Option<String> {
    let traceparent = parent("00");
    let mut all = vec![("traceparent", traceparent.as_str())];
    all.extend(lines.iter().map(|line| ("tracestate", *line)));
    let outgoing = relay(&headers(all));
    assert!(
        only(&outgoing, "traceparent").unwrap().contains(TRACE),
        "tracestate never decides about the trace: {lines:?}"
    );
    only(&outgoing, "tracestate").map(str::to_owned)
}

#[track_caller]
fn inherits(lines: &[&str], expected: &str) {
    assert_eq!(state(lines).as_deref(), Some(expected), "{lines:?}");
}

#[track_caller]
fn discards(lines: &[&str]) {
    assert_eq!(state(lines), None, "{lines:?}");
}

#[test]
fn a_trace_starts_when_no_header_says_otherwise() {
    let outgoing = relay(&headers::<&str, &str>([]));
    assert!(only(&outgoing, "traceparent").is_some());
    assert_eq!(only(&outgoing, "tracestate"), None);
}

#[test]
fn a_traceparent_alone_continues_the_trace() {
    continues(&[("traceparent", &parent("01"))]);
}

#[test]
fn two_traceparents_restart_the_trace_even_when_equal() {
    let other = parent("01").replace("a3ce", "a3cf");
    restarts(&[("traceparent", &other), ("traceparent", &parent("01"))]);
    restarts(&[("traceparent", &parent("01")), ("traceparent", &other)]);
    restarts(&[
        ("traceparent", &parent("01")),
        ("traceparent", &parent("01")),
    ]);
}

#[test]
fn header_names_count_in_any_case_but_only_in_the_right_spelling() {
    for name in ["TraceParent", "tRACEPARENT", "TRACEPARENT"] {
        continues(&[(name, &parent("01"))]);
    }
    for name in ["trace-parent", "trace.parent", "trace_parent"] {
        restarts(&[(name, &parent("01"))]);
    }
    let traceparent = parent("00");
    for (name, expected) in [
        ("TraceState", Some("foo=1")),
        ("tRACESTATE", Some("foo=1")),
        ("TRACESTATE", Some("foo=1")),
        ("trace-state", None),
        ("trace.state", None),
    ] {
        let outgoing = relay(&headers([("traceparent", &*traceparent), (name, "foo=1")]));
        assert_eq!(only(&outgoing, "tracestate"), expected, "{name}");
    }
}

#[test]
fn version_00_has_nothing_behind_the_flags() {
    restarts(&[("traceparent", &format!("{}.", parent("01")))]);
    restarts(&[("traceparent", &format!("{}-tomorrow", parent("01")))]);
}

#[test]
fn a_later_version_may_have_more_behind_a_dash() {
    let later = parent("01").replacen("00", "c3", 1);
    continues(&[("traceparent", &later)]);
    continues(&[("traceparent", &format!("{later}-tomorrow-and-after"))]);
    restarts(&[("traceparent", &format!("{later}.tomorrow"))]);
}

#[test]
fn a_malformed_part_restarts_the_trace() {
    for value in [
        format!("ff-{TRACE}-{SPAN}-01"),
        format!(".0-{TRACE}-{SPAN}-01"),
        format!("0.-{TRACE}-{SPAN}-01"),
        format!("000-{TRACE}-{SPAN}-01"),
        format!("0000-{TRACE}-{SPAN}-01"),
        format!("0-{TRACE}-{SPAN}-01"),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-.{}-{SPAN}-01", &TRACE[1..]),
        format!("00-{}.-{SPAN}-01", &TRACE[..31]),
        format!("00-{TRACE}3-{SPAN}-01"),
        format!("00-{}-{SPAN}-01", &TRACE[1..]),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-.{}-01", &SPAN[1..]),
        format!("00-{TRACE}-{}.-01", &SPAN[..15]),
        format!("00-{TRACE}-{SPAN}7-01"),
        format!("00-{TRACE}-{}-01", &SPAN[1..]),
        format!("00-{TRACE}-{SPAN}-.0"),
        format!("00-{TRACE}-{SPAN}-0."),
        format!("00-{TRACE}-{SPAN}-001"),
        format!("00-{TRACE}-{SPAN}-1"),
    ] {
        restarts(&[("traceparent", &value)]);
    }
}

#[test]
fn white_space_around_a_traceparent_is_ignored() {
    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        continues(&[("traceparent", &format!("{before}{}{after}", parent("01")))]);
    }
}

#[test]
fn the_random_flag_is_passed_on_sampled_or_not() {
    for (received, expected) in [
        ("00", "00"),
        ("01", "01"),
        ("02", "02"),
        ("03", "03"),
        ("fe", "02"),
    ] {
        let (trace, span, flags) = sent(&[("traceparent", &parent(received))]);
        assert_eq!(
            (trace.as_str(), flags.as_str()),
            (TRACE, expected),
            "{received}"
        );
        assert_ne!(span, SPAN);
    }
}

#[test]
fn a_tracestate_without_a_valid_traceparent_is_discarded() {
    for traceparent in [None, Some("00-0-0-0")] {
        for value in ["foo=1", "foo=1,bar=2"] {
            let mut lines = vec![("tracestate", value)];
            lines.extend(traceparent.map(|value| ("traceparent", value)));
            let outgoing = relay(&headers(lines));
            assert!(only(&outgoing, "traceparent").is_some());
            assert_eq!(only(&outgoing, "tracestate"), None);
        }
    }
}

#[test]
fn a_tracestate_is_inherited_in_order_from_all_its_fields() {
    inherits(&["foo=1,bar=2"], "foo=1,bar=2");
    inherits(
        &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
        "foo=1,bar=2,rojo=1,congo=2,baz=3",
    );
}

#[test]
fn empty_fields_and_members_are_nothing() {
    discards(&[""]);
    discards(&["", " \t", ",,"]);
    inherits(&["foo=1", ""], "foo=1");
    inherits(&["", "foo=1"], "foo=1");
    inherits(&[",foo=1, ,\t,bar=2,"], "foo=1,bar=2");
}

#[test]
fn the_first_of_two_equal_keys_is_sent() {
    inherits(&["foo=1,foo=1"], "foo=1");
    inherits(&["foo=1,foo=2"], "foo=1");
    inherits(&["foo=1", "foo=1"], "foo=1");
    inherits(&["foo=1", "bar=3", "foo=2"], "foo=1,bar=3");
}

#[test]
fn every_allowed_character_passes_in_keys_and_values() {
    let key: String = ('a'..='z').chain('0'..='9').chain("_-*/".chars()).collect();
    let value: String = (' '..='~').filter(|c| !matches!(c, ',' | '=')).collect();
    for key in [key.clone(), format!("{key}@a0_-*/"), format!("7{key}")] {
        let member = format!("{key}={value}");
        inherits(&[&member], &member);
    }
}

#[test]
fn white_space_around_members_is_not_part_of_them() {
    for line in [
        "foo=1 \t , \t bar=2, \t baz=3",
        "foo=1\t \t,\t \tbar=2,\t \tbaz=3",
    ] {
        inherits(&[line], "foo=1,bar=2,baz=3");
    }
    for line in [" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"] {
        inherits(&[line], "foo=1");
    }
    inherits(&["foo= a b "], "foo= a b");
}

#[test]
fn one_malformed_member_discards_the_list() {
    for line in [
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1",
        "_foo=1",
        "=1",
        "foo",
        "f\u{f6}o=1",
        "foo=",
        "foo=b=c",
        "foo=a\tb",
        "foo=\u{e9}",
    ] {
        discards(&[line]);
        discards(&[&format!("bar=2,{line}")]);
        discards(&[line, "bar=2"]);
    }
}

#[test]
fn an_at_sign_may_stand_anywhere_but_first() {
    for line in [
        "foo@=1,bar=2",
        "foo@@bar=1,bar=2",
        "bar=2,foo@bar@baz=1",
        "a=1,foo@@bar=1,b=2,foo@bar@baz=1,c=3",
    ] {
        inherits(&[line], line);
    }
}

#[test]
fn a_key_has_at_most_256_characters_wherever_its_at_sign_is() {
    for key in [
        "z".repeat(256),
        format!("{}@{}", "t".repeat(241), "v".repeat(14)),
        format!("{}@v", "t".repeat(242)),
        format!("t@{}", "v".repeat(15)),
    ] {
        inherits(&["foo=1", &format!("{key}=1")], &format!("foo=1,{key}=1"));
    }
    discards(&["foo=1", &format!("{}=1", "z".repeat(257))]);
    discards(&["foo=1", &format!("t@{}=1", "v".repeat(255))]);
}

#[test]
fn a_value_has_at_most_256_characters() {
    let longest = format!("foo={}", "x".repeat(256));
    inherits(&[&longest], &longest);
    discards(&[&format!("{longest}x")]);
}

#[test]
fn thirty_two_members_are_inherited_and_thirty_three_are_none() {
    let members: Vec<String> = (1..=33).map(|n| format!("bar{n:02}={n:02}")).collect();
    let lines: Vec<String> = members[..32]
        .chunks(10)
        .map(|line| line.join(","))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    inherits(&lines, &members[..32].join(","));
    discards(&[&members[..20].join(","), &members[20..].join(",")]);
}

#[test]
fn three_calls_of_one_request_share_the_trace_and_nothing_else() {
    for traceparent in [
        Some(parent("01")),
        None,
        Some(parent("01").replace('a', ".")),
    ] {
        let incoming = headers(traceparent.as_deref().map(|value| ("traceparent", value)));
        let mut spans: Vec<String> = (0..3)
            .map(|_| only(&relay(&incoming), "traceparent").unwrap()[36..52].to_owned())
            .collect();
        spans.sort_unstable();
        spans.dedup();
        assert_eq!(spans.len(), 3);
    }
}

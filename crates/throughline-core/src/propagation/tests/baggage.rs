use opentelemetry::StringValue;

use super::*;

fn read(lines: &[&str]) -> Option<Baggage> {
    extract(lines.iter().map(|line| line.as_bytes()))
}

/// The members of a list as `key`, decoded value and properties, sorted.
fn members(lines: &[&str]) -> Vec<(String, String, String)> {
    let baggage = read(lines).unwrap_or_default();
    let mut members: Vec<_> = baggage
        .iter()
        .map(|(key, (value, properties))| {
            (
                key.to_string(),
                value.to_string(),
                properties.as_str().to_owned(),
            )
        })
        .collect();
    members.sort();
    members
}

fn written(members: &[(&str, &str, &str)]) -> Option<String> {
    let mut baggage = Baggage::new();
    for (key, value, properties) in members {
        baggage.insert_with_metadata(
            (*key).to_owned(),
            StringValue::from((*value).to_owned()),
            *properties,
        );
        assert!(baggage.get(key).is_some(), "{key} was not taken");
    }
    encode(&baggage)
}

#[test]
fn values_are_decoded_and_may_hold_equals_signs() {
    for (value, decoded) in [
        ("alice", "alice"),
        ("", ""),
        ("  alice\t", "alice"),
        ("DF%2028", "DF 28"),
        ("a=b==c", "a=b==c"),
        ("a%3Db", "a=b"),
        ("%C3%A9%2C%3B", "\u{e9},;"),
        ("%20x%20", " x "),
        ("100%", "100%"),
        ("%zz%4", "%zz%4"),
        ("%FF", "\u{fffd}"),
        ("a+b", "a+b"),
    ] {
        assert_eq!(
            members(&[&format!("key = {value}")]),
            [("key".to_owned(), decoded.to_owned(), String::new())],
            "{value:?}"
        );
    }
}

#[test]
fn keys_are_tokens_and_are_not_decoded() {
    assert_eq!(members(&["%41=1"])[0].0, "%41");
}

#[test]
fn a_malformed_member_is_dropped_alone() {
    for bad in [
        "",
        " ",
        "novalue",
        "=x",
        "a b=x",
        "a=x y",
        "a=\"x\"",
        "a=\\",
        "a=\u{e9}",
        "k(=1",
        "a=1;b c",
        "a=1;=x",
        "a=1;p=\u{e9}",
        "a=1;p=x y",
    ] {
        let expected = members(&["first=1,last=2"]);
        assert_eq!(
            members(&[&format!("first=1,{bad},last=2")]),
            expected,
            "{bad:?}"
        );
        assert_eq!(members(&["first=1", bad, "last=2"]), expected, "{bad:?}");
    }
}

#[test]
fn a_list_without_a_valid_member_is_no_baggage() {
    for lines in [&[][..], &[""], &[",", " "], &["novalue", "a b=1"]] {
        assert!(read(lines).is_none(), "{lines:?}");
    }
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    assert_eq!(
        members(&["a=1,b=2", "a=3;p"]),
        [
            ("a".to_owned(), "3".to_owned(), "p".to_owned()),
            ("b".to_owned(), "2".to_owned(), String::new()),
        ]
    );
}

#[test]
fn properties_stay_as_they_were_sent_without_white_space() {
    for (text, properties) in [
        ("a=1;p", "p"),
        ("a=1 ; p = 1 ;\tq", "p=1;q"),
        ("a=1;p=%2C%3B;q=a=b", "p=%2C%3B;q=a=b"),
        ("a=1;;p;", "p"),
        ("a=1;p=", "p="),
    ] {
        assert_eq!(members(&[text])[0].2, properties, "{text:?}");
    }
}

#[test]
fn values_are_encoded_so_that_every_reader_sees_the_same() {
    for (value, text) in [
        ("alice", "k=alice"),
        ("", "k="),
        ("DF 28", "k=DF%2028"),
        ("a=b", "k=a%3Db"),
        ("a,b;c\\d\"e", "k=a%2Cb%3Bc%5Cd%22e"),
        ("100%25", "k=100%2525"),
        ("\u{e9}\n\u{7f}", "k=%C3%A9%0A%7F"),
        ("!#$&'()*+-./:<>?@[]^_`{|}~", "k=!#$&'()*+-./:<>?@[]^_`{|}~"),
    ] {
        assert_eq!(
            written(&[("k", value, "")]).as_deref(),
            Some(text),
            "{value:?}"
        );
        assert_eq!(members(&[text])[0].1, value);
    }
}

#[test]
fn a_property_can_never_become_a_member() {
    for (properties, text) in [
        ("p", "k=v;p"),
        ("p=1;q", "k=v;p=1;q"),
        ("p=1,evil=2", "k=v;p=1%2Cevil=2"),
        ("p,evil", "k=v;p%2Cevil"),
        ("p=%2Cevil=2", "k=v;p=%2Cevil=2"),
        ("p=a b;q r=1", "k=v;p=a%20b;q%20r=1"),
        ("p=\r\nx: y", "k=v;p=%0D%0Ax:%20y"),
        (";;=x;p", "k=v;p"),
    ] {
        let sent = written(&[("k", "v", properties)]).unwrap();
        assert_eq!(sent, text, "{properties:?}");
        let again = read(&[&sent]).unwrap();
        assert_eq!(again.len(), 1, "{properties:?}");
        assert_eq!(encode(&again).unwrap(), sent);
    }
}

#[test]
fn members_are_written_in_the_order_of_their_keys() {
    assert_eq!(
        written(&[("b", "2", ""), ("c", "3", ""), ("a", "1", "p")]).as_deref(),
        Some("a=1;p,b=2,c=3")
    );
}

#[test]
fn empty_baggage_is_not_written() {
    assert_eq!(encode(&Baggage::new()), None);
}

#[test]
fn sixty_four_members_are_read_and_the_rest_is_left_out() {
    let list: Vec<String> = (0..70).map(|n| format!("k{n:02}=v")).collect();
    let baggage = read(&[&list.join(",")]).unwrap();
    assert_eq!(encode(&baggage).unwrap(), list[..64].join(","));

    let with_update = format!("{},k00=new", list.join(","));
    let baggage = read(&[&with_update]).unwrap();
    assert_eq!(baggage.get("k00"), Some(&StringValue::from("new")));
}

#[test]
fn eight_kilobytes_are_read_and_written_and_no_more() {
    let half = format!("a={}", "v".repeat(4093));
    let other = format!("b={}", "v".repeat(4094));
    let full = format!("{half},{other}");
    assert_eq!(full.len(), MAX_LEN);
    assert_eq!(encode(&read(&[&full]).unwrap()), Some(full.clone()));

    // The member that does not fit is left out, the small one after it is not.
    let more = format!("{half},{other}v,c=1");
    let baggage = read(&[&more]).unwrap();
    assert_eq!(baggage.get("b"), None);
    assert_eq!(encode(&baggage), Some(format!("{half},c=1")));

    let grows = "\u{e9}".repeat(1400);
    assert_eq!(
        written(&[("a", &grows, ""), ("b", "1", "")]).as_deref(),
        Some("b=1"),
        "8,400 bytes when encoded"
    );
}

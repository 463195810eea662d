//! What keys become, and what they never show.

use proptest::prelude::*;

use super::{evidence::Evidence, interned::Template, shape};

fn template(key: &str, evidence: &Evidence) -> String {
    text(&shape::of(key.as_bytes(), evidence))
}

fn text(shape: &shape::Text) -> String {
    String::from_utf8(shape.as_bytes().to_vec()).unwrap()
}

#[test]
fn values_are_replaced_at_first_sight() {
    let cases = [
        ("user:123:profile", "user:{}:profile"),
        ("user:alice", "user:{}"),
        ("user:alice:profile", "user:{}:profile"),
        ("session:7d4e2f8a9b1c", "session:{}"),
        (
            "cache:user:550e8400-e29b-41d4-a716-446655440000",
            "cache:user:{}",
        ),
        ("user:deadbeef-cafe-babe-face-feedfacecafe", "user:{}"),
        ("user:ada@example.org:settings", "user:{}:settings"),
        ("token:eyJhbGciOiJIUzI1NiJ9.e30.sig", "token:{}"),
        ("rate_limit:10.0.0.1:2024-05-01", "rate_limit:{}:{}"),
        ("order-7f3a", "order-{}"),
        ("order_12_34_items", "order_{}_items"),
        ("12.user", "{}.user"),
        ("{user:1}:cart", "{user:{}}:cart"),
        ("api/v1/users/17", "api/v1/users/{}"),
        ("app|users|17", "app|users|{}"),
        ("User:1", "{}:{}"),
        ("user::1", "user::{}"),
        ("a:b:c:d:e:f:g:h:user:user", "{}:{}:{}:{}:{}:{}:{}:{}:{}"),
        ("v123:user", "{}:user"),
        ("xyzzy", "{}"),
        ("ünïcode:user", "{}:user"),
        ("", ""),
    ];
    for (key, expected) in cases {
        assert_eq!(template(key, &Evidence::default()), expected, "{key}");
    }
    let long = format!("user:{}", "user:".repeat(60));
    assert_eq!(
        template(&long, &Evidence::default()),
        "user:user:user:user:user:user:user:user:{}"
    );
    let bytes = shape::of(b"user:\xff\xfe", &Evidence::default());
    assert_eq!(text(&bytes), "user:{}");
}

#[test]
fn separators_are_the_same_for_bytes_and_for_text() {
    for separator in shape::SEPARATORS {
        let text = template(&format!("user{separator}page"), &Evidence::default());
        assert_eq!(text, format!("user{separator}page"));
    }
}

#[test]
fn a_first_word_is_shown_once_many_values_followed_it() {
    let evidence = Evidence::default();
    let seen: Vec<String> = (0..9)
        .map(|id| template(&format!("quux:{id}"), &evidence))
        .collect();
    assert_eq!(seen[0], "{}:{}");
    assert_eq!(seen[6], "{}:{}");
    assert_eq!(seen[7], "quux:{}");
    assert_eq!(seen[8], "quux:{}");
}

#[test]
fn a_word_after_a_value_is_shown_once_it_followed_many() {
    let evidence = Evidence::default();
    let mut last = String::new();
    for id in 0..8 {
        last = template(&format!("user:{id}:gizmo"), &evidence);
    }
    assert_eq!(last, "user:{}:gizmo");
}

#[test]
fn a_name_that_is_looked_up_often_stays_hidden() {
    let evidence = Evidence::default();
    for _ in 0..100 {
        assert_eq!(template("user:alice", &evidence), "user:{}");
        assert_eq!(template("alice", &evidence), "{}");
        assert_eq!(template("alice:inbox", &evidence), "{}:inbox");
    }
}

#[test]
fn words_that_keep_changing_are_values_for_ever() {
    let evidence = Evidence::default();
    let name = |number: u8| format!("nym{}", char::from(b'a' + number));
    // One of them is proven first.
    for id in 0..8 {
        template(&format!("nyma:{id}"), &evidence);
    }
    assert_eq!(template("nyma:1", &evidence), "nyma:{}");
    for number in 0..20 {
        let text = template(&format!("{}:1", name(number)), &evidence);
        assert!(!text.contains("nymb"), "{text}");
    }
    assert_eq!(template("nyma:1", &evidence), "{}:{}");
}

#[test]
fn common_words_that_keep_changing_are_values_too() {
    let evidence = Evidence::default();
    let words: Vec<&str> = super::words::common().take(80).collect();
    for word in &words {
        let text = template(&format!("search:{word}:page"), &evidence);
        evidence.note_names(&text);
    }
    assert_eq!(template("search:user:page", &evidence), "search:{}:page");
    assert_eq!(template("page:user:search", &evidence), "page:user:search");
}

#[test]
fn templates_are_bounded() {
    let texts: Vec<_> = (0..2_000)
        .map(|number| Template::interned(format!("bounded:{number}").as_bytes()).text)
        .collect();
    let other = texts.iter().filter(|text| **text == "other").count();
    assert!(other >= 2_000 - 512, "{other}");
    assert!(
        texts
            .iter()
            .all(|text| *text == "other" || text.starts_with("bounded:"))
    );
}

proptest! {
    #[test]
    fn no_secret_in_a_key_survives(
        secret in prop_oneof![
            "[0-9]{4,20}",
            "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            "[0-9a-f]{8,64}",
            "[a-z]{3,12}\\.[a-z]{3,12}@[a-z]{3,12}\\.(org|com|de)",
            "[A-Za-z0-9+=_-]{8,64}",
            "[A-Za-z0-9+/]{8,64}={0,2}",
            "[a-z]{8,40}",
        ],
        before in prop_oneof![Just(""), Just("user:"), Just("session/"), Just("a:b:"), Just("cache_")],
        after in prop_oneof![Just(""), Just(":profile"), Just(".1"), Just("_x")],
    ) {
        // A word of the list is not a secret.
        prop_assume!(!super::words::is_common(secret.as_bytes()));
        let evidence = Evidence::default();
        let key = format!("{before}{secret}{after}");
        for _ in 0..3 {
            let text = template(&key, &evidence);
            prop_assert!(!text.contains(&secret), "{key} became {text}");
            for part in secret.split(['/', '_', '-', '.', '@', '+', '=']) {
                let is_word = super::words::is_common(part.as_bytes()) || part.len() < 4;
                prop_assert!(is_word || !text.contains(part) || format!("{before}{after}").contains(part), "{key} became {text}");
            }
        }
    }

    #[test]
    fn any_key_gives_a_short_text(key in proptest::collection::vec(any::<u8>(), 0..600)) {
        let shape = shape::of(&key, &Evidence::default());
        prop_assert!(text(&shape).len() <= 256);
    }

    #[test]
    fn names_in_the_same_place_never_show(names in proptest::collection::vec("[a-z]{3,10}", 1..60)) {
        let evidence = Evidence::default();
        for name in &names {
            prop_assume!(!super::words::is_common(name.as_bytes()) && *name != "user");
            let text = template(&format!("user:{name}:orders"), &evidence);
            prop_assert_eq!(text, "user:{}:orders");
        }
    }
}

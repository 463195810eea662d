//! What is removed from the texts of errors, and what is not.

use proptest::prelude::*;

use super::*;

#[test]
fn plain_messages_are_returned_as_they_are() {
    for text in [
        "",
        "connection refused (os error 111)",
        "password authentication failed for user \u{201e}bob\u{201c}",
        "no rows returned by a query that expected to return at least one row",
        "duplicate key value violates unique constraint users_email_key: Key (email)=(bob@example.com) already exists",
        "user bob@example.com is locked",
        "mailto:bob@example.com bounced",
        "cannot open file:///home/@bob/x",
        "user 67e55044-10b1-426f-9247-bb680e5fe0c8 not found",
        "error sending request for url (https://api.example.com:8443/v1/users?page=2)",
        "profile https://medium.com/@bob not found",
        "GET http://localhost:8080/@bob failed",
        "at /usr/local/lib/rustlib/x86_64-unknown-linux-gnu/src/main.rs:12:5",
        "src/handlers/users.rs:10",
        "Http2ConnectionError in hyper_util::client::legacy::connect::http::HttpConnector",
        "pod my-service-7d9f8b6c5d-x2k4q is gone",
        "token expired",
        "jsonwebtoken::errors::Error in app::auth::login",
        "basic authentication failed",
        "bearer token is missing",
        "2026-11-22T22:15:39.123456Z timed out after 30s",
        "invalid digit found in string",
        "[::1]:8080: address in use",
        "\u{1f980} pa\u{df}wort\u{20ac}",
    ] {
        assert!(
            matches!(message(text), Cow::Borrowed(same) if same == text),
            "{text} -> {}",
            message(text)
        );
    }
}

fn assert_scrubbed(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(message(text), *expected, "{text}");
    }
}

#[test]
fn credentials_of_urls_and_connection_strings_are_removed() {
    assert_scrubbed(&[
        (
            "postgres://app:hunter2@db:5432/x failed",
            "postgres://REDACTED:REDACTED@db:5432/x failed",
        ),
        ("redis://:hunter2@cache", "redis://REDACTED:REDACTED@cache"),
        (
            "https://hunter2@github.com/a",
            "https://REDACTED:REDACTED@github.com/a",
        ),
        (
            "postgres://app:hun/ter2@db/x",
            "postgres://REDACTED:REDACTED@db/x",
        ),
        (
            "postgres://app:hun@ter2@db/x",
            "postgres://REDACTED:REDACTED@db/x",
        ),
        (
            "postgres://app:hun@te/r2@db/x",
            "postgres://REDACTED:REDACTED@db/x",
        ),
        (
            "postgres://app:/hunter2@db/x",
            "postgres://REDACTED:REDACTED@db/x",
        ),
        (
            "root:///hunter2@tcp(db)/x",
            "root://REDACTED:REDACTED@tcp(db)/x",
        ),
        (
            "postgres://app:1/hunter2@db/x",
            "postgres://REDACTED:REDACTED@db/x",
        ),
        (
            "postgres://app:hun?ter2@db/x",
            "postgres://REDACTED:REDACTED@db/x",
        ),
        (
            "(amqp://a:hunter2@mq/%2f)",
            "(amqp://REDACTED:REDACTED@mq/%2f)",
        ),
        (
            "https://u:hunter2@h/?mail=a@b",
            "https://REDACTED:REDACTED@h/?mail=a@b",
        ),
        (
            "dsn root:hunter2@tcp(db:3306)/x",
            "dsn root:REDACTED@tcp(db:3306)/x",
        ),
    ]);
}

#[test]
fn values_behind_a_word_that_names_a_secret_are_removed() {
    assert_scrubbed(&[
        ("password=hunter2", "password=REDACTED"),
        ("PASSWORD = hunter2 host=db", "PASSWORD = REDACTED host=db"),
        (
            "host=db password=hunter2,x dbname=y",
            "host=db password=REDACTED dbname=y",
        ),
        ("Server=db;Pwd=hunter2;Database=x", "Server=db;Pwd=REDACTED"),
        (
            "password: 'hunter 2', user: 'bob'",
            "password: 'REDACTED', user: 'bob'",
        ),
        (
            "{\"password\": \"hun\\\"ter2\", \"user\": \"bob\"}",
            "{\"password\": \"REDACTED\", \"user\": \"bob\"}",
        ),
        (
            "{\"password\":\"hunter2\",\"user\":\"bob\"}",
            "{\"password\":\"REDACTED\",\"user\":\"bob\"}",
        ),
        (
            "Login { password: Some(\"hunter 2\"), user: 1 }",
            "Login { password: REDACTED user: 1 }",
        ),
        ("password => \"hunter2\"", "password => \"REDACTED\""),
        (
            "Key (password)=(hunter2) exists",
            "Key (password)=REDACTED exists",
        ),
        (
            "ALTER ROLE bob PASSWORD 'hunter2'",
            "ALTER ROLE bob PASSWORD 'REDACTED'",
        ),
        ("password='it''s hunter2' x", "password=REDACTED x"),
        ("password=\"hunter2", "password=\"REDACTED"),
        ("password=[1, 2, 3", "password=REDACTED"),
        ("MY_DB_PASSWORD=hunter2", "MY_DB_PASSWORD=REDACTED"),
        ("db.password:hunter2", "db.password:REDACTED"),
        ("clientSecret=hunter2", "clientSecret=REDACTED"),
        ("api_key=hunter2", "api_key=REDACTED"),
        ("X-Api-Key: hunter2", "X-Api-Key: REDACTED"),
        ("access_token=hunter2&x=y", "access_token=REDACTED"),
        (
            "url (https://h/?sig=hunter2)",
            "url (https://h/?sig=REDACTED",
        ),
        (
            "Authorization: Basic aHVudGVyMg== x\nnext",
            "Authorization: REDACTED\nnext",
        ),
        ("Cookie: a=hunter2; b=hunter2", "Cookie: REDACTED"),
        (
            "\"authorization\": \"Bearer hunter2\", \"x\": 1",
            "\"authorization\": \"REDACTED\", \"x\": 1",
        ),
    ]);
}

#[test]
fn credentials_behind_an_authentication_scheme_are_removed() {
    assert_scrubbed(&[
        ("got Bearer hunter2 instead", "got Bearer REDACTED instead"),
        ("bearer: hunter2", "bearer: REDACTED"),
        ("sent Basic aHVudGVyMg==", "sent Basic REDACTED"),
    ]);
}

#[test]
fn secrets_are_known_by_their_shape() {
    assert_scrubbed(&[
        (
            "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here",
            "got REDACTED here",
        ),
        ("key AKIAIOSFODNN7EXAMPLE is bad", "key REDACTED is bad"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "REDACTED"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "REDACTED"),
        ("got sk_live_4eC39HqLyjWDarjtT1zdp7dc.", "got REDACTED."),
        ("hash 5f4dcc3b5aa765d61d8327deb882cf99", "hash REDACTED"),
        (
            "base64 c2VjcmV0LXNlY3JldC0xMjM0NTY3ODkw=",
            "base64 REDACTED",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- x",
            "REDACTED x",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIE hunter2", "REDACTED"),
        (
            "a\\n-----BEGIN EC PRIVATE KEY-----\\nhunter2\\n-----END EC PRIVATE KEY-----\\nb",
            "a\\nREDACTED\\nb",
        ),
    ]);
}

#[test]
fn long_messages_are_cut_at_a_character() {
    let exact = "word ".repeat(MAX_MESSAGE_LEN / 5) + "abcd";
    assert_eq!(exact.len(), MAX_MESSAGE_LEN);
    assert!(matches!(message(&exact), Cow::Borrowed(_)));
    for text in [
        format!("{exact}e"),
        "\u{1f980} ".repeat(1000),
        "\u{fc}".repeat(5000),
        "a b".repeat(100_000),
    ] {
        let cut = message(&text);
        assert!(
            cut.len() <= MAX_MESSAGE_LEN && cut.len() > MAX_MESSAGE_LEN - 8,
            "{}",
            cut.len()
        );
        assert!(cut.ends_with(ELLIPSIS));
        assert!(text.starts_with(cut.trim_end_matches(ELLIPSIS)));
        assert_eq!(message(&cut), cut);
    }
}

#[test]
fn a_secret_across_the_cut_does_not_show() {
    for pad in MAX_MESSAGE_LEN - 60..MAX_MESSAGE_LEN + 4 {
        let pad = "x ".repeat(pad / 2);
        for secret in [
            "password=hunter2hunter2",
            "postgres://u:hunter2hunter2@db",
            "5f4dcc3b5aa765d61d8327deb882cf99",
        ] {
            let found = message(&format!("{pad}{secret} and more")).into_owned();
            assert!(
                !found.contains("hunter") && !found.contains("5f4d"),
                "{found}"
            );
            assert_eq!(message(&found), found);
        }
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    // A quadratic pass over a megabyte would take minutes.
    let len = 1 << 20;
    for unit in [
        "://",
        "a:",
        "@",
        "password",
        "password=",
        "\"",
        "password \"",
        "-----BEGIN ",
        "Bearer ",
        "eyJ.",
        "a://b:",
        "(",
        "=",
    ] {
        let text = unit.repeat(len / unit.len());
        assert!(message(&text).len() <= MAX_MESSAGE_LEN);
    }
}

/// What people and machines write around secrets.
fn noise() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            " ",
            "=",
            ":",
            "\"",
            "'",
            "`",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            "@",
            "/",
            "://",
            "?",
            "#",
            "&",
            ";",
            ",",
            "\\",
            "\n",
            ".",
            "-",
            "_",
            "password",
            "token",
            "Bearer",
            "Basic",
            "authorization",
            "eyJ",
            "AKIA",
            "REDACTED",
            "a",
            "Z9",
            "user",
            "http",
            "-----BEGIN ",
            "KEY-----",
            "\u{fc}",
            "\u{1f980}",
            "5f4dcc3b5aa765d61d8327deb882cf99",
        ]),
        0..40,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_is_scrubbed_without_a_panic_and_twice_is_once(text in prop_oneof![noise(), "\\PC{0,200}", "(?s).{0,1500}"]) {
        let once = message(&text).into_owned();
        prop_assert!(once.len() <= MAX_MESSAGE_LEN);
        prop_assert_eq!(message(&once), once.as_str());
    }

    #[test]
    fn planted_secrets_never_survive(
        before in "[a-zA-Z ,.]{0,20}[ (\\[{,]",
        secret in "[a-zA-Z0-9!$%^*+/~.-]{8,40}",
        after in "([ \n][a-zA-Z ,.]{0,20})?",
        plant in prop::sample::select(vec![
            "password=%", "password: %", "pwd=%", "token=%", "secret: \"%\"", "\"api_key\":\"%\"", "apiKey='%'",
            "Authorization: Bearer %", "authorization=%", "Bearer %", "passwd => %", "client_secret:%",
            "postgres://app:%@db/x", "redis://:%@cache:6379", "root:%@tcp(db)/x", "Cookie: session=%",
            "https://h/?access_token=%", "password: Some(\"%\")",
        ]),
    ) {
        let text = format!("{before}{}{after}", plant.replace('%', &secret));
        let found = message(&text);
        prop_assert!(!found.contains(&secret), "{} -> {}", text, found);
    }

    #[test]
    fn tokens_are_known_by_their_shape(
        token in prop_oneof![
            "[0-9a-f]{32,64}", "AKIA[0-9A-Z]{16}", "eyJ[a-zA-Z0-9_-]{10,40}\\.[a-zA-Z0-9_-]{10,40}\\.[a-zA-Z0-9_-]{10,40}",
            "ghp_[a-zA-Z0-9]{20}1[a-zA-Z0-9]{15}",
        ],
        before in "[a-z]{0,8}[ (\"']",
        after in "([ )\"'][a-z]{0,8})?",
    ) {
        let text = format!("{before}{token}{after}");
        let found = message(&text);
        prop_assert!(!found.contains(&token), "{} -> {}", text, found);
    }
}

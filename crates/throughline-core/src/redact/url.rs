//! Credentials and secret query values in URLs.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::REDACTED;

/// The query keys whose values are replaced.
///
/// The default is the list of the conventions: the signatures and credentials of pre-signed URLs. Another list replaces it whole.
/// Keys are compared with case, after percent-decoding, so that `s%69g` does not slip through.
///
/// Source: HTTP spans and URL attributes, `url.query` and `url.full`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryKeys(Cow<'static, [Cow<'static, str>]>);

impl QueryKeys {
    /// Makes a list that replaces the default; an empty one redacts nothing.
    pub fn new<I>(keys: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Cow<'static, str>>,
    {
        Self(keys.into_iter().map(Into::into).collect())
    }

    /// Says whether the value of a key is replaced.
    pub fn contains(&self, key: &str) -> bool {
        if key.contains('%') {
            let decoded = percent_decode_str(key);
            return self
                .0
                .iter()
                .any(|secret| decoded.clone().eq(secret.bytes()));
        }
        self.0.iter().any(|secret| secret == key)
    }
}

impl Default for QueryKeys {
    fn default() -> Self {
        Self(Cow::Borrowed(&ADVISED))
    }
}

static ADVISED: [Cow<'static, str>; 7] = [
    Cow::Borrowed("X-Amz-Signature"),
    Cow::Borrowed("X-Amz-Credential"),
    Cow::Borrowed("X-Amz-Security-Token"),
    Cow::Borrowed("AWSAccessKeyId"),
    Cow::Borrowed("Signature"),
    Cow::Borrowed("sig"),
    Cow::Borrowed("X-Goog-Signature"),
];

/// Replaces the credentials and the values of secret query keys of a URL; other text is returned as it is.
///
/// Credentials, with or without a password, become `REDACTED:REDACTED@`. Source: URL attributes, `url.full`.
///
/// ```
/// use throughline_core::redact::{self, QueryKeys};
///
/// let keys = QueryKeys::default();
/// assert_eq!(redact::url("https://u:p@host/a?sig=b", &keys), "https://REDACTED:REDACTED@host/a?sig=REDACTED");
/// ```
pub fn url<'a>(text: &'a str, keys: &QueryKeys) -> Cow<'a, str> {
    let query_at = text.find(['?', '#']).map_or(text.len(), |at| at + 1);
    let (head, rest) = text.split_at(query_at);
    let credentials = credentials(head);
    let rest = query(rest, keys);
    if credentials.is_none() && matches!(rest, Cow::Borrowed(_)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(head.len() + REDACTED_CREDENTIALS.len() + rest.len());
    match credentials {
        Some((from, to)) => {
            out.push_str(&head[..from]);
            out.push_str(REDACTED_CREDENTIALS);
            out.push_str(&head[to..]);
        }
        None => out.push_str(head),
    }
    out.push_str(&rest);
    Cow::Owned(out)
}

/// Replaces the values of secret keys in a query, given without its `?`.
///
/// A value reaches to the next `&` or `#`. Keys are also looked for behind `;`, which some servers take for `&`, and behind a
/// second `?`. A fragment is treated as a query, since it may hold the same things.
pub fn query<'a>(text: &'a str, keys: &QueryKeys) -> Cow<'a, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < text.len() {
        let end = text[at..]
            .find(['&', '#', ';', '?'])
            .map_or(text.len(), |len| at + len);
        let mut next = end + 1;
        if let Some((key, _)) = text[at..end]
            .split_once('=')
            .filter(|(key, _)| keys.contains(key))
        {
            let from = at + key.len() + 1;
            let to = text[from..]
                .find(['&', '#'])
                .map_or(text.len(), |len| from + len);
            if &text[from..to] != REDACTED {
                out.push_str(&text[copied..from]);
                out.push_str(REDACTED);
                copied = to;
            }
            next = to + 1;
        }
        at = next;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

const REDACTED_CREDENTIALS: &str = "REDACTED:REDACTED";

/// Where the credentials of a URL stand (RFC 3986, section 3.2); `None` also when they are redacted already.
fn credentials(text: &str) -> Option<(usize, usize)> {
    let from = text.find("//")? + 2;
    let is_reference = from == 2 || text[..from - 2].ends_with(':');
    let authority = text[from..].split(['/', '\\', '?', '#']).next()?;
    let len = authority.rfind('@')?;
    (is_reference && &authority[..len] != REDACTED_CREDENTIALS).then_some((from, from + len))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secret_query_values_are_replaced() {
        for (text, expected) in [
            ("", ""),
            ("a=b", "a=b"),
            ("a", "a"),
            ("sig", "sig"),
            ("sig=", "sig=REDACTED"),
            ("sig=x", "sig=REDACTED"),
            ("sig=x=y", "sig=REDACTED"),
            ("a=b&sig=x&c=d", "a=b&sig=REDACTED&c=d"),
            ("sig=x&sig=y", "sig=REDACTED&sig=REDACTED"),
            ("SIG=x", "SIG=x"),
            ("asig=x", "asig=x"),
            ("s%69g=x", "s%69g=REDACTED"),
            ("a=b;sig=x;y&c", "a=b;sig=REDACTED&c"),
            ("a?sig=x", "a?sig=REDACTED"),
            ("a#sig=x#b", "a#sig=REDACTED#b"),
            ("sig=REDACTED&a", "sig=REDACTED&a"),
            (
                "X-Amz-Signature=1&X-Amz-Credential=2&X-Amz-Security-Token=3",
                {
                    "X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED"
                },
            ),
            ("AWSAccessKeyId=1&Signature=2&X-Goog-Signature=3", {
                "AWSAccessKeyId=REDACTED&Signature=REDACTED&X-Goog-Signature=REDACTED"
            }),
            ("&&=&sig=x&", "&&=&sig=REDACTED&"),
            ("\u{fc}=\u{df}&sig=\u{df}", "\u{fc}=\u{df}&sig=REDACTED"),
        ] {
            assert_eq!(query(text, &QueryKeys::default()), expected, "{text}");
        }
        assert!(matches!(
            query("a=b&c=d", &QueryKeys::default()),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn another_list_replaces_the_default_whole() {
        let keys = QueryKeys::new(["token"]);
        assert_eq!(query("token=x&sig=y", &keys), "token=REDACTED&sig=y");
        assert_eq!(
            query("sig=y", &QueryKeys::new(Vec::<String>::new())),
            "sig=y"
        );
    }

    #[test]
    fn credentials_are_replaced() {
        for (text, expected) in [
            ("https://h/a", "https://h/a"),
            ("https://u:p@h/a", "https://REDACTED:REDACTED@h/a"),
            ("https://u@h/a", "https://REDACTED:REDACTED@h/a"),
            ("https://@h/a", "https://REDACTED:REDACTED@h/a"),
            ("https://u:p@x@h/a", "https://REDACTED:REDACTED@h/a"),
            ("https://h/@a", "https://h/@a"),
            ("https://h?a=b@c", "https://h?a=b@c"),
            ("https://h#a@b", "https://h#a@b"),
            (
                "https://u:p@[::1]:80?sig=x#y",
                "https://REDACTED:REDACTED@[::1]:80?sig=REDACTED#y",
            ),
            ("//u:p@h/a", "//REDACTED:REDACTED@h/a"),
            (
                "https://REDACTED:REDACTED@h/",
                "https://REDACTED:REDACTED@h/",
            ),
            ("/a//b@c", "/a//b@c"),
            ("mail me@home", "mail me@home"),
            ("/path?sig=x", "/path?sig=REDACTED"),
            ("", ""),
            ("?", "?"),
            ("?://@", "?://@"),
        ] {
            assert_eq!(url(text, &QueryKeys::default()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn redaction_never_panics_and_done_twice_changes_nothing(text in "\\PC*[/:@?&#;=%]*(sig=)?\\PC*") {
            let keys = QueryKeys::default();
            let once = url(&text, &keys).into_owned();
            prop_assert_eq!(url(&once, &keys), once.as_str());
            let once = query(&text, &keys).into_owned();
            prop_assert_eq!(query(&once, &keys), once.as_str());
        }

        #[test]
        fn planted_secrets_never_survive(
            before in "[a-z=&;?]{0,12}[&;]",
            after in "(&[a-z=&;?]{0,12})?",
            key in prop::sample::select(vec!["sig", "Signature", "X-Amz-Credential"]),
        ) {
            let text = format!("https://user:S3CRET@host/?{before}{key}=S3CRET{after}");
            let found = url(&text, &QueryKeys::default());
            prop_assert!(!found.contains("S3CRET"), "{}", found);
        }
    }
}

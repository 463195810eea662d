//! `http.request.method` and the method's part of the span name.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use http::Method;

/// `http.request.method` of a method that is not known.
const OTHER: &str = "_OTHER";
/// The method's part of the span name for a method that is not known.
const SPAN_NAME_OF_OTHER: &str = "HTTP";

/// RFC 9110, PATCH (RFC 5789) and QUERY.
const STANDARD: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY",
];

/// The methods that are named in telemetry; every other one is `_OTHER`.
///
/// The default holds the methods of RFC 9110, PATCH and QUERY. Another list replaces it whole, as
/// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` does. Names are compared with case, since HTTP methods are case-sensitive.
///
/// Source: HTTP spans, `http.request.method`.
#[derive(Clone, Debug, Default)]
pub struct KnownMethods {
    // `None` is the standard list, which is matched without a search.
    replaced: Option<Vec<&'static str>>,
}

impl KnownMethods {
    /// Makes a list that replaces the default.
    ///
    /// Blank names are left out, blanks around a name are cut. Names are kept for the life of the process (each distinct one
    /// once), so that a request can be named without a copy: call it with settings, not with requests.
    pub fn new<I>(names: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let names = names
            .into_iter()
            .filter_map(|name| {
                Some(name.as_ref().trim())
                    .filter(|name| !name.is_empty())
                    .map(intern)
            })
            .collect();
        Self {
            replaced: Some(names),
        }
    }

    /// Names the method of a request.
    pub fn name<'a>(&self, method: &'a Method) -> RequestMethod<'a> {
        let known = match &self.replaced {
            None => standard(method),
            Some(names) => names.iter().copied().find(|name| *name == method.as_str()),
        };
        match known {
            Some(name) => RequestMethod {
                name,
                original: None,
                span_name: name,
            },
            None => RequestMethod {
                name: OTHER,
                original: Some(method.as_str()),
                span_name: SPAN_NAME_OF_OTHER,
            },
        }
    }
}

/// A method as telemetry names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestMethod<'a> {
    /// `http.request.method`: the method, or `_OTHER`.
    pub name: &'static str,
    /// `http.request.method_original`: the method as sent, when it is not known.
    pub original: Option<&'a str>,
    /// The method's part of the span name: the method, or `HTTP`.
    pub span_name: &'static str,
}

fn standard(method: &Method) -> Option<&'static str> {
    // The usual ones are told apart without looking at text.
    match *method {
        Method::GET => Some("GET"),
        Method::POST => Some("POST"),
        Method::PUT => Some("PUT"),
        Method::DELETE => Some("DELETE"),
        Method::HEAD => Some("HEAD"),
        Method::PATCH => Some("PATCH"),
        _ => {
            let text = method.as_str();
            STANDARD.into_iter().find(|name| *name == text)
        }
    }
}

fn intern(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    if let Some(known) = STANDARD.into_iter().find(|known| *known == name) {
        return known;
    }
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(known: &KnownMethods, method: &str) -> (&'static str, Option<String>, &'static str) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let named = known.name(&method);
        (
            named.name,
            named.original.map(str::to_owned),
            named.span_name,
        )
    }

    #[test]
    fn standard_methods_keep_their_name() {
        for method in STANDARD {
            assert_eq!(
                named(&KnownMethods::default(), method),
                (method, None, method)
            );
        }
    }

    #[test]
    fn unknown_methods_become_other_and_keep_the_original() {
        for method in ["GeT", "get", "PROPFIND", "X", "_OTHER", "HTTP"] {
            assert_eq!(
                named(&KnownMethods::default(), method),
                ("_OTHER", Some(method.to_owned()), "HTTP"),
            );
        }
    }

    #[test]
    fn another_list_replaces_the_default_whole() {
        let known = KnownMethods::new(["GET", " PROPFIND ", ""]);
        assert_eq!(named(&known, "PROPFIND"), ("PROPFIND", None, "PROPFIND"));
        assert_eq!(named(&known, "GET"), ("GET", None, "GET"));
        assert_eq!(
            named(&known, "POST"),
            ("_OTHER", Some("POST".to_owned()), "HTTP")
        );
    }

    #[test]
    fn the_same_name_is_kept_once() {
        let first = intern("MKCALENDAR-TEST");
        assert!(std::ptr::eq(first, intern("MKCALENDAR-TEST")));
    }
}

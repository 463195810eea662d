//! The client's side of a request.
//!
//! Source: HTTP spans, "HTTP client".

use std::borrow::Cow;

use http::Uri;
use http::header::{HOST, HeaderMap};
use url::Url;

use super::{Authority, RequestMethod};
use crate::redact::{self, QueryKeys};

/// Names a client span: `{method} {template}`, or `{method}` where no template is known; never the path.
///
/// HTTP spans, "Name". Allocates only with a template.
pub fn span_name(method: RequestMethod<'_>, template: Option<&str>) -> Cow<'static, str> {
    match template.filter(|template| !template.is_empty()) {
        None => Cow::Borrowed(method.span_name),
        Some(template) => {
            let mut name = String::with_capacity(method.span_name.len() + 1 + template.len());
            name.push_str(method.span_name);
            name.push(' ');
            name.push_str(template);
            Cow::Owned(name)
        }
    }
}

/// Gives `url.full` of a request target: credentials become `REDACTED:REDACTED@`, values of secret query keys `REDACTED`.
///
/// A target without a host, as it is written on a connection that is already open, stays a path. For a text, as that of a
/// [`Url`], call [`redact::url`].
pub fn url_full(uri: &Uri, keys: &QueryKeys) -> String {
    let text = uri.to_string();
    let redacted = match redact::url(&text, keys) {
        Cow::Borrowed(_) => None,
        Cow::Owned(redacted) => Some(redacted),
    };
    redacted.unwrap_or(text)
}

/// Gives `server.address` and `server.port` of a request target; the scheme's default port where none is written.
///
/// From the target's authority, else from `Host`, as on a connection that is already open.
pub fn server<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<Authority<'a>> {
    let authority = uri
        .authority()
        .and_then(|authority| Authority::parse(authority.as_str()))
        .or_else(|| Authority::parse(headers.get(HOST)?.to_str().ok()?))?;
    Some(match uri.scheme_str() {
        Some(scheme) => authority.with_default_port(scheme),
        None => authority,
    })
}

/// Gives `server.address` and `server.port` of a URL; the scheme's default port where none is written.
pub fn server_of_url(url: &Url) -> Option<Authority<'_>> {
    let host = url.host_str()?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    Some(Authority {
        host,
        port: url.port_or_known_default(),
    })
}

/// Gives `http.request.resend_count`: `None` for the first attempt.
///
/// HTTP spans, `http.request.resend_count`: "if and only if request was retried", for whatever reason.
pub fn resend_count(earlier_attempts: u32) -> Option<i64> {
    (earlier_attempts > 0).then(|| earlier_attempts.into())
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::*;
    use crate::semconv::http::KnownMethods;

    #[test]
    fn spans_are_named_by_method_and_template_never_by_path() {
        let known = KnownMethods::default();
        let odd = Method::from_bytes(b"ODD").unwrap();
        for (method, template, name) in [
            (&Method::GET, None, "GET"),
            (&Method::GET, Some(""), "GET"),
            (&Method::GET, Some("/users/{id}"), "GET /users/{id}"),
            (&odd, None, "HTTP"),
            (&odd, Some("/users/{id}"), "HTTP /users/{id}"),
        ] {
            assert_eq!(span_name(known.name(method), template), name);
        }
        assert!(matches!(
            span_name(known.name(&Method::GET), None),
            Cow::Borrowed("GET")
        ));
    }

    #[test]
    fn the_full_url_has_no_secrets() {
        for (uri, full) in [
            ("https://example.com/a?b=c", "https://example.com/a?b=c"),
            (
                "https://u:p@example.com/a",
                "https://REDACTED:REDACTED@example.com/a",
            ),
            (
                "https://token@example.com/",
                "https://REDACTED:REDACTED@example.com/",
            ),
            (
                "https://example.com/?sig=x&a=b",
                "https://example.com/?sig=REDACTED&a=b",
            ),
            (
                "/only/path?X-Goog-Signature=x",
                "/only/path?X-Goog-Signature=REDACTED",
            ),
        ] {
            assert_eq!(
                url_full(&uri.parse().unwrap(), &QueryKeys::default()),
                full,
                "{uri}"
            );
        }
    }

    #[test]
    fn the_server_is_the_target_or_the_host_header() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("h.example:81"));
        for (uri, host, port) in [
            ("http://example.com/", "example.com", Some(80)),
            ("https://example.com/", "example.com", Some(443)),
            ("https://u:p@example.com:8443/", "example.com", Some(8443)),
            ("https://[::1]:8443/", "::1", Some(8443)),
            ("http://[::1]/", "::1", Some(80)),
            ("/path", "h.example", Some(81)),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(
                server(&uri, &headers),
                Some(Authority { host, port }),
                "{uri}"
            );
        }
        assert_eq!(server(&"/path".parse().unwrap(), &HeaderMap::new()), None);
    }

    #[test]
    fn the_server_of_a_url_has_its_default_port() {
        for (url, expected) in [
            ("http://example.com", Some(("example.com", Some(80)))),
            ("https://[::1]/", Some(("::1", Some(443)))),
            ("https://u:p@10.0.0.1:8443/", Some(("10.0.0.1", Some(8443)))),
            ("unix:/run/socket", None),
        ] {
            let url: Url = url.parse().unwrap();
            let found = server_of_url(&url).map(|authority| (authority.host, authority.port));
            assert_eq!(found, expected, "{url}");
        }
    }

    #[test]
    fn the_first_attempt_has_no_resend_count() {
        assert_eq!([0, 1, 2].map(resend_count), [None, Some(1), Some(2)]);
    }
}

//! Tables for the server's side, in the order of its functions.

use http::HeaderValue;
use http::header::HeaderName;

use super::*;
use crate::semconv::http::KnownMethods;

const LOCAL: &str = "10.0.0.1:4711";
const PUBLIC: &str = "198.51.100.7:4711";

struct Case {
    uri: Uri,
    headers: HeaderMap,
    peer: Option<SocketAddr>,
    proxies: TrustedProxies,
}

fn case(uri: &str, peer: &str, lines: &[(&str, &str)]) -> Case {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    Case {
        uri: uri.parse().unwrap(),
        headers,
        peer: peer.parse().ok(),
        proxies: TrustedProxies::default()
            .network("203.0.113.0/24".parse::<ipnet::IpNet>().unwrap()),
    }
}

impl Case {
    fn incoming(&self) -> Incoming<'_> {
        Incoming::from_parts(&self.uri, &self.headers, self.peer, &self.proxies)
    }

    fn client(&self) -> Option<(String, Option<u16>)> {
        self.incoming()
            .client()
            .map(|client| (client.host.to_string(), client.port))
    }
}

#[test]
fn spans_are_named_by_method_and_route() {
    let known = KnownMethods::default();
    let odd = http::Method::from_bytes(b"GeT").unwrap();
    for (method, route, name) in [
        (&http::Method::GET, Some("/users/{id}"), "GET /users/{id}"),
        (&http::Method::GET, None, "GET"),
        (&odd, Some("/users/{id}"), "HTTP /users/{id}"),
        (&odd, None, "HTTP"),
    ] {
        assert_eq!(span_name(known.name(method), route), name);
    }
}

#[test]
fn the_scheme_is_the_nearest_truth_that_may_be_believed() {
    for (uri, peer, lines, tls, scheme) in [
        (
            "/",
            LOCAL,
            &[("forwarded", "proto=https")][..],
            None,
            "https",
        ),
        (
            "/",
            LOCAL,
            &[("forwarded", "for=1.1.1.1;proto=HTTPS, proto=http")],
            None,
            "https",
        ),
        (
            "/",
            LOCAL,
            &[
                ("forwarded", "proto=gopher"),
                ("x-forwarded-proto", "https"),
            ],
            None,
            "https",
        ),
        (
            "/",
            LOCAL,
            &[("x-forwarded-proto", "https, http")],
            None,
            "https",
        ),
        ("/", LOCAL, &[("x-forwarded-proto", "wss")], None, "https"),
        (
            "/",
            LOCAL,
            &[("x-forwarded-proto", "http")],
            Some(true),
            "http",
        ),
        ("/", PUBLIC, &[("x-forwarded-proto", "https")], None, "http"),
        ("/", "", &[("forwarded", "proto=https")], None, "http"),
        ("https://a/", PUBLIC, &[], None, "https"),
        ("ftp://a/", PUBLIC, &[], Some(true), "https"),
        ("/", PUBLIC, &[], Some(true), "https"),
        ("/", PUBLIC, &[], Some(false), "http"),
        ("/", PUBLIC, &[], None, "http"),
        ("*", PUBLIC, &[], None, "http"),
        ("a.example:443", PUBLIC, &[], Some(true), "https"),
    ] {
        let case = case(uri, peer, lines);
        assert_eq!(
            case.incoming().tls(tls).scheme(),
            scheme,
            "{uri} {peer} {lines:?} {tls:?}"
        );
    }
}

#[test]
fn the_server_is_what_the_client_called_it() {
    for (uri, peer, lines, expected) in [
        (
            "/",
            LOCAL,
            &[("host", "h.example")][..],
            Some(("h.example", None)),
        ),
        (
            "/",
            LOCAL,
            &[("host", "[::1]:8080")],
            Some(("::1", Some(8080))),
        ),
        ("//a.example:81/x", LOCAL, &[], None),
        (
            "https://a.example/",
            LOCAL,
            &[("host", "h.example")],
            Some(("a.example", None)),
        ),
        ("http://[::1]:81/", LOCAL, &[], Some(("::1", Some(81)))),
        (
            "a.example:443",
            LOCAL,
            &[("host", "h.example")],
            Some(("a.example", Some(443))),
        ),
        (
            "*",
            LOCAL,
            &[("host", "h.example:81")],
            Some(("h.example", Some(81))),
        ),
        (
            "/",
            LOCAL,
            &[("x-forwarded-host", "x.example:82, y"), ("host", "h")],
            Some(("x.example", Some(82))),
        ),
        (
            "/",
            LOCAL,
            &[("x-forwarded-host", "ga rbage"), ("host", "h")],
            Some(("h", None)),
        ),
        (
            "https://a.example/",
            LOCAL,
            &[
                (
                    "forwarded",
                    "for=192.0.2.60;host=\"[2001:db8::1]:83\", host=second",
                ),
                ("x-forwarded-host", "x.example"),
            ],
            Some(("2001:db8::1", Some(83))),
        ),
        (
            "/",
            LOCAL,
            &[("forwarded", "host=first"), ("forwarded", "host=second")],
            Some(("first", None)),
        ),
        (
            "/",
            LOCAL,
            &[("forwarded", "for=a"), ("x-forwarded-host", "x.example")],
            Some(("x.example", None)),
        ),
        (
            "/",
            PUBLIC,
            &[
                ("forwarded", "host=evil"),
                ("x-forwarded-host", "evil"),
                ("host", "h"),
            ],
            Some(("h", None)),
        ),
        (
            "/",
            "",
            &[("forwarded", "host=evil"), ("host", "h")],
            Some(("h", None)),
        ),
        ("/", LOCAL, &[("host", "\u{fc}")], None),
        ("/", LOCAL, &[("host", "")], None),
        ("/", LOCAL, &[], None),
    ] {
        let case = case(uri, peer, lines);
        let found = case
            .incoming()
            .server()
            .map(|authority| (authority.host, authority.port));
        assert_eq!(found, expected, "{uri} {peer} {lines:?}");
    }
}

#[test]
fn the_client_is_the_first_hop_that_is_not_trusted() {
    let peer = Some(("10.0.0.1", Some(4711)));
    for (lines, expected) in [
        (&[][..], peer),
        (
            &[("x-forwarded-for", "192.0.2.1")],
            Some(("192.0.2.1", None)),
        ),
        (
            &[("x-forwarded-for", "192.0.2.1:99")],
            Some(("192.0.2.1", Some(99))),
        ),
        // What a client made up stands to the left of what the proxy saw.
        (
            &[("x-forwarded-for", "1.2.3.4, 192.0.2.1, 10.0.0.9")],
            Some(("192.0.2.1", None)),
        ),
        (
            &[
                ("x-forwarded-for", "1.2.3.4"),
                ("x-forwarded-for", "192.0.2.1"),
            ],
            Some(("192.0.2.1", None)),
        ),
        (
            &[("x-forwarded-for", "192.0.2.1, 203.0.113.9, 10.0.0.9")],
            Some(("192.0.2.1", None)),
        ),
        (
            &[("x-forwarded-for", "10.0.0.7, 10.0.0.8, 10.0.0.9")],
            Some(("10.0.0.7", None)),
        ),
        (
            &[("x-forwarded-for", "192.0.2.1, unknown, 10.0.0.9")],
            Some(("10.0.0.9", None)),
        ),
        (&[("x-forwarded-for", "unknown")], peer),
        (&[("x-forwarded-for", "'; DROP TABLE users")], peer),
        (&[("x-forwarded-for", "")], peer),
        (
            &[("x-forwarded-for", "[2001:db8::1]:99")],
            Some(("2001:db8::1", Some(99))),
        ),
        (
            &[
                ("forwarded", "for=192.0.2.1"),
                ("x-forwarded-for", "1.1.1.1"),
            ],
            Some(("192.0.2.1", None)),
        ),
        (
            &[("forwarded", "for=\"[2001:db8::1]:99\";proto=http")],
            Some(("2001:db8::1", Some(99))),
        ),
        (
            &[("forwarded", "for=1.2.3.4, for=192.0.2.1;by=x, for=10.0.0.9")],
            Some(("192.0.2.1", None)),
        ),
        (
            &[("forwarded", "for=1.2.3.4"), ("forwarded", "for=192.0.2.1")],
            Some(("192.0.2.1", None)),
        ),
        (&[("forwarded", "for=_hidden")], Some(("_hidden", None))),
        (
            &[("forwarded", "for=1.2.3.4, for=_hidden, for=10.0.0.9")],
            Some(("_hidden", None)),
        ),
        (
            &[("forwarded", "for=1.2.3.4, host=x, for=10.0.0.9")],
            Some(("10.0.0.9", None)),
        ),
        (&[("forwarded", "for=unknown")], peer),
        (&[("forwarded", "for=\"1.2.3.4")], peer),
    ] {
        let found = case("/", LOCAL, lines).client();
        let expected = expected.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(found, expected, "{lines:?}");
    }
}

#[test]
fn a_public_client_cannot_make_up_its_address() {
    for lines in [
        &[("x-forwarded-for", "1.2.3.4")][..],
        &[("forwarded", "for=1.2.3.4")],
    ] {
        assert_eq!(
            case("/", PUBLIC, lines).client(),
            Some(("198.51.100.7".to_owned(), Some(4711))),
            "{lines:?}"
        );
        assert_eq!(case("/", "", lines).client(), None, "{lines:?}");
    }
}

#[test]
fn the_peer_is_reported_in_its_canonical_form() {
    let case = case("/", "[::ffff:198.51.100.7]:80", &[]);
    assert_eq!(
        case.incoming().peer(),
        Some(("198.51.100.7".parse().unwrap(), 80))
    );
    assert_eq!(case.client(), Some(("198.51.100.7".to_owned(), Some(80))));
}

#[test]
fn path_and_query_follow_the_form_of_the_target() {
    for (uri, path, query) in [
        ("/a/b?c=d", "/a/b", Some("c=d")),
        ("/a?", "/a", None),
        ("/a", "/a", None),
        ("/?sig=abc&x=1", "/", Some("sig=REDACTED&x=1")),
        ("http://h/a?b", "/a", Some("b")),
        ("http://h", "/", None),
        ("*", "*", None),
        ("h:443", "", None),
    ] {
        let case = case(uri, LOCAL, &[]);
        assert_eq!(case.incoming().path(), path, "{uri}");
        assert_eq!(
            case.incoming().query(&QueryKeys::default()).as_deref(),
            query,
            "{uri}"
        );
    }
}

#[test]
fn the_user_agent_is_kept_as_sent() {
    for (lines, expected) in [
        (&[("user-agent", "curl/8")][..], Some("curl/8")),
        (&[("user-agent", "")], Some("")),
        (&[], None),
    ] {
        assert_eq!(
            case("/", LOCAL, lines).incoming().user_agent().as_deref(),
            expected
        );
    }
    let mut odd = case("/", LOCAL, &[]);
    odd.headers
        .insert(USER_AGENT, HeaderValue::from_bytes(b"a\xff").unwrap());
    assert_eq!(odd.incoming().user_agent().as_deref(), Some("a\u{fffd}"));
}

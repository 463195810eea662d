//! Tables for the classes of errors.

use std::fmt;
use std::sync::Arc;

use super::*;

/// An error of a library, with a cause.
#[derive(Debug)]
struct Link(&'static str, Option<Box<dyn Error + Send + Sync>>);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|error| error as _)
    }
}

fn chain(names: &[&'static str], innermost: Option<io::Error>) -> Link {
    let mut inner = innermost.map(|error| Box::new(error) as Box<dyn Error + Send + Sync>);
    for name in names[1..].iter().rev() {
        inner = Some(Box::new(Link(name, inner)));
    }
    Link(names[0], inner)
}

/// A library's knowledge of its own errors: here each is named by its class.
fn extension(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let link = error.downcast_ref::<Link>()?;
    TRANSPORT.into_iter().find(|class| *class == link.0)
}

#[test]
fn io_kinds_have_classes() {
    use io::ErrorKind as Kind;
    for (kind, class) in [
        (Kind::ConnectionRefused, CONNECT_REFUSED),
        (Kind::ConnectionReset, RESET),
        (Kind::ConnectionAborted, RESET),
        (Kind::BrokenPipe, CLOSED),
        (Kind::UnexpectedEof, CLOSED),
        (Kind::NotConnected, CLOSED),
        (Kind::WriteZero, CLOSED),
        (Kind::TimedOut, TIMEOUT),
        (Kind::HostUnreachable, CONNECT),
        (Kind::NetworkUnreachable, CONNECT),
        (Kind::NetworkDown, CONNECT),
        (Kind::AddrNotAvailable, CONNECT),
        (Kind::PermissionDenied, OTHER),
        (Kind::InvalidData, OTHER),
    ] {
        assert_eq!(
            transport(&io::Error::from(kind), &|_| None),
            class,
            "{kind:?}"
        );
    }
}

#[test]
fn types_of_known_crates_have_classes() {
    let utf8 = String::from_utf8(vec![0xff]).unwrap_err();
    let uri = "http://[".parse::<http::Uri>().unwrap_err();
    let url = "http://[".parse::<url::Url>().unwrap_err();
    let http = http::Request::get("http://[").body(()).unwrap_err();
    let dns = io::Error::other("failed to lookup address information: Name or service not known");
    for (error, class) in [
        (&utf8 as &(dyn Error + 'static), DECODE),
        (&utf8.utf8_error(), DECODE),
        (&uri, BUILDER),
        (&url, BUILDER),
        (&http, BUILDER),
        (&std::sync::mpsc::RecvTimeoutError::Timeout, TIMEOUT),
        (&dns, DNS),
        (&fmt::Error, OTHER),
    ] {
        assert_eq!(transport(error, &|_| None), class, "{error}");
    }
}

#[test]
fn the_most_specific_link_of_the_chain_decides() {
    let refused = || Some(io::Error::from(io::ErrorKind::ConnectionRefused));
    let timed_out = || Some(io::Error::from(io::ErrorKind::TimedOut));
    for (names, innermost, class) in [
        (&["unknown"][..], None, OTHER),
        (&["unknown", "unknown"], refused(), CONNECT_REFUSED),
        (&["connect"], None, CONNECT),
        (&["connect", "unknown"], refused(), CONNECT_REFUSED),
        (&["connect"], timed_out(), CONNECT_TIMEOUT),
        (&["connect", "timeout"], None, CONNECT_TIMEOUT),
        (&["connect", "dns"], None, DNS),
        (
            &["body"],
            Some(io::Error::from(io::ErrorKind::ConnectionReset)),
            RESET,
        ),
        (&["body"], timed_out(), TIMEOUT),
        (&["body", "connect"], None, BODY),
        (&["timeout", "connect"], refused(), TIMEOUT),
        (&["h2_goaway"], refused(), H2_GOAWAY),
        (&["_OTHER", "tls"], None, TLS),
    ] {
        let error = chain(names, innermost);
        assert_eq!(transport(&error, &extension), class, "{names:?}");
    }
}

#[test]
fn an_error_inside_of_an_io_error_is_seen() {
    let wrapped = io::Error::other(Link("tls", None));
    assert_eq!(transport(&wrapped, &extension), TLS);
    let twice = io::Error::other(io::Error::other(Link("h2_refused_stream", None)));
    assert_eq!(transport(&twice, &extension), H2_REFUSED_STREAM);
}

#[test]
fn a_chain_without_end_is_left_after_a_while() {
    let names = vec!["unknown"; 10_000];
    let error = chain(
        &names,
        Some(io::Error::from(io::ErrorKind::ConnectionRefused)),
    );
    assert_eq!(transport(&error, &extension), OTHER);
}

#[test]
fn types_have_short_names() {
    struct Generic<T>(std::marker::PhantomData<T>);
    assert_eq!(type_name_of::<Link>(), "Link");
    assert_eq!(type_name_of::<&Link>(), "Link");
    assert_eq!(type_name_of::<Generic<Vec<String>>>(), "Generic");
    assert_eq!(type_name_of::<fmt::Error>(), "core::fmt::Error");
    assert_eq!(type_name_of::<Box<dyn Error + Send + Sync>>(), OTHER);
    assert_eq!(type_name_of::<Arc<Link>>(), OTHER);
    assert_eq!(type_name_of::<dyn Error>(), OTHER);
    assert_eq!(type_name_of::<(Link, Link)>(), OTHER);
    assert_eq!(type_name_of::<[Link]>(), OTHER);
    for (full, short) in [
        ("reqwest::error::Error", "reqwest::error::Error"),
        ("anyhow::Error", "anyhow::Error"),
        ("app::login::LoginError", "LoginError"),
        ("app::Wrapped<alloc::string::String>", "Wrapped"),
        ("&mut app::LoginError", "LoginError"),
        ("i32", "i32"),
        ("", OTHER),
    ] {
        assert_eq!(short_type_name(full), short, "{full}");
    }
}

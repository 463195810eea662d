//! Why a request got no response.

use std::{error::Error, fmt::Write as _, io, iter};

use crate::{redact, semconv::error};

/// How many causes of an error are looked at: a chain may be a circle.
const DEPTH: usize = 16;

/// Classifies the error of a client: [`error::transport`], and failed TLS handshakes.
///
/// `extension` tells what the client's own error types mean; it gives [`error::CONNECT`] for
/// those that say that the connection was being made. Libraries for TLS agree in nothing but
/// this: when an encrypted connection cannot be made, and no error of the operating system
/// says why, it was the handshake.
pub fn error_type(
    error: &(dyn Error + 'static),
    is_encrypted: bool,
    extension: &dyn Fn(&(dyn Error + 'static)) -> Option<&'static str>,
) -> &'static str {
    let class = error::transport(error, extension);
    let maybe_handshake =
        is_encrypted && matches!(class, error::CONNECT | error::CLOSED | error::DECODE);
    if maybe_handshake
        && causes(error).any(|cause| extension(cause) == Some(error::CONNECT))
        && !causes(error).any(is_of_the_system)
    {
        return error::TLS;
    }
    class
}

/// Describes an error by its causes, without secrets, for the status of a span.
///
/// The error itself is left out if it has a cause: it says no more than that sending failed,
/// and reqwest's names the URL, which is an attribute already.
pub fn describe(error: &(dyn Error + 'static)) -> String {
    let outer = usize::from(error.source().is_some());
    let mut text = String::new();
    for cause in causes(error).skip(outer) {
        let start = text.len();
        if start > 0 {
            text.push_str(": ");
        }
        let message = text.len();
        // Writing to a `String` fails only if the error's own `Display` does.
        let _written = write!(text, "{cause}");
        // An `io::Error` says what the error inside it says.
        if text[..start].ends_with(&text[message..]) {
            text.truncate(start);
        }
    }
    redact::message(&text).into_owned()
}

/// Walks down the causes. The error inside an `io::Error` is one, which `source` leaves out.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(
        Some(error),
        |&error: &&'a (dyn Error + 'static)| match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inside) => Some(inside as &(dyn Error + 'static)),
            None => error.source(),
        },
    )
    .take(DEPTH)
}

fn is_of_the_system(cause: &(dyn Error + 'static)) -> bool {
    cause
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.raw_os_error().is_some())
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// An error of a library, with a class and a cause.
    #[derive(Debug)]
    struct Link(&'static str, Option<io::Error>);

    impl fmt::Display for Link {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} failed", self.0)
        }
    }

    impl Error for Link {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_ref().map(|error| error as _)
        }
    }

    fn class(cause: &(dyn Error + 'static)) -> Option<&'static str> {
        cause
            .downcast_ref::<Link>()
            .map(|link| link.0)
            .filter(|class| *class != "unknown")
    }

    #[test]
    fn a_failed_handshake_is_told_from_a_failed_connection() {
        let connect = |cause| Link(error::CONNECT, cause);
        let refused = || io::Error::from_raw_os_error(111);
        let unreachable = || io::Error::from_raw_os_error(113);
        let handshake = || io::Error::new(io::ErrorKind::InvalidData, "not a certificate");
        let early_end = || io::Error::new(io::ErrorKind::UnexpectedEof, "handshake ended");
        let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
        for (error, encrypted, plain) in [
            (connect(Some(handshake())), error::TLS, error::CONNECT),
            (connect(Some(early_end())), error::TLS, error::CLOSED),
            (connect(None), error::TLS, error::CONNECT),
            (
                connect(Some(refused())),
                error::CONNECT_REFUSED,
                error::CONNECT_REFUSED,
            ),
            (connect(Some(unreachable())), error::CONNECT, error::CONNECT),
            (
                connect(Some(timed_out())),
                error::CONNECT_TIMEOUT,
                error::CONNECT_TIMEOUT,
            ),
            (
                Link("unknown", Some(early_end())),
                error::CLOSED,
                error::CLOSED,
            ),
            (Link("unknown", None), error::OTHER, error::OTHER),
        ] {
            assert_eq!(error_type(&error, true, &class), encrypted, "{error:?}");
            assert_eq!(error_type(&error, false, &class), plain, "{error:?}");
        }
    }

    #[test]
    fn a_description_is_made_of_the_causes_once_each_and_without_secrets() {
        for (error, text) in [
            (Link("connect", None), "connect failed"),
            (
                Link("connect", Some(io::Error::other("no route"))),
                "no route",
            ),
            (
                Link("connect", Some(io::Error::other(Link("proxy", None)))),
                "proxy failed",
            ),
            (
                Link(
                    "connect",
                    Some(io::Error::other(Link("tls", Some(io::Error::other("bad"))))),
                ),
                "tls failed: bad",
            ),
        ] {
            assert_eq!(describe(&error), text);
        }
        let secret = io::Error::other("cannot reach https://bob:hunter2@a.test/");
        let described = describe(&Link("connect", Some(secret)));
        assert!(!described.contains("hunter2"), "{described}");
    }

    #[test]
    fn a_chain_without_end_is_left_after_a_while() {
        let chain = (0..1000).fold(io::Error::other("end"), |inner, _| {
            io::Error::other(Link("unknown", Some(inner)))
        });
        assert_eq!(error_type(&chain, true, &class), error::OTHER);
        assert!(describe(&chain).len() < 1000);
    }
}

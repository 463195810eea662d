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

//! `error.type`: a finite list for transports, the type's name for errors of an application.
//!
//! Source: [recording errors](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/general/recording-errors.md):
//! the value "SHOULD be predictable, and SHOULD have low cardinality", and the list of values should be documented.

use std::any::type_name;
use std::error::Error;
use std::io;

/// The host name could not be resolved.
pub const DNS: &str = "dns";
/// Nothing listens at the address.
pub const CONNECT_REFUSED: &str = "connect_refused";
/// The connection was not made in time.
pub const CONNECT_TIMEOUT: &str = "connect_timeout";
/// The connection could not be made for another reason, such as an unreachable host or network.
pub const CONNECT: &str = "connect";
/// The TLS handshake failed, or a certificate was not accepted.
pub const TLS: &str = "tls";
/// The answer did not come in time.
pub const TIMEOUT: &str = "timeout";
/// The other end reset the connection.
pub const RESET: &str = "reset";
/// The other end closed the connection before the message was complete.
pub const CLOSED: &str = "closed";
/// The other end sent GOAWAY (HTTP/2 or HTTP/3).
pub const H2_GOAWAY: &str = "h2_goaway";
/// The other end refused the stream, so that the request may be sent again.
pub const H2_REFUSED_STREAM: &str = "h2_refused_stream";
/// A body could not be read or written.
pub const BODY: &str = "body";
/// An answer came and could not be understood.
pub const DECODE: &str = "decode";
/// There were too many redirects, or they went in a circle.
pub const REDIRECT_LOOP: &str = "redirect_loop";
/// The request could not be built; nothing was sent.
pub const BUILDER: &str = "builder";
/// Every other error.
pub const OTHER: &str = "_OTHER";

/// Every value that [`transport`] gives by itself or is meant to get from its extension.
pub const TRANSPORT: [&str; 15] = [
    DNS,
    CONNECT_REFUSED,
    CONNECT_TIMEOUT,
    CONNECT,
    TLS,
    TIMEOUT,
    RESET,
    CLOSED,
    H2_GOAWAY,
    H2_REFUSED_STREAM,
    BODY,
    DECODE,
    REDIRECT_LOOP,
    BUILDER,
    OTHER,
];

/// How far a chain of causes is followed. Real chains have about five links; a chain may be a circle.
const MAX_DEPTH: usize = 16;

/// Classifies an error of a transport by walking its chain of causes once.
///
/// For each link, from the outermost in, `extension` is asked first, then the types of the standard library and of the `http` and
/// `url` crates. The outermost specific class wins. [`CONNECT`], [`BODY`] and [`OTHER`] are general: the walk goes on to see
/// whether a cause says more. A [`TIMEOUT`] inside of a [`CONNECT`] is a [`CONNECT_TIMEOUT`]. An [`io::Error`] that wraps another
/// error is looked into, which `source` does not do.
///
/// Never fails: what nobody knows is [`OTHER`].
///
/// ```
/// use std::io;
/// use throughline_core::semconv::error;
///
/// let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
/// assert_eq!(error::transport(&refused, &|_| None), error::CONNECT_REFUSED);
/// ```
pub fn transport(
    error: &(dyn Error + 'static),
    extension: &dyn Fn(&(dyn Error + 'static)) -> Option<&'static str>,
) -> &'static str {
    let mut general = None;
    let mut link = Some(error);
    for _ in 0..MAX_DEPTH {
        let Some(error) = link else { break };
        match extension(error).or_else(|| known_type(error)) {
            Some(TIMEOUT) if general == Some(CONNECT) => return CONNECT_TIMEOUT,
            Some(class @ (CONNECT | BODY)) => general = general.or(Some(class)),
            Some(OTHER) | None => {}
            Some(class) => return class,
        }
        link = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    general.unwrap_or(OTHER)
}

/// Classifies an [`io::ErrorKind`]; `None` for one that says nothing about a transport.
pub fn io_kind(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    Some(match kind {
        Kind::ConnectionRefused => CONNECT_REFUSED,
        Kind::ConnectionReset | Kind::ConnectionAborted => RESET,
        Kind::BrokenPipe | Kind::UnexpectedEof | Kind::NotConnected | Kind::WriteZero => CLOSED,
        Kind::TimedOut => TIMEOUT,
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable => CONNECT,
        _ => return None,
    })
}

/// Gives a short and stable name of an error's type, for `error.type` of errors of an application.
///
/// The last segment of the path without type parameters, as `LoginError`. A last segment that says nothing by itself, as
/// `Error`, keeps its whole path: `reqwest::error::Error`. A boxed or borrowed `dyn Error`, a tuple and the like have no name of
/// their own and give [`OTHER`].
///
/// ```
/// use throughline_core::semconv::error;
///
/// assert_eq!(error::type_name_of::<std::num::ParseIntError>(), "ParseIntError");
/// assert_eq!(error::type_name_of::<Box<dyn std::error::Error>>(), "_OTHER");
/// ```
pub fn type_name_of<E: ?Sized>() -> &'static str {
    short_type_name(type_name::<E>())
}

fn short_type_name(full: &'static str) -> &'static str {
    let full = full.trim_start_matches('&');
    let full = full.strip_prefix("mut ").unwrap_or(full);
    let path = full.split_once('<').map_or(full, |(path, _)| path);
    let last = path.rsplit_once("::").map_or(path, |(_, last)| last);
    let named = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':');
    match last {
        _ if !named || path.is_empty() => OTHER,
        "Box" | "Arc" | "Rc" => OTHER,
        "Error" | "ErrorKind" | "Kind" | "Report" => path,
        last => last,
    }
}

/// What the types say that this crate knows.
fn known_type(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return io_kind(error.kind()).or_else(|| resolver(error));
    }
    if error.is::<std::str::Utf8Error>() || error.is::<std::string::FromUtf8Error>() {
        return Some(DECODE);
    }
    if error.is::<std::sync::mpsc::RecvTimeoutError>() {
        return Some(TIMEOUT);
    }
    let builder = error.is::<http::Error>()
        || error.is::<http::uri::InvalidUri>()
        || error.is::<http::uri::InvalidUriParts>()
        || error.is::<http::header::InvalidHeaderName>()
        || error.is::<http::header::InvalidHeaderValue>()
        || error.is::<http::method::InvalidMethod>()
        || error.is::<url::ParseError>();
    builder.then_some(BUILDER)
}

/// The standard library gives no kind to a failed look-up, only this text.
fn resolver(error: &io::Error) -> Option<&'static str> {
    error
        .to_string()
        .starts_with("failed to lookup address information")
        .then_some(DNS)
}

#[cfg(test)]
mod tests;

//! What the errors of hyper and tower mean.

use std::error::Error;

use hyper_util::client::legacy;
use throughline_core::semconv::error;
use tower::timeout::error::Elapsed;

/// Gives the class of one error in a chain of causes.
pub(super) fn class(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(cause) = cause.downcast_ref::<legacy::Error>() {
        return cause.is_connect().then_some(error::CONNECT);
    }
    #[cfg(feature = "http2")]
    if let Some(cause) = cause.downcast_ref::<h2::Error>() {
        return http2_class(cause);
    }
    if cause.is::<Elapsed>() {
        return Some(error::TIMEOUT);
    }
    hyper_class(cause.downcast_ref::<hyper::Error>()?)
}

fn hyper_class(cause: &hyper::Error) -> Option<&'static str> {
    if cause.is_timeout() {
        Some(error::TIMEOUT)
    } else if cause.is_parse() {
        Some(error::DECODE)
    } else if cause.is_user() || cause.is_body_write_aborted() {
        Some(error::BODY)
    } else if cause.is_incomplete_message() || cause.is_closed() {
        Some(error::CLOSED)
    } else if cause.is_canceled() && cause.source().is_none() {
        // The connection ended before it took the request.
        Some(error::CLOSED)
    } else {
        None
    }
}

#[cfg(feature = "http2")]
fn http2_class(cause: &h2::Error) -> Option<&'static str> {
    if cause.reason() == Some(h2::Reason::REFUSED_STREAM) {
        Some(error::H2_REFUSED_STREAM)
    } else if cause.is_go_away() {
        Some(error::H2_GOAWAY)
    } else if cause.is_reset() {
        Some(error::RESET)
    } else {
        None
    }
}

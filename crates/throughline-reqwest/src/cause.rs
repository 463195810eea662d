//! What the errors of reqwest and of what is below it mean.

use std::error::Error;

use hyper_util::client::legacy;
use throughline_core::{
    http_client,
    semconv::{error, http::status},
};

/// Gives `error.type` of an error of reqwest, as a span of the client has it.
///
/// One of [`error::TRANSPORT`], or the status code of an error made by
/// [`error_for_status`](reqwest::Response::error_for_status). It also tells the errors apart
/// that come after the span has ended, while the body is read.
pub fn error_type(error: &reqwest::Error) -> &'static str {
    let is_encrypted = error.url().is_some_and(|url| url.scheme() == "https");
    http_client::error_type(error, is_encrypted, &class)
}

/// Gives the class of one error in a chain of causes.
pub(crate) fn class(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(cause) = cause.downcast_ref::<reqwest::Error>() {
        return reqwest_class(cause);
    }
    if let Some(cause) = cause.downcast_ref::<legacy::Error>() {
        return cause.is_connect().then_some(error::CONNECT);
    }
    #[cfg(feature = "http2")]
    if let Some(cause) = cause.downcast_ref::<h2::Error>() {
        return http2_class(cause);
    }
    hyper_class(cause.downcast_ref::<hyper::Error>()?)
}

/// The kinds of reqwest say where it happened; what happened is further down for some.
fn reqwest_class(cause: &reqwest::Error) -> Option<&'static str> {
    if let Some(code) = cause.status() {
        return Some(status::error_type(code));
    }
    if cause.is_builder() {
        Some(error::BUILDER)
    } else if cause.is_redirect() {
        Some(error::REDIRECT_LOOP)
    } else if cause.is_dns() {
        Some(error::DNS)
    } else if cause.is_timeout() {
        Some(if cause.is_connect() {
            error::CONNECT_TIMEOUT
        } else {
            error::TIMEOUT
        })
    } else if cause.is_decode() {
        // What broke while it was read is not the fault of the encoding.
        let below = cause.source().map(|below| error::transport(below, &class));
        let broken = [error::RESET, error::CLOSED, error::BODY, error::H2_GOAWAY];
        Some(
            below
                .filter(|below| broken.contains(below))
                .unwrap_or(error::DECODE),
        )
    } else if cause.is_body() {
        Some(error::BODY)
    } else {
        None
    }
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

//! One request on the wire.

use std::error::Error;

use opentelemetry::Context;
use reqwest::{Request, Response};
use throughline_core::http_client::{
    self, Attempt, Attempts, Outgoing, ResendCount, ResponseHead, Target, UrlTemplate,
};

use crate::cause;

/// Starts an attempt at a request below the current context, and writes its own context into
/// the request's headers.
pub(crate) fn start(
    attempts: &Attempts,
    current: &Context,
    request: &mut Request,
    template: Option<&UrlTemplate>,
    earlier: u32,
) -> Attempt {
    let outgoing = outgoing(request, template, earlier);
    let attempt = attempts.begin(current, outgoing, request.headers());
    attempt.inject(request.headers_mut());
    attempt
}

/// Describes a request that is about to be sent.
pub(crate) fn outgoing<'a>(
    request: &'a Request,
    template: Option<&'a UrlTemplate>,
    earlier: u32,
) -> Outgoing<'a> {
    Outgoing::new(request.method(), Target::Url(request.url()))
        .with_template(template)
        .with_earlier(earlier)
}

/// Ends an attempt with what came of it.
pub(crate) fn end<E>(
    attempt: Attempt,
    result: &Result<Response, E>,
    look: impl FnOnce(&E) -> &(dyn Error + 'static),
) {
    match result {
        Ok(response) => {
            let peer = attempt
                .is_recording()
                .then(|| response.remote_addr())
                .flatten();
            attempt.responded(ResponseHead {
                status: response.status(),
                version: response.version(),
                headers: response.headers(),
                peer,
            });
        }
        Err(error) => {
            let error = look(error);
            let class = http_client::error_type(error, attempt.is_encrypted(), &cause::class);
            attempt.failed(class, || http_client::describe(error));
        }
    }
}

/// Looks into an error of reqwest.
pub(crate) fn as_is(error: &reqwest::Error) -> &(dyn Error + 'static) {
    error
}

/// Counts an attempt where a layer above counts them; else returns `otherwise`.
pub(crate) fn count(current: &Context, otherwise: u32) -> u32 {
    current
        .get::<ResendCount>()
        .map_or(otherwise, ResendCount::next)
}

//! A traced request on its way.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll},
};

use http::{Request, Response};
use hyper_util::client::legacy::connect::HttpInfo;
use pin_project_lite::pin_project;
use throughline_core::http_client::{
    Attempt, Attempts, Observed, Outgoing, ResendCount, ResponseHead, Target, UrlTemplate,
    describe, error_type,
};
use tower_service::Service;

use super::{ErrorsOf, cause};

pin_project! {
    /// The response future of [`ClientService`](super::ClientService).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, B, X>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
        errors: PhantomData<fn() -> X>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateReplaced]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        Waiting { service: S, request: Request<B>, attempts: Attempts },
        Sent { #[pin] sent: Observed<S::Future> },
        Done,
    }
}

impl<S, B, X> ResponseFuture<S, B, X>
where
    S: Service<Request<B>>,
{
    pub(super) fn new(service: S, request: Request<B>, attempts: Attempts) -> Self {
        Self {
            state: State::Waiting {
                service,
                request,
                attempts,
            },
            errors: PhantomData,
        }
    }
}

impl<S, B, X, R> Future for ResponseFuture<S, B, X>
where
    S: Service<Request<B>, Response = Response<R>>,
    X: ErrorsOf<S::Error>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if matches!(*state, State::Waiting { .. }) {
            let taken = state.as_mut().project_replace(State::Done);
            if let StateReplaced::Waiting {
                service,
                request,
                attempts,
            } = taken
            {
                state.set(State::Sent {
                    sent: send(service, request, &attempts),
                });
            }
        }
        let StateProjection::Sent { sent } = state.as_mut().project() else {
            panic!("the response future was polled after it was ready");
        };
        let (result, attempt) = task::ready!(sent.poll(task));
        state.set(State::Done);
        end::<X, _, _>(attempt, &result);
        Poll::Ready(result)
    }
}

fn send<S, B>(mut service: S, request: Request<B>, attempts: &Attempts) -> Observed<S::Future>
where
    S: Service<Request<B>>,
{
    let (mut parts, body) = request.into_parts();
    let outgoing = Outgoing::new(&parts.method, Target::Uri(&parts.uri))
        .with_template(parts.extensions.get::<UrlTemplate>())
        .with_earlier(
            parts
                .extensions
                .get::<ResendCount>()
                .map_or(0, ResendCount::next),
        );
    let attempt = attempts.start(outgoing, &mut parts.headers);
    attempt.send(|| service.call(Request::from_parts(parts, body)))
}

fn end<X: ErrorsOf<E>, R, E>(attempt: Attempt, result: &Result<Response<R>, E>) {
    match result {
        Ok(response) => attempt.responded(ResponseHead {
            status: response.status(),
            version: response.version(),
            headers: response.headers(),
            peer: response
                .extensions()
                .get::<HttpInfo>()
                .map(HttpInfo::remote_addr),
        }),
        Err(error) => {
            let error = X::look(error);
            let class = error_type(error, attempt.is_encrypted(), &cause::class);
            attempt.failed(class, || describe(error));
        }
    }
}

impl<S, B, X> fmt::Debug for ResponseFuture<S, B, X>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

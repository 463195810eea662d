//! Sending a request, and what its redirects ask for.

use std::{
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use opentelemetry::Context;
use reqwest::{Request, Response};
use throughline_core::http_client::{Attempt, UrlTemplate};

use crate::{
    attempt::{as_is, count, end, outgoing},
    client::Shared,
    redirect::{Again, Hops, Told},
};

/// The future of a request.
///
/// Written by hand: the one of an `async fn` copies a request and a response at each step.
pub(crate) struct Execute<M, F> {
    shared: Arc<Shared>,
    client: reqwest::Client,
    /// Gives a request to the client; the type of what that returns has no name.
    make: M,
    template: Option<UrlTemplate>,
    /// What is to be sent next.
    request: Option<Result<Request, reqwest::Error>>,
    /// How redirects are followed, from the first poll on, unless that is left to reqwest.
    hops: Option<Hops>,
    /// What the hop after the one on its way needs.
    again: Option<Again>,
    /// The hop on its way.
    attempt: Option<Attempt>,
    work: Option<F>,
}

impl<M, F> Execute<M, F> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        client: reqwest::Client,
        make: M,
        request: Result<Request, reqwest::Error>,
        template: Option<UrlTemplate>,
    ) -> Self
    where
        M: Fn(&reqwest::Client, Request) -> F,
    {
        Self {
            shared,
            client,
            make,
            template,
            request: Some(request),
            hops: None,
            again: None,
            attempt: None,
            work: None,
        }
    }

    /// Starts the attempt at the next request, if there is one.
    fn start(&mut self) {
        let Some(Ok(request)) = &mut self.request else {
            return;
        };
        if self.hops.is_none() {
            let redirects = self.shared.redirects.as_ref();
            self.hops = redirects.map(|redirects| redirects.hops(request));
        }
        let mut followed = 0;
        if let Some(hops) = &mut self.hops {
            followed = hops.sends();
            self.again = Some(Again::of(request));
        }
        // The template is that of the URL which the caller knows.
        let template = self.template.as_ref().filter(|_| followed == 0);
        let current = Context::current();
        let earlier = count(&current, followed);
        let attempts = &self.shared.attempts;
        let outgoing = outgoing(request, template, earlier);
        let attempt = attempts.begin(&current, outgoing, request.headers());
        self.attempt.insert(attempt).inject(request.headers_mut());
    }
}

impl<M, F> Future for Execute<M, F>
where
    M: Fn(&reqwest::Client, Request) -> F + Unpin,
    F: Future<Output = Result<Response, reqwest::Error>> + Unpin,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        loop {
            this.start();
            let Self {
                client,
                make,
                request,
                hops,
                again,
                attempt: started,
                work,
                ..
            } = this;
            let Some(attempt) = started else {
                let error = request.take().and_then(Result::err);
                return Poll::Ready(Err(error.expect("it is not polled after it was ready")));
            };
            let is_last = hops.as_ref().is_some_and(Hops::is_last);
            // Only a hop that starts now has a request.
            let entered = if request.is_some() {
                attempt.enter_first()
            } else {
                attempt.enter()
            };
            if let Some(Ok(request)) = request.take() {
                *work = Some(make(client, request));
            }
            let sent = work.as_mut().expect("it is made with the attempt");
            let told = Told::new(is_last);
            let polled = Pin::new(sent).poll(task);
            if polled.is_ready() {
                *work = None;
            }
            // Left by hand, since a block would copy the response out of itself.
            drop(told);
            drop(entered);
            let Poll::Ready(result) = &polled else {
                return Poll::Pending;
            };
            if let Some(attempt) = started.take() {
                end(attempt, result, as_is);
            }
            let next = match (result, hops) {
                (Ok(response), Some(hops)) => hops.next(again, response),
                _ => None,
            };
            match next {
                Some(next) => *request = Some(Ok(next)),
                None => return polled,
            }
        }
    }
}

impl<M, F> Drop for Execute<M, F> {
    /// What the work's destructors record belongs to the attempt, which counts as cancelled
    /// only after them.
    fn drop(&mut self) {
        if let Some(attempt) = &self.attempt
            && self.work.is_some()
        {
            let _guard = attempt.context().clone().attach();
            self.work = None;
        }
    }
}

//! The future of a response.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll, ready},
};

use http::Response;
use http_body::Body;
use opentelemetry::Context;
use pin_project_lite::pin_project;
use throughline_core::context::UnwindGuard;

use super::exchange::{Exchange, Next};
use crate::body::{BodyPolicy, InContext as _};

pin_project! {
    /// The response of a traced request.
    ///
    /// Dropped before it is ready, it ends the span as `client_gone_before_head`.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, P> {
        #[pin]
        inner: Option<F>,
        exchange: Option<Exchange>,
        // Of a request that is not traced, and yet belongs to a trace.
        context: Option<Context>,
        policy: PhantomData<fn() -> P>,
    }

    impl<F, P> PinnedDrop for ResponseFuture<F, P> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let context = this.exchange.as_ref().map(Exchange::context).or(this.context.as_ref());
            if let (Some(context), true) = (context, this.inner.is_some()) {
                // First the work, inside its context: its destructors belong to the span.
                let _guard = context.clone().attach();
                this.inner.set(None);
            }
            *this.exchange = None;
        }
    }
}

impl<F, P> ResponseFuture<F, P> {
    pub(super) fn traced(inner: F, exchange: Exchange) -> Self {
        Self {
            inner: Some(inner),
            exchange: Some(exchange),
            context: None,
            policy: PhantomData,
        }
    }

    pub(super) fn untraced(inner: F, context: Option<Context>) -> Self {
        Self {
            inner: Some(inner),
            exchange: None,
            context,
            policy: PhantomData,
        }
    }
}

impl<F, P, B, E> Future for ResponseFuture<F, P>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: 'static,
    B: Body,
    B::Error: 'static,
    P: BodyPolicy<B, Exchange>,
{
    type Output = Result<Response<P::Body>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let inner = this
            .inner
            .as_mut()
            .as_pin_mut()
            .expect("polled after it was ready");
        let Some(exchange) = this.exchange.as_mut() else {
            let _guard = this.context.clone().map(Context::attach);
            let result = ready!(inner.poll(task));
            this.inner.set(None);
            return Poll::Ready(result.map(|response| response.map(P::untraced)));
        };

        let polled = {
            let entered = exchange.enter();
            let _unwind = UnwindGuard::new(|| exchange.panicked());
            let _entered = entered;
            let polled = inner.poll(task);
            if polled.is_ready() {
                this.inner.set(None);
            }
            polled
        };
        let result = ready!(polled);
        let Some(mut exchange) = this.exchange.take() else {
            unreachable!("it was there a moment ago");
        };
        match result {
            Err(error) => {
                exchange.failed(&error);
                Poll::Ready(Err(error))
            }
            Ok(mut response) => {
                let next = exchange.head(&mut response);
                Poll::Ready(Ok(response.map(|body| match next {
                    Next::WatchBody => P::traced(body, exchange),
                    Next::Over => P::untraced(body),
                })))
            }
        }
    }
}

impl<F, P> fmt::Debug for ResponseFuture<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

//! A value that is polled and dropped inside a context.

use std::{
    pin::Pin,
    task::{self, Poll},
};

use futures_core::Stream;
use opentelemetry::Context;
use pin_project_lite::pin_project;

pin_project! {
    /// A future or stream that is polled, and dropped, inside a context.
    ///
    /// Dropping matters: a cancelled future runs the destructors of all that it holds, and
    /// what these record belongs to the same span.
    #[derive(Debug)]
    #[must_use = "it does nothing unless polled"]
    pub struct Attached<T> {
        #[pin]
        inner: Option<T>,
        context: Context,
    }

    impl<T> PinnedDrop for Attached<T> {
        fn drop(this: Pin<&mut Self>) {
            this.finish();
        }
    }
}

impl<T> Attached<T> {
    /// Makes `inner` run inside `context`.
    pub fn new(inner: T, context: Context) -> Self {
        Self {
            inner: Some(inner),
            context,
        }
    }

    /// Returns the context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Drops the inner value inside the context. It must not be polled again.
    pub fn finish(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.inner.is_some() {
            let _guard = this.context.clone().attach();
            this.inner.set(None);
        }
    }
}

impl<F: Future> Future for Attached<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let inner = this
            .inner
            .as_mut()
            .as_pin_mut()
            .expect("polled after it was finished");
        let _guard = this.context.clone().attach();
        let output = inner.poll(task);
        if output.is_ready() {
            this.inner.set(None);
        }
        output
    }
}

impl<S: Stream> Stream for Attached<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let _guard = this.context.clone().attach();
        inner.poll_next(task)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

//! A context for work that outlives its cause.

use std::{
    fmt,
    pin::Pin,
    task::{self, Poll},
};

use futures_core::Stream;
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt as _},
};
use pin_project_lite::pin_project;

use super::Attached;

/// The current context in a form that can outlive the current span.
///
/// It has the span's ids, the baggage and all other values, and the `tracing` span. It does
/// not have the span itself: spans started below are its children, while
/// [`current`](crate::current) inside the work finds nothing to write to, since that span
/// may have ended. So it never makes a span longer, and never keeps its memory.
///
/// The `tracing` span is held as `Instrument::in_current_span` would hold it: it stays open
/// until the work is dropped.
#[derive(Clone)]
pub struct Detached {
    context: Context,
    span: tracing::Span,
}

impl Detached {
    /// Detaches the current context.
    pub fn current() -> Self {
        Self {
            context: Context::map_current(detach),
            span: tracing::Span::current(),
        }
    }

    /// Returns the ids below which the work's spans start.
    pub fn span_context(&self) -> SpanContext {
        self.context.span().span_context().clone()
    }

    /// Returns the context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Runs a future or a stream inside this context.
    pub fn bind<T>(&self, inner: T) -> Bound<T> {
        Bound {
            span: self.span.clone(),
            inner: Attached::new(inner, self.context.clone()),
        }
    }

    /// Runs a closure inside this context, later and on any thread.
    pub fn bind_fn<F, R>(&self, f: F) -> impl FnOnce() -> R + use<F, R>
    where
        F: FnOnce() -> R,
    {
        let this = self.clone();
        move || this.enter(f)
    }

    /// Runs a closure inside this context, now.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        // The `tracing` span first: a bridge to OpenTelemetry attaches the context it was
        // made in, and ours has to be the innermost.
        let _span = self.span.enter();
        let _guard = self.context.clone().attach();
        f()
    }
}

impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

fn detach(context: &Context) -> Context {
    if context.has_active_span() {
        context.with_remote_span_context(context.span().span_context().clone())
    } else {
        context.clone()
    }
}

pin_project! {
    /// A future or stream that runs inside a [`Detached`] context.
    #[derive(Debug)]
    #[must_use = "it does nothing unless polled"]
    pub struct Bound<T> {
        span: tracing::Span,
        #[pin]
        inner: Attached<T>,
    }

    impl<T> PinnedDrop for Bound<T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let _span = this.span.enter();
            this.inner.finish();
        }
    }
}

impl<F: Future> Future for Bound<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _span = this.span.enter();
        this.inner.poll(task)
    }
}

impl<S: Stream> Stream for Bound<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let _span = this.span.enter();
        this.inner.poll_next(task)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

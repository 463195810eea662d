//! The body that reports its end.

use std::{
    pin::Pin,
    task::{self, Poll, ready},
};

use bytes::Buf;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use opentelemetry::Context;
use pin_project_lite::pin_project;
use throughline_core::context::UnwindGuard;

/// What is told about a body as it passes.
///
/// Exactly one of [`finished`](Frames::finished), [`failed`](Frames::failed) and
/// [`panicked`](Frames::panicked) is called, or none: then the body was dropped half-way, and
/// the value is dropped after it.
pub trait Frames<E>: InContext {
    /// A data frame of `bytes` bytes passed.
    fn data(&mut self, bytes: u64);
    /// The trailers passed.
    fn trailers(&mut self, trailers: &HeaderMap);
    /// The last frame passed.
    fn finished(&mut self);
    /// The body failed.
    fn failed(&mut self, error: &E);
    /// The body panicked; the panic goes on.
    fn panicked(&mut self);
}

/// What has a context in which a body is polled and dropped.
pub trait InContext {
    /// Returns the context.
    fn context(&self) -> &Context;
}

pin_project! {
    /// A body that reports its end to `F`.
    ///
    /// `size_hint` and `is_end_stream` are the inner body's, so a content length stays.
    #[derive(Debug)]
    pub struct TracedBody<B, F>
    where
        F: InContext,
    {
        #[pin]
        inner: Option<B>,
        frames: Option<F>,
    }

    impl<B, F> PinnedDrop for TracedBody<B, F>
    where
        F: InContext,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(frames) = this.frames.as_ref() {
                // First the body, inside the context: its destructors belong to the span.
                let _guard = frames.context().clone().attach();
                this.inner.set(None);
            }
            *this.frames = None;
        }
    }
}

impl<B, F: InContext> TracedBody<B, F> {
    /// Watches `inner`.
    pub fn new<E>(inner: B, frames: F) -> Self
    where
        B: Body<Error = E>,
        F: Frames<E>,
    {
        Self {
            inner: Some(inner),
            frames: Some(frames),
        }
    }

    /// Passes `inner` through unwatched.
    pub fn untraced(inner: B) -> Self {
        Self {
            inner: Some(inner),
            frames: None,
        }
    }
}

impl<B, F> Body for TracedBody<B, F>
where
    B: Body,
    F: Frames<B::Error>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(frames) = this.frames.as_ref() else {
            return inner.poll_frame(task);
        };

        let polled = {
            let context = frames.context().clone();
            let _unwind = UnwindGuard::new(|| {
                if let Some(mut frames) = this.frames.take() {
                    frames.panicked();
                }
            });
            let _guard = context.attach();
            inner.as_mut().poll_frame(task)
        };
        let frame = ready!(polled);
        let Some(frames) = this.frames else {
            return Poll::Ready(frame);
        };
        let is_over = match &frame {
            None => {
                frames.finished();
                true
            }
            Some(Err(error)) => {
                frames.failed(error);
                true
            }
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    frames.data(data.remaining() as u64);
                } else if let Some(trailers) = frame.trailers_ref() {
                    frames.trailers(trailers);
                }
                // With a known length the consumer may not poll again after the last byte.
                let is_last = inner.is_end_stream();
                if is_last {
                    frames.finished();
                }
                is_last
            }
        };
        if is_over {
            *this.frames = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

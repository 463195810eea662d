//! Bodies that do what a test tells them.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};

/// A body that yields what its script says, step by step.
///
/// Without further words it gives no size and says that it is over only after it was.
///
/// ```
/// use http_body_util::BodyExt;
/// use throughline_testing::ScriptedBody;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let body = ScriptedBody::new().data("half").pending().error("connection reset");
/// let watch = body.watch();
///
/// let error = body.collect().await.unwrap_err();
/// assert_eq!(error.to_string(), "connection reset");
/// assert!(watch.is_exhausted() && watch.is_dropped());
/// # });
/// ```
#[derive(Debug, Default)]
#[must_use = "a body does nothing until it is polled"]
pub struct ScriptedBody {
    steps: VecDeque<Step>,
    size: SizeHint,
    ends_early: bool,
    ended: bool,
    watch: BodyWatch,
}

#[derive(Debug)]
enum Step {
    Data(Bytes),
    Error(ScriptedError),
    Never,
    Panic(String),
    Pending,
    Trailers(HeaderMap),
}

impl ScriptedBody {
    /// Makes an empty body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Then yields data.
    pub fn data(self, data: impl Into<Bytes>) -> Self {
        self.then(Step::Data(data.into()))
    }

    /// Then is not ready once, and wakes its task to be polled again.
    pub fn pending(self) -> Self {
        self.then(Step::Pending)
    }

    /// Then fails with these words, and is over.
    pub fn error(self, message: impl Into<String>) -> Self {
        self.then(Step::Error(ScriptedError(message.into())))
    }

    /// Then yields trailers.
    pub fn trailers(self, trailers: HeaderMap) -> Self {
        self.then(Step::Trailers(trailers))
    }

    /// Then panics with these words.
    pub fn panics(self, message: impl Into<String>) -> Self {
        self.then(Step::Panic(message.into()))
    }

    /// Then is never ready again, and never wakes its task.
    pub fn never_ends(self) -> Self {
        self.then(Step::Never)
    }

    /// Claims this exact size at the start, be it right or wrong.
    ///
    /// What was yielded is taken off.
    pub fn with_size_hint(mut self, exact: u64) -> Self {
        self.size = SizeHint::with_exact(exact);
        self
    }

    /// Says that it is over as soon as its last frame was yielded.
    ///
    /// Bodies with a known length do so, and many consumers then never poll for the end.
    pub fn with_early_end(mut self) -> Self {
        self.ends_early = true;
        self
    }

    /// Returns a view on what is done with the body; it outlives the body.
    pub fn watch(&self) -> BodyWatch {
        self.watch.clone()
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self.watch.lock().left = self.steps.len();
        self
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = ScriptedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ScriptedError>>> {
        self.watch.lock().polled_in.push(current_span());
        if matches!(self.steps.front(), Some(Step::Never)) {
            return Poll::Pending;
        }
        let step = self.steps.pop_front();
        self.watch.lock().left = self.steps.len();
        match step {
            Some(Step::Data(data)) => {
                if let Some(size) = self.size.exact() {
                    let yielded = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    self.size = SizeHint::with_exact(size.saturating_sub(yielded));
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Pending) => {
                task.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Error(error)) => {
                self.steps.clear();
                self.ended = true;
                self.watch.lock().left = 0;
                Poll::Ready(Some(Err(error)))
            }
            Some(Step::Panic(message)) => panic!("{message}"),
            Some(Step::Never) | None => {
                self.ended = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || (self.ends_early && self.steps.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }
}

impl Drop for ScriptedBody {
    fn drop(&mut self) {
        self.watch.lock().dropped_in = Some(current_span());
    }
}

/// The error of a [`ScriptedBody`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScriptedError(String);

impl fmt::Display for ScriptedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScriptedError {}

/// What was done with a [`ScriptedBody`].
#[derive(Clone, Debug, Default)]
pub struct BodyWatch(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    left: usize,
    polled_in: Vec<SpanContext>,
    dropped_in: Option<SpanContext>,
}

impl BodyWatch {
    /// Says whether nothing of the script is left, because it was all yielded or it failed.
    pub fn is_exhausted(&self) -> bool {
        self.lock().left == 0
    }

    /// Says whether the body was dropped.
    pub fn is_dropped(&self) -> bool {
        self.lock().dropped_in.is_some()
    }

    /// Returns, for each poll of the body, the span that was current in it.
    ///
    /// The context is not valid where no span was current.
    pub fn polled_in(&self) -> Vec<SpanContext> {
        self.lock().polled_in.clone()
    }

    /// Returns the span that was current while the body was dropped, once it was.
    pub fn dropped_in(&self) -> Option<SpanContext> {
        self.lock().dropped_in.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn current_span() -> SpanContext {
    Context::map_current(|context| context.span().span_context().clone())
}

#[cfg(test)]
mod tests;

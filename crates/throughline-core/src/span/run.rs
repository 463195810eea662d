//! Work inside a span.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll},
};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanBuilder, Status, TraceContextExt as _},
};
use pin_project_lite::pin_project;

use super::{SpanSpec, record_error};
use crate::{
    clock::Stopwatch,
    context::{Attached, UnwindGuard},
    outcome::Outcome,
    semconv::attr,
    telemetry::{Started, Tracer},
};

pin_project! {
    /// Work inside a span: the future of [`SpanSpec::run`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Run<F, O> {
        #[pin]
        state: State<F>,
        observe: PhantomData<fn() -> O>,
    }

    impl<F, O> PinnedDrop for Run<F, O> {
        fn drop(this: Pin<&mut Self>) {
            if let StateProjection::Running { work, running } = this.project().state.project() {
                // First the work, inside its context: its destructors belong to the span.
                work.finish();
                running.end(&Outcome::Cancelled);
            }
        }
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateReplaced]
    enum State<F> {
        Ready { spec: SpanSpec, work: F },
        Running {
            #[pin]
            work: Attached<F>,
            running: Running,
        },
        Done,
    }
}

impl<F, O> Run<F, O> {
    pub(super) fn new(spec: SpanSpec, work: F) -> Self {
        Self {
            state: State::Ready { spec, work },
            observe: PhantomData,
        }
    }
}

impl<F, O> Future for Run<F, O>
where
    F: Future,
    O: Observe<F::Output>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut state = self.project().state;
        if matches!(*state, State::Ready { .. }) {
            let taken = state.as_mut().project_replace(State::Done);
            if let StateReplaced::Ready { spec, work } = taken {
                let running = spec.start();
                let work = Attached::new(work, running.context().clone());
                state.set(State::Running { work, running });
            }
        }
        let StateProjection::Running { work, running } = state.as_mut().project() else {
            panic!("`Run` was polled after it was ready");
        };
        let output = task::ready!(running.observe_unwind(|| work.poll(task)));
        let outcome = O::outcome(&output, running.context());
        running.end(&outcome);
        state.set(State::Done);
        Poll::Ready(output)
    }
}

impl<F, O> fmt::Debug for Run<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

/// How an output is read.
pub trait Observe<T> {
    /// Records what the output says on the span of `context`.
    fn outcome(output: &T, context: &Context) -> Outcome;
}

/// Any output is a success.
#[derive(Debug)]
pub struct Plain;

impl<T> Observe<T> for Plain {
    fn outcome(_output: &T, _context: &Context) -> Outcome {
        Outcome::Completed
    }
}

/// An `Err` is an error.
#[derive(Debug)]
pub struct Tried;

impl<T, E: fmt::Display> Observe<Result<T, E>> for Tried {
    fn outcome(output: &Result<T, E>, context: &Context) -> Outcome {
        match output {
            Ok(_) => Outcome::Completed,
            Err(error) => record_error(context, error),
        }
    }
}

/// A started span, ended by [`end`](Running::end) and by nothing else.
pub(super) struct Running {
    started: Started,
    watch: Stopwatch,
}

impl Running {
    pub(super) fn new(
        tracer: &Tracer,
        parent: &Context,
        mut builder: SpanBuilder,
        attributes: Vec<KeyValue>,
    ) -> Self {
        let watch = Stopwatch::start();
        builder.start_time = Some(watch.started_at());
        Self {
            started: tracer.start(parent, builder, || attributes),
            watch,
        }
    }

    pub(super) fn context(&self) -> &Context {
        &self.started.context
    }

    /// Runs a part of the work. A panic in it ends the span, and goes on.
    pub(super) fn observe_unwind<R>(&self, work: impl FnOnce() -> R) -> R {
        let _unwind = UnwindGuard::new(|| self.end(&Outcome::Panicked));
        work()
    }

    /// Ends the span. An end after the first changes nothing.
    pub(super) fn end(&self, outcome: &Outcome) {
        if !self.started.recording {
            return;
        }
        let span = self.context().span();
        match outcome {
            Outcome::Completed | Outcome::Error(_) => {}
            _ => {
                span.set_attribute(KeyValue::new(attr::THROUGHLINE_OUTCOME, outcome.as_str()));
                if let Some(error) = outcome.error_type() {
                    span.set_attribute(KeyValue::new(attr::ERROR_TYPE, error));
                    span.set_status(Status::error(""));
                }
            }
        }
        span.end_with_timestamp(self.watch.at(self.watch.elapsed()));
    }
}

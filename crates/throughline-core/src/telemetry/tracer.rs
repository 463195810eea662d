//! Starting spans: one place that knows when attributes are worth building.

use std::{fmt, sync::Arc};

use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanBuilder, SpanContext, TraceContextExt as _, Tracer as OtelTracer},
};

use super::{Head, HeadSampler};
use crate::propagation::inherit_random_flag;

/// Starts spans of one instrumentation scope. Clones share everything.
#[derive(Clone)]
pub struct Tracer(Arc<dyn StartSpan>);

/// A span that was started, in the context in which its work runs.
#[derive(Clone, Debug)]
#[must_use = "a span that is not ended is never exported"]
pub struct Started {
    /// The context of the span's work. It carries the span, or, when nothing records, only
    /// the ids that are passed on to other services.
    pub context: Context,
    /// Whether anybody will see what is recorded on the span.
    pub recording: bool,
    /// Whether there is a provider at all. Without one nothing needs to be measured either.
    pub provided: bool,
}

impl Tracer {
    pub(super) fn new(source: impl StartSpan + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Starts a span below `parent`.
    ///
    /// `describe` gives its attributes. It runs at most once, and only if somebody may look
    /// at the result: not below a parent that is not sampled, not when the head sampler
    /// drops the span, not without a provider. A span that records in spite of that gets
    /// its attributes right after its start.
    ///
    /// A span that does not record costs no allocation, but for a new context where the
    /// decision differs from the parent's.
    pub fn start(
        &self,
        parent: &Context,
        builder: SpanBuilder,
        describe: impl FnOnce() -> Vec<KeyValue>,
    ) -> Started {
        let mut describe = Some(describe);
        self.0.start(parent, builder, &mut || {
            describe
                .take()
                .map(|describe| describe())
                .unwrap_or_default()
        })
    }

    /// Says whether there is a provider at all. Without one nothing needs to be described.
    pub fn is_provided(&self) -> bool {
        self.0.is_provided()
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracer(..)")
    }
}

/// What hides the type of the provider's tracer.
///
/// The concrete span goes into the context behind this call, so that it is boxed once and
/// only if it records.
pub(super) trait StartSpan: Send + Sync {
    fn start(
        &self,
        parent: &Context,
        builder: SpanBuilder,
        describe: &mut dyn FnMut() -> Vec<KeyValue>,
    ) -> Started;

    fn is_provided(&self) -> bool {
        true
    }
}

/// A tracer of a known type.
pub(super) struct Typed<T> {
    pub(super) tracer: T,
    pub(super) head: Option<Arc<dyn HeadSampler>>,
}

impl<T> StartSpan for Typed<T>
where
    T: OtelTracer + Send + Sync,
    T::Span: Send + Sync + 'static,
{
    fn start(
        &self,
        parent: &Context,
        builder: SpanBuilder,
        describe: &mut dyn FnMut() -> Vec<KeyValue>,
    ) -> Started {
        start_with(
            &self.tracer,
            self.head.as_deref(),
            parent,
            builder,
            describe,
        )
    }
}

pub(super) fn start_with<T>(
    tracer: &T,
    head: Option<&dyn HeadSampler>,
    parent: &Context,
    mut builder: SpanBuilder,
    describe: &mut dyn FnMut() -> Vec<KeyValue>,
) -> Started
where
    T: OtelTracer,
    T::Span: Send + Sync + 'static,
{
    if parent.is_telemetry_suppressed() {
        return Started::not_recording(parent.clone());
    }
    let parent_span = parent.span();
    let parent_ids = parent_span.span_context();

    let described = match head.map_or(Head::Undecided, |head| head.decide(parent_ids)) {
        Head::Record => true,
        Head::Drop(ids) => return Started::dropped(parent, parent_ids, ids),
        Head::DropAsParent => return Started::not_recording(parent.clone()),
        // Most samplers follow a parent that is not sampled. One that does not gets the
        // attributes late; one that looks at attributes is asked where there is a choice.
        Head::Undecided => !parent_ids.is_valid() || parent_ids.is_sampled(),
    };
    if described {
        builder.attributes = Some(describe());
    }

    let mut span = tracer.build_with_context(builder, parent);
    if span.is_recording() {
        if !described {
            span.set_attributes(describe());
        }
        return Started {
            context: parent.with_span(span),
            recording: true,
            provided: true,
        };
    }
    let ids = span.span_context().clone();
    Started::dropped(parent, parent_ids, ids)
}

impl Started {
    pub(super) fn not_recording(context: Context) -> Self {
        Self {
            context,
            recording: false,
            provided: true,
        }
    }

    pub(super) fn not_provided(context: Context) -> Self {
        Self {
            context,
            recording: false,
            provided: false,
        }
    }

    /// The context of a span that does not record.
    ///
    /// Below a parent that is not sampled it is the parent's own, which costs nothing and
    /// loses no flag and no list member of the caller.
    fn dropped(parent: &Context, parent_ids: &SpanContext, ids: SpanContext) -> Self {
        if !ids.is_valid() || (parent_ids.is_valid() && !parent_ids.is_sampled()) {
            return Self::not_recording(parent.clone());
        }
        let ids = inherit_random_flag(ids, parent_ids);
        Self::not_recording(parent.with_remote_span_context(ids))
    }
}

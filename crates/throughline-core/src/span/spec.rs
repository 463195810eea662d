//! A span that has not started yet.

use std::{borrow::Cow, fmt, sync::LazyLock};

use opentelemetry::{
    Context, InstrumentationScope, Key, KeyValue,
    trace::{Link, SpanBuilder, SpanContext, SpanKind, TraceContextExt as _},
};

use super::{
    IntoValue,
    run::{Observe, Plain, Run, Running, Tried},
};
use crate::{
    semconv::SCHEMA_URL,
    telemetry::{Instruments, Resolver, Telemetry, Tracer},
};

/// Names a span for work that is about to run.
///
/// It starts when the work does: at the first poll of [`run`](SpanSpec::run). It is a child
/// of the span that is current then.
pub fn span(name: impl Into<Cow<'static, str>>) -> SpanSpec {
    let recorded = Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        // In a spawned task the span itself is not there, only its ids.
        !ids.is_valid() || ids.is_sampled() || span.is_recording()
    });
    SpanSpec {
        builder: SpanBuilder::from_name(name).with_kind(SpanKind::Internal),
        attributes: Vec::new(),
        telemetry: None,
        recorded,
        root: false,
    }
}

/// A span that has not started yet.
#[derive(Debug)]
#[must_use = "a span starts when `run` is awaited"]
pub struct SpanSpec {
    builder: SpanBuilder,
    attributes: Vec<KeyValue>,
    telemetry: Option<Telemetry>,
    /// False inside a trace that nobody records: then attributes are not even collected.
    recorded: bool,
    root: bool,
}

impl SpanSpec {
    /// Adds an attribute. The value is not converted inside a trace that nobody records.
    pub fn attribute(mut self, key: impl Into<Key>, value: impl IntoValue) -> Self {
        if self.recorded {
            self.attributes.push(KeyValue::new(key, value.into_value()));
        }
        self
    }

    /// Sets the kind. Default: internal.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.builder.span_kind = Some(kind);
        self
    }

    /// Links a span of another trace, such as the one that enqueued this work.
    pub fn link(mut self, to: SpanContext) -> Self {
        if to.is_valid() {
            let links = self.builder.links.get_or_insert_default();
            links.push(Link::with_context(to));
        }
        self
    }

    /// Starts a trace of its own instead of a child of the current span.
    pub fn root(mut self) -> Self {
        self.root = true;
        // The decision about the current trace says nothing about the new one.
        self.recorded = true;
        self
    }

    /// Sends the span to `telemetry` instead of the current one. To be called before
    /// attributes are added.
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = Some(telemetry);
        // It may record what the current one does not.
        self.recorded = true;
        self
    }

    /// Runs fallible work inside the span.
    ///
    /// The span starts at the first poll and ends when the work is ready: on an error with
    /// an `exception` event, `error.type` and an error status. The result passes through
    /// unchanged.
    ///
    /// # Cancellation
    ///
    /// Dropped before it is ready, the span ends there with `throughline.outcome` =
    /// `cancelled` and no error. Dropped before its first poll, there is no span.
    ///
    /// # Panics
    ///
    /// A panic of the work goes on. The span ends with `error.type` = `panic`.
    pub fn run<F, T, E>(self, work: F) -> Run<F, Tried>
    where
        F: Future<Output = Result<T, E>>,
        E: fmt::Display,
    {
        Run::new(self, work)
    }

    /// Runs work that cannot fail inside the span. Otherwise as [`run`](Self::run).
    pub fn run_value<F: Future>(self, work: F) -> Run<F, Plain> {
        Run::new(self, work)
    }

    /// Runs a fallible closure inside the span, now.
    ///
    /// # Errors
    ///
    /// The closure's own.
    pub fn call<T, E: fmt::Display>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.call_with::<Tried, _>(work)
    }

    /// Runs a closure that cannot fail inside the span, now.
    pub fn call_value<T>(self, work: impl FnOnce() -> T) -> T {
        self.call_with::<Plain, _>(work)
    }

    fn call_with<O: Observe<T>, T>(self, work: impl FnOnce() -> T) -> T {
        let running = self.start();
        let value = running.observe_unwind(|| {
            let _guard = running.context().clone().attach();
            work()
        });
        running.end(&O::outcome(&value, running.context()));
        value
    }

    pub(super) fn start(self) -> Running {
        let Self {
            builder,
            attributes,
            telemetry,
            root,
            recorded: _,
        } = self;
        let spans = match telemetry {
            Some(telemetry) => telemetry.instruments(),
            None => MANUAL_SPANS.get(),
        };
        let current = Context::current();
        let parent = if root {
            current.with_remote_span_context(SpanContext::NONE)
        } else {
            current
        };
        Running::new(&spans.tracer, &parent, builder, attributes)
    }
}

/// One look-up serves all spans made by hand.
static MANUAL_SPANS: LazyLock<Resolver<ManualSpans>> = LazyLock::new(Resolver::new);

struct ManualSpans {
    tracer: Tracer,
}

impl Instruments for ManualSpans {
    fn new(telemetry: &Telemetry) -> Self {
        let scope = InstrumentationScope::builder("throughline")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL)
            .build();
        Self {
            tracer: telemetry.tracer(scope),
        }
    }
}

//! The span that is current where the code stands.

use opentelemetry::{
    Context, Key, KeyValue,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId},
};

use super::{IntoValue, record_error};

/// Returns the current span.
///
/// Without one, everything that is set on it goes nowhere, at no cost.
pub fn current() -> CurrentSpan {
    CurrentSpan(Context::current())
}

/// The span that was current when this was made.
///
/// Holding it keeps the span's memory, not its duration: layers end their spans themselves.
#[derive(Clone, Debug)]
pub struct CurrentSpan(Context);

impl CurrentSpan {
    /// Sets an attribute. Does nothing, not even converting the value, if nobody records.
    pub fn set(&self, key: impl Into<Key>, value: impl IntoValue) -> &Self {
        if self.is_recording() {
            self.0
                .span()
                .set_attribute(KeyValue::new(key, value.into_value()));
        }
        self
    }

    /// Adds an event that happened now.
    pub fn event(
        &self,
        name: &'static str,
        attributes: impl IntoIterator<Item = KeyValue>,
    ) -> &Self {
        if self.is_recording() {
            self.0
                .span()
                .add_event(name, attributes.into_iter().collect());
        }
        self
    }

    /// Records an error that the code handles and does not return.
    ///
    /// The span gets the exception event, `error.type` and an error status.
    pub fn error<E: std::fmt::Display + ?Sized>(&self, error: &E) -> &Self {
        record_error(&self.0, error);
        self
    }

    /// Links another span, such as the one that enqueued the work.
    pub fn link(&self, to: SpanContext) -> &Self {
        self.0.span().add_link(to, Vec::new());
        self
    }

    /// Says whether anybody will see what is set on the span.
    pub fn is_recording(&self) -> bool {
        self.0.span().is_recording()
    }

    /// Says whether the trace is sampled, as other services are told.
    pub fn is_sampled(&self) -> bool {
        self.0.span().span_context().is_sampled()
    }

    /// Returns the trace id, if there is a trace.
    pub fn trace_id(&self) -> Option<TraceId> {
        let id = self.0.span().span_context().trace_id();
        (id != TraceId::INVALID).then_some(id)
    }

    /// Returns the span id, if there is a span.
    pub fn span_id(&self) -> Option<SpanId> {
        let id = self.0.span().span_context().span_id();
        (id != SpanId::INVALID).then_some(id)
    }

    /// Returns the trace flags.
    pub fn trace_flags(&self) -> TraceFlags {
        self.0.span().span_context().trace_flags()
    }

    /// Returns the whole context.
    pub fn context(&self) -> &Context {
        &self.0
    }
}

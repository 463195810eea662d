//! The span that is current where the code stands.

use std::{error::Error, fmt};

use opentelemetry::{
    Context, Key, KeyValue,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId},
};

use super::{IntoValue, record_error, record_error_with_causes};

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
    /// The span gets the exception event, `error.type` and an error status. They say what the
    /// error says of itself; [`error_with_causes`](Self::error_with_causes) adds why.
    pub fn error<E: fmt::Display + ?Sized>(&self, error: &E) -> &Self {
        record_error(&self.0, error);
        self
    }

    /// Records an error like [`error`](Self::error), with its causes in the message.
    ///
    /// For errors whose own text does not say why, as is the custom where `source` does:
    ///
    /// ```
    /// # fn load() -> Result<(), std::num::ParseIntError> { "x".parse::<u8>().map(drop) }
    /// if let Err(error) = load() {
    ///     throughline_core::current().error_with_causes(&error);
    /// }
    /// ```
    ///
    /// [`record_error_with_causes`] says what the message looks like. An `anyhow::Error` is
    /// given as `error.as_ref()`.
    pub fn error_with_causes<E: Error + ?Sized>(&self, error: &E) -> &Self {
        record_error_with_causes(&self.0, error);
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

//! The codec as OpenTelemetry's propagator interface.

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

use super::{
    carrier::{ExtractorFields, Field, InjectorFields},
    w3c,
};

/// W3C trace context and baggage as an OpenTelemetry [`TextMapPropagator`].
///
/// For code that is written against OpenTelemetry's global propagator. It differs from the propagators of the
/// OpenTelemetry SDK in that it reads several `tracestate` fields, keeps the level 2 *random* flag, keeps level 2
/// keys, never sends an empty `tracestate`, and encodes baggage without loss. The rules are those of the
/// [module](super).
///
/// An [`Injector`] cannot remove a field: a stale `tracestate` stays on such a carrier if the new span has none.
/// [`Propagation`](super::Propagation) removes it from a header map.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::{Context, propagation::TextMapPropagator, trace::TraceContextExt};
/// use throughline_core::propagation::W3cPropagator;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
/// let message = HashMap::from([("traceparent".to_owned(), text.to_owned())]);
///
/// let propagator = W3cPropagator::new();
/// let cx = propagator.extract_with_context(&Context::new(), &message);
/// assert!(cx.span().span_context().is_remote());
///
/// let mut reply = HashMap::new();
/// propagator.inject_context(&cx, &mut reply);
/// assert_eq!(reply["traceparent"], text);
/// assert_eq!(reply.len(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct W3cPropagator {
    baggage: bool,
}

impl W3cPropagator {
    /// Creates a propagator of trace context and baggage.
    pub const fn new() -> Self {
        Self { baggage: true }
    }

    /// Creates a propagator of trace context alone.
    pub const fn trace_context() -> Self {
        Self { baggage: false }
    }
}

impl Default for W3cPropagator {
    fn default() -> Self {
        Self::new()
    }
}

impl TextMapPropagator for W3cPropagator {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let mut carrier = InjectorFields(injector);
        w3c::inject_trace(cx, &mut carrier);
        if self.baggage {
            w3c::inject_baggage(cx, &mut carrier);
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let carrier = ExtractorFields(extractor);
        let cx = w3c::extract_trace(&carrier, cx).unwrap_or_else(|| cx.clone());
        if !self.baggage {
            return cx;
        }
        w3c::extract_baggage(&carrier, &cx).unwrap_or(cx)
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 3]> =
            LazyLock::new(|| Field::ALL.map(|field| field.name().to_owned()));
        // Baggage is the last of them.
        let count = if self.baggage { 3 } else { 2 };
        FieldIter::new(&FIELDS[..count])
    }
}

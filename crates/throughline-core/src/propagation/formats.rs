//! The choice of formats that a layer holds.

use std::sync::Arc;

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{SpanContext, TraceContextExt},
};

use super::{
    carrier::{
        ExtractorFields, Field, HeaderExtractor, HeaderInjector, InjectorFields, KeepBaggageOut,
        ReadFields, Scan, WithoutBaggage, WriteFields, is_baggage,
    },
    w3c,
};

/// Which formats a layer reads from incoming messages and writes on outgoing ones.
///
/// Cloning is cheap. The default is [`w3c`](Self::w3c). It depends on no global: a layer holds its own.
///
/// ```
/// use http::HeaderMap;
/// use opentelemetry::{Context, trace::TraceContextExt};
/// use throughline_core::propagation::Propagation;
///
/// let mut incoming = HeaderMap::new();
/// incoming.insert(
///     "traceparent",
///     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?,
/// );
///
/// let propagation = Propagation::w3c();
/// let cx = propagation.extract(&incoming, &Context::new());
/// assert!(cx.span().span_context().is_sampled());
///
/// let mut outgoing = HeaderMap::new();
/// propagation.inject(&cx, &mut outgoing);
/// assert_eq!(outgoing, incoming);
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Debug)]
pub struct Propagation {
    trace: TraceFormat,
    baggage: bool,
}

#[derive(Clone, Debug)]
enum TraceFormat {
    None,
    W3c,
    Custom(Arc<dyn TextMapPropagator + Send + Sync>),
}

impl Propagation {
    /// W3C trace context and W3C baggage.
    pub const fn w3c() -> Self {
        Self {
            trace: TraceFormat::W3c,
            baggage: true,
        }
    }

    /// W3C trace context without baggage.
    pub const fn trace_context() -> Self {
        Self::w3c().with_baggage(false)
    }

    /// Nothing is read and nothing is written.
    pub const fn none() -> Self {
        Self {
            trace: TraceFormat::None,
            baggage: false,
        }
    }

    /// Whatever the propagator reads and writes, such as B3 or a composite of several.
    ///
    /// A value that it sets to the empty string removes the header instead, because some propagators send an empty
    /// `tracestate` with every request.
    pub fn custom(propagator: Arc<dyn TextMapPropagator + Send + Sync>) -> Self {
        Self {
            trace: TraceFormat::Custom(propagator),
            baggage: true,
        }
    }

    /// Turns the `baggage` field on or off, in both directions.
    ///
    /// A [`custom`](Self::custom) propagator cannot see or write the field when it is off; when it is on, the
    /// propagator decides.
    pub const fn with_baggage(mut self, on: bool) -> Self {
        self.baggage = on;
        self
    }

    /// Returns the base context with what the headers say: the remote span, the baggage.
    ///
    /// Parts that the headers do not have, or have in an invalid form, stay as they are in the base; without any,
    /// this is `base.clone()` and takes nothing from the heap. A lone `traceparent` takes one heap block, which is
    /// the remote span of the context.
    pub fn extract(&self, headers: &HeaderMap, base: &Context) -> Context {
        match &self.trace {
            TraceFormat::None => self.extract_baggage(headers, None, base),
            TraceFormat::W3c => match Scan::of(headers) {
                Scan::Nothing => base.clone(),
                Scan::Traceparent(value) => w3c::extract_lone_parent(value, base),
                Scan::More => {
                    let traced = w3c::extract_trace(headers, base);
                    self.extract_baggage(headers, traced, base)
                }
            },
            TraceFormat::Custom(propagator) => {
                self.extract_custom(&**propagator, &HeaderExtractor(headers), base)
            }
        }
    }

    /// Returns the remote span context of the headers alone, if they have a valid one.
    ///
    /// It is what a link needs. To go on with the trace use [`extract`](Self::extract): `tracestate` members that
    /// [`TraceState`](opentelemetry::trace::TraceState) cannot hold are lost here.
    pub fn extract_span_context(&self, headers: &HeaderMap) -> Option<SpanContext> {
        match &self.trace {
            TraceFormat::None => None,
            TraceFormat::W3c => w3c::extract_span_context(headers),
            TraceFormat::Custom(propagator) => {
                let cx =
                    propagator.extract_with_context(&Context::new(), &HeaderExtractor(headers));
                let span_context = cx.span().span_context().clone();
                span_context.is_valid().then_some(span_context)
            }
        }
    }

    /// Writes the context's span and baggage into the headers of an outgoing message.
    ///
    /// A `traceparent` and `tracestate` that are there already are replaced, or removed if the span has no
    /// `tracestate`. If the context has no valid span, they stay. `baggage` is replaced if the context has any, and
    /// stays if it has none. Headers are left as they are when the map is full.
    pub fn inject(&self, cx: &Context, headers: &mut HeaderMap) {
        match &self.trace {
            TraceFormat::None => {}
            TraceFormat::W3c => w3c::inject_trace(cx, headers),
            TraceFormat::Custom(propagator) => {
                if cx.span().span_context().is_valid() {
                    for field in propagator.fields().filter(|field| !is_baggage(field)) {
                        headers.remove(field);
                    }
                }
                self.inject_custom(&**propagator, cx, &mut HeaderInjector(headers));
                return;
            }
        }
        if self.baggage {
            w3c::inject_baggage(cx, headers);
        }
    }

    /// Removes from the headers what [`inject`](Self::inject) may have written there.
    ///
    /// For a request that goes to another host than the one it was made for.
    pub fn remove(&self, headers: &mut HeaderMap) {
        match &self.trace {
            TraceFormat::None => {}
            TraceFormat::W3c => {
                WriteFields::remove(headers, Field::Traceparent);
                WriteFields::remove(headers, Field::Tracestate);
            }
            TraceFormat::Custom(propagator) => {
                for field in propagator.fields().filter(|field| !is_baggage(field)) {
                    headers.remove(field);
                }
            }
        }
        if self.baggage {
            WriteFields::remove(headers, Field::Baggage);
        }
    }

    /// Does what [`extract`](Self::extract) does for a carrier that is no header map, such as a message's properties.
    ///
    /// Names are looked up in lower case.
    pub fn extract_from(&self, carrier: &dyn Extractor, base: &Context) -> Context {
        let fields = ExtractorFields(carrier);
        match &self.trace {
            TraceFormat::None => self.extract_baggage(&fields, None, base),
            TraceFormat::W3c => {
                let traced = w3c::extract_trace(&fields, base);
                self.extract_baggage(&fields, traced, base)
            }
            TraceFormat::Custom(propagator) => self.extract_custom(&**propagator, carrier, base),
        }
    }

    /// Does what [`inject`](Self::inject) does for a carrier that is no header map, such as a message's properties.
    ///
    /// An [`Injector`] cannot remove a field: a `tracestate` that is there already stays if the span has none.
    pub fn inject_into(&self, cx: &Context, carrier: &mut dyn Injector) {
        match &self.trace {
            TraceFormat::None => {}
            TraceFormat::W3c => w3c::inject_trace(cx, &mut InjectorFields(carrier)),
            TraceFormat::Custom(propagator) => {
                self.inject_custom(&**propagator, cx, carrier);
                return;
            }
        }
        if self.baggage {
            w3c::inject_baggage(cx, &mut InjectorFields(carrier));
        }
    }

    fn extract_baggage(
        &self,
        fields: &impl ReadFields,
        traced: Option<Context>,
        base: &Context,
    ) -> Context {
        let with_baggage = if self.baggage {
            w3c::extract_baggage(fields, traced.as_ref().unwrap_or(base))
        } else {
            None
        };
        with_baggage.or(traced).unwrap_or_else(|| base.clone())
    }

    fn extract_custom(
        &self,
        propagator: &dyn TextMapPropagator,
        carrier: &dyn Extractor,
        base: &Context,
    ) -> Context {
        if self.baggage {
            propagator.extract_with_context(base, carrier)
        } else {
            propagator.extract_with_context(base, &WithoutBaggage(carrier))
        }
    }

    fn inject_custom(
        &self,
        propagator: &dyn TextMapPropagator,
        cx: &Context,
        carrier: &mut dyn Injector,
    ) {
        if self.baggage {
            propagator.inject_context(cx, carrier);
        } else {
            propagator.inject_context(cx, &mut KeepBaggageOut(carrier));
        }
    }
}

impl Default for Propagation {
    fn default() -> Self {
        Self::w3c()
    }
}

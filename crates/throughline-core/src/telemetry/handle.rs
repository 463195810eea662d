//! The handle that says where spans and metrics go.

use std::{
    any::{Any, TypeId},
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use opentelemetry::{
    Context, InstrumentationScope,
    metrics::{Meter, MeterProvider},
    trace::{Tracer as OtelTracer, TracerProvider},
};

use super::{
    HeadSampler, global,
    tracer::{Tracer, Typed},
};
use crate::{propagation::Propagation, semconv::Conventions};

/// Where spans and metrics go, and by which rules they are made.
///
/// Cheap to clone. Give one to a layer or client for a provider of its own; without one, it
/// uses the [current](Telemetry::current) one.
///
/// # Defaults
///
/// | part | default |
/// | --- | --- |
/// | meter provider | none: nothing is measured |
/// | propagation | [`Propagation::w3c`] |
/// | conventions | [`Conventions::default`] |
/// | head sampler | none: the provider's sampler is asked |
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    tracers: Arc<dyn MakeTracer>,
    meters: Arc<dyn MeterProvider + Send + Sync>,
    propagation: Propagation,
    conventions: Arc<Conventions>,
    head: Option<Arc<dyn HeadSampler>>,
    instruments: RwLock<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

/// The tracer and the metric instruments of one instrumentation.
///
/// Made once for each [`Telemetry`] in which the instrumentation runs.
pub trait Instruments: Send + Sync + 'static {
    /// Makes the instruments.
    fn new(telemetry: &Telemetry) -> Self;
}

impl Telemetry {
    /// Sends spans to `tracers`.
    ///
    /// Prefer the provider's own type to `opentelemetry::global`: a span of a known type is
    /// boxed once instead of twice.
    pub fn new<P>(tracers: P) -> Self
    where
        P: TracerProvider + Send + Sync + 'static,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as OtelTracer>::Span: Send + Sync + 'static,
    {
        Self::from_parts(Arc::new(tracers), Arc::new(NoMeters))
    }

    pub(super) fn from_parts(
        tracers: Arc<dyn MakeTracer>,
        meters: Arc<dyn MeterProvider + Send + Sync>,
    ) -> Self {
        Self(Arc::new(Inner {
            tracers,
            meters,
            propagation: Propagation::default(),
            conventions: Arc::default(),
            head: None,
            instruments: RwLock::default(),
        }))
    }

    /// Sends metrics to `meters`.
    #[must_use]
    pub fn with_meter_provider(self, meters: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.meters = Arc::new(meters))
    }

    /// Reads and writes context in these formats.
    #[must_use]
    pub fn with_propagation(self, propagation: Propagation) -> Self {
        self.change(|inner| inner.propagation = propagation)
    }

    /// Names and describes spans by these conventions.
    #[must_use]
    pub fn with_conventions(self, conventions: Conventions) -> Self {
        self.change(|inner| inner.conventions = Arc::new(conventions))
    }

    /// Asks `head` for the decision before a span's attributes are built.
    #[must_use]
    pub fn with_head_sampler(self, head: Arc<dyn HeadSampler>) -> Self {
        self.change(|inner| inner.head = Some(head))
    }

    /// Returns the telemetry of the current context, else the process's.
    pub fn current() -> Self {
        Self::of_current_context().unwrap_or_else(Self::global)
    }

    /// Returns the process's telemetry: the installed one, else what `opentelemetry::global`
    /// has.
    pub fn global() -> Self {
        global::get()
    }

    /// Makes this the process's telemetry, in place of an earlier one.
    ///
    /// Layers and clients that were made before see it from their next operation on.
    pub fn install_global(self) {
        global::install(self);
    }

    /// Returns `base` with this telemetry in it.
    ///
    /// Whatever is polled under that context sends here, unless it was given a telemetry of
    /// its own. This is how a test has a collector of its own without a global.
    pub fn context(&self, base: &Context) -> Context {
        base.with_value(self.clone())
    }

    pub(super) fn of_current_context() -> Option<Self> {
        Context::map_current(|context| context.get::<Self>().cloned())
    }

    /// Returns the propagation formats.
    pub fn propagation(&self) -> &Propagation {
        &self.0.propagation
    }

    /// Returns the conventions.
    pub fn conventions(&self) -> &Arc<Conventions> {
        &self.0.conventions
    }

    /// Makes a tracer of `scope`.
    pub fn tracer(&self, scope: InstrumentationScope) -> Tracer {
        self.0.tracers.make(scope, self.0.head.clone())
    }

    /// Makes a meter of `scope`.
    pub fn meter(&self, scope: InstrumentationScope) -> Meter {
        self.0.meters.meter_with_scope(scope)
    }

    /// Returns the instruments `T`, made at the first call.
    pub fn instruments<T: Instruments>(&self) -> Arc<T> {
        let id = TypeId::of::<T>();
        let find = |all: &[(TypeId, Arc<dyn Any + Send + Sync>)]| {
            let (_, found) = all.iter().find(|(each, _)| *each == id)?;
            Arc::clone(found).downcast::<T>().ok()
        };
        let all = &self.0.instruments;
        if let Some(found) = find(&all.read().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        // Made outside the lock: it calls into the providers.
        let made = Arc::new(T::new(self));
        let mut all = all.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = find(&all) {
            return found;
        }
        all.push((id, Arc::clone(&made) as _));
        made
    }

    fn change(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            tracers: Arc::clone(&self.0.tracers),
            meters: Arc::clone(&self.0.meters),
            propagation: self.0.propagation.clone(),
            conventions: Arc::clone(&self.0.conventions),
            head: self.0.head.clone(),
            // What was made for the old parts must not serve the new ones.
            instruments: RwLock::default(),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("propagation", &self.0.propagation)
            .field("conventions", &self.0.conventions)
            .field("head", &self.0.head)
            .finish_non_exhaustive()
    }
}

/// What hides the type of the tracer provider.
pub(super) trait MakeTracer: Send + Sync {
    fn make(&self, scope: InstrumentationScope, head: Option<Arc<dyn HeadSampler>>) -> Tracer;
}

impl<P> MakeTracer for P
where
    P: TracerProvider + Send + Sync,
    P::Tracer: Send + Sync + 'static,
    <P::Tracer as OtelTracer>::Span: Send + Sync + 'static,
{
    fn make(&self, scope: InstrumentationScope, head: Option<Arc<dyn HeadSampler>>) -> Tracer {
        Tracer::new(Typed {
            tracer: self.tracer_with_scope(scope),
            head,
        })
    }
}

/// Measures nothing.
struct NoMeters;

impl MeterProvider for NoMeters {
    fn meter_with_scope(&self, _scope: InstrumentationScope) -> Meter {
        Meter::new(Arc::new(NoInstruments))
    }
}

struct NoInstruments;

/// Each method of the trait has a default that does nothing.
impl opentelemetry::metrics::InstrumentProvider for NoInstruments {}

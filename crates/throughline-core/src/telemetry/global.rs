//! The process's telemetry.

use std::{
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    global::BoxedTracer,
    metrics::{Meter, MeterProvider},
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId,
        TraceState, Tracer as _,
    },
};

use super::{
    HeadSampler, Telemetry,
    handle::MakeTracer,
    tracer::{StartSpan, Started, Tracer, start_with},
};

/// How often a process without a provider looks for one.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

static INSTALLED: ArcSwapOption<Telemetry> = ArcSwapOption::const_empty();

/// What `opentelemetry::global` offers, wrapped anew when a provider appears there.
static FALLBACK: LazyLock<ArcSwap<Telemetry>> = LazyLock::new(|| ArcSwap::from_pointee(fallback()));

/// Counts the changes of the process's telemetry.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Set once `opentelemetry::global` has been seen to have a tracer provider.
static PROVIDER_SEEN: AtomicBool = AtomicBool::new(false);

/// The zero of [`OtelGlobal::looked_at`].
static PROCESS_START: LazyLock<Instant> = LazyLock::new(Instant::now);

pub(super) fn get() -> Telemetry {
    match &*INSTALLED.load() {
        Some(installed) => Telemetry::clone(installed),
        None => Telemetry::clone(&FALLBACK.load()),
    }
}

pub(super) fn install(telemetry: Telemetry) {
    INSTALLED.store(Some(Arc::new(telemetry)));
    GENERATION.fetch_add(1, Ordering::Release);
}

/// Returns a number that changes whenever [`get`] would answer differently.
pub(super) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

fn fallback() -> Telemetry {
    Telemetry::from_parts(Arc::new(OtelGlobals), Arc::new(OtelGlobals))
}

struct OtelGlobals;

impl MakeTracer for OtelGlobals {
    fn make(&self, scope: InstrumentationScope, head: Option<Arc<dyn HeadSampler>>) -> Tracer {
        Tracer::new(OtelGlobal {
            scope,
            head,
            tracer: OnceLock::new(),
            looked_at: AtomicU64::new(0),
        })
    }
}

impl MeterProvider for OtelGlobals {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
        opentelemetry::global::meter_with_scope(scope)
    }
}

/// A tracer of the global provider, looked up late.
///
/// A tracer that was taken from `opentelemetry::global` before the application set its
/// provider does nothing for ever. So this one keeps looking until there is a real one.
struct OtelGlobal {
    scope: InstrumentationScope,
    head: Option<Arc<dyn HeadSampler>>,
    tracer: OnceLock<BoxedTracer>,
    /// Milliseconds since [`PROCESS_START`], plus one; zero is never.
    looked_at: AtomicU64,
}

impl StartSpan for OtelGlobal {
    fn start(
        &self,
        parent: &Context,
        builder: SpanBuilder,
        describe: &mut dyn FnMut() -> Vec<KeyValue>,
    ) -> Started {
        match self.find() {
            Some(tracer) => start_with(tracer, self.head.as_deref(), parent, builder, describe),
            None => Started::not_provided(parent.clone()),
        }
    }

    fn is_provided(&self) -> bool {
        self.find().is_some()
    }
}

/// Says whether `tracer` belongs to an SDK.
///
/// The API's own tracer hands a parent's ids back, whatever they are; an SDK refuses to
/// record below a suppressed context, and gives such a span no ids at all.
fn is_real(tracer: &BoxedTracer) -> bool {
    let parent = SpanContext::new(
        TraceId::from(1),
        SpanId::from(1),
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::NONE,
    );
    let suppressed = Context::new()
        .with_remote_span_context(parent.clone())
        .with_telemetry_suppressed();
    let span = tracer.build_with_context(SpanBuilder::from_name("probe"), &suppressed);
    *span.span_context() != parent
}

impl OtelGlobal {
    /// Returns the provider's tracer, if there is one by now.
    fn find(&self) -> Option<&BoxedTracer> {
        if let Some(tracer) = self.tracer.get() {
            return Some(tracer);
        }
        if !self.is_time_to_look() {
            return None;
        }
        let tracer = opentelemetry::global::tracer_with_scope(self.scope.clone());
        if !is_real(&tracer) {
            return None;
        }
        if self.tracer.set(tracer).is_ok() && !PROVIDER_SEEN.swap(true, Ordering::AcqRel) {
            // Meters that were made before the provider came measure nothing: make them anew.
            FALLBACK.store(Arc::new(fallback()));
            GENERATION.fetch_add(1, Ordering::Release);
        }
        self.tracer.get()
    }

    fn is_time_to_look(&self) -> bool {
        let now = u64::try_from(PROCESS_START.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1;
        let last = self.looked_at.load(Ordering::Relaxed);
        (last == 0 || Duration::from_millis(now.saturating_sub(last)) >= LOOK_AGAIN)
            && self
                .looked_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

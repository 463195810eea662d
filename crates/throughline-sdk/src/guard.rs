//! The end of telemetry: flush, shutdown, and what is installed until then.

use std::{
    fmt,
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    thread,
    time::{Duration, Instant},
};

use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};
use throughline_core::telemetry::Telemetry;
use tokio::sync::oneshot;

use crate::{
    error::InitError,
    export::{Destination, ExportThread, LONGEST},
    health::Health,
    report::Report,
    sampler::Sampling,
};

/// How long a flush and a shutdown take at most, unless told otherwise.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

static INSTALLED: Mutex<Slot> = Mutex::new(Slot {
    place: None,
    pipeline: None,
});

/// Keeps telemetry alive, and ends it.
///
/// Keep it until the end of `main`, after the server has stopped, then call
/// [`shutdown`](Guard::shutdown). Dropping it does the same, blocking for up to 5 seconds and
/// without a report.
///
/// | end | waits | tells |
/// | --- | --- | --- |
/// | `shutdown().await` | up to 5 s, without blocking the runtime | [`Report`] |
/// | `shutdown_blocking(timeout)` | up to `timeout`, blocking the thread | [`Report`] |
/// | drop | up to 5 s, blocking the thread | nothing |
/// | process exit without either, SIGKILL | not at all | spans of the last seconds are lost |
///
/// Where connections are refused, nobody waits: a shutdown then gives up after a second.
#[must_use = "dropping the guard at once ends telemetry: keep it until the end of `main`, then call `shutdown().await`"]
pub struct Guard {
    pipeline: Arc<Pipeline>,
    is_finished: bool,
}

impl Guard {
    pub(crate) fn new(pipeline: Arc<Pipeline>) -> Self {
        Self {
            pipeline,
            is_finished: false,
        }
    }

    /// Returns where instrumentation sends: for layers and clients of a pipeline that was
    /// [built](crate::Builder::build) without globals.
    pub fn telemetry(&self) -> &Telemetry {
        &self.pipeline.telemetry
    }

    /// Returns the SDK's tracer provider, for what needs a tracer of its own, such as
    /// tracing-opentelemetry. `None` if `OTEL_SDK_DISABLED` is set.
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.pipeline.tracer_provider.as_ref()
    }

    /// Returns the SDK's meter provider. `None` if no metrics are exported.
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.pipeline.meter_provider.as_ref()
    }

    /// Returns how this pipeline is doing.
    pub fn health(&self) -> Health {
        Health::of(&self.pipeline)
    }

    /// Returns what became of the spans so far.
    pub fn report(&self) -> Report {
        self.pipeline.report()
    }

    /// Delivers what has ended so far, spans and metrics, in up to 5 seconds.
    ///
    /// The report's `pending` counts what could not be delivered in time or ended meanwhile;
    /// it stays in the queue. Dropping the future does not stop the flush.
    pub async fn force_flush(&self) -> Report {
        let pipeline = Arc::clone(&self.pipeline);
        off_thread(move || pipeline.flush_blocking(DEFAULT_TIMEOUT)).await
    }

    /// Like [`force_flush`](Guard::force_flush), blocking this thread for up to `timeout`.
    pub fn force_flush_blocking(&self, timeout: Duration) -> Report {
        self.pipeline.flush_blocking(timeout)
    }

    /// Delivers what has ended, in up to 5 seconds, and ends telemetry.
    ///
    /// Spans that have not ended yet are lost without being counted, spans that end from now
    /// on are counted as lost. Works in every runtime, also a current-thread one. Dropping
    /// the future does not stop the shutdown.
    pub async fn shutdown(mut self) -> Report {
        self.is_finished = true;
        let pipeline = Arc::clone(&self.pipeline);
        off_thread(move || pipeline.shutdown_blocking(DEFAULT_TIMEOUT)).await
    }

    /// Like [`shutdown`](Guard::shutdown), blocking this thread for up to `timeout`.
    pub fn shutdown_blocking(mut self, timeout: Duration) -> Report {
        self.is_finished = true;
        self.pipeline.shutdown_blocking(timeout)
    }
}

/// Blocks for up to 5 seconds.
impl Drop for Guard {
    fn drop(&mut self) {
        if !self.is_finished {
            self.pipeline.shutdown_blocking(DEFAULT_TIMEOUT);
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("pipeline", &self.pipeline.summary)
            .finish_non_exhaustive()
    }
}

/// Everything that runs, and what health tells about it.
pub(crate) struct Pipeline {
    pub(crate) telemetry: Telemetry,
    pub(crate) tracer_provider: Option<SdkTracerProvider>,
    pub(crate) meter_provider: Option<SdkMeterProvider>,
    pub(crate) thread: Option<Arc<ExportThread>>,
    pub(crate) summary: Summary,
    pub(crate) is_shut_down: AtomicBool,
}

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) service: String,
    pub(crate) sampling: Sampling,
    pub(crate) exporters: Vec<&'static str>,
    pub(crate) traces: Option<Destination>,
    pub(crate) metrics: Option<Destination>,
    pub(crate) warnings: Vec<String>,
}

impl Pipeline {
    pub(crate) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::Acquire)
    }

    fn report(&self) -> Report {
        self.thread
            .as_ref()
            .map(|thread| thread.report())
            .unwrap_or_default()
    }

    fn flush_blocking(&self, timeout: Duration) -> Report {
        let deadline = Instant::now() + timeout.min(LONGEST);
        let wait_for_metrics = self.with_meters(|meters| drop(meters.force_flush()));
        if let Some(thread) = &self.thread {
            thread.flush_blocking(timeout);
        }
        wait_for_metrics(deadline);
        self.report()
    }

    fn shutdown_blocking(&self, timeout: Duration) -> Report {
        let deadline = Instant::now() + timeout.min(LONGEST);
        if self.is_shut_down.swap(true, Ordering::AcqRel) {
            return self.report();
        }
        if let Some(thread) = &self.thread {
            thread.hurry();
        }
        // At the same time as the spans: each may need all the time there is.
        let wait_for_metrics = self.with_meters(|meters| drop(meters.shutdown()));
        if let Some(thread) = &self.thread {
            thread.shutdown_blocking(timeout);
        }
        wait_for_metrics(deadline);
        // Last, because the provider ends open spans into nothing as soon as it is told.
        if let Some(provider) = &self.tracer_provider {
            drop(provider.shutdown_with_timeout(Duration::ZERO));
        }
        if let Some(thread) = &self.thread {
            thread.stop();
        }
        self.report()
    }

    /// Runs a blocking call on the meter provider beside this thread. Returns how to wait
    /// for its end.
    fn with_meters(&self, call: fn(SdkMeterProvider)) -> impl FnOnce(Instant) + use<> {
        let (sender, receiver) = sync_channel::<()>(1);
        if let Some(meters) = self.meter_provider.clone() {
            let spawned = thread::Builder::new()
                .name("throughline-metrics".to_owned())
                .spawn(move || {
                    call(meters);
                    drop(sender);
                });
            // Without a thread the last metrics are lost, nothing else.
            drop(spawned);
        }
        move |deadline: Instant| {
            // Ends with the disconnection when the call is over, or was never made.
            let _ = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        }
    }
}

/// What is installed for the process.
struct Slot {
    /// Where the one that is installed, or about to be, was asked for.
    place: Option<&'static Location<'static>>,
    pipeline: Option<Arc<Pipeline>>,
}

/// Reserves the process's one place for telemetry. It is free again when the guard of the one
/// before has shut down.
pub(crate) fn reserve(place: &'static Location<'static>) -> Result<Reservation, InitError> {
    let mut slot = lock();
    let is_over = slot
        .pipeline
        .as_ref()
        .is_some_and(|pipeline| pipeline.is_shut_down());
    match slot.place {
        Some(first) if !is_over => Err(InitError::already_installed(first)),
        _ => {
            *slot = Slot {
                place: Some(place),
                pipeline: None,
            };
            Ok(Reservation { is_filled: false })
        }
    }
}

/// The right to install, given back if nothing comes of it.
pub(crate) struct Reservation {
    is_filled: bool,
}

impl Reservation {
    pub(crate) fn fill(mut self, pipeline: Arc<Pipeline>) {
        self.is_filled = true;
        lock().pipeline = Some(pipeline);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_filled {
            *lock() = Slot {
                place: None,
                pipeline: None,
            };
        }
    }
}

/// Returns what is installed for the process.
pub(crate) fn installed() -> Option<Arc<Pipeline>> {
    lock().pipeline.clone()
}

fn lock() -> MutexGuard<'static, Slot> {
    INSTALLED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a blocking call on a thread of its own. Can be awaited in any runtime.
async fn off_thread<T: Send + 'static>(call: impl Fn() -> T + Send + Sync + 'static) -> T {
    let call = Arc::new(call);
    let (sender, receiver) = oneshot::channel();
    let on_thread = Arc::clone(&call);
    let spawned = thread::Builder::new()
        .name("throughline-shutdown".to_owned())
        .spawn(move || {
            let _ = sender.send(on_thread());
        });
    match (spawned, receiver.await) {
        (Ok(_), Ok(result)) => result,
        // No thread to be had: blocking is better than losing everything.
        _ => call(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_installation_is_refused_and_names_the_place_of_the_first() {
        let first = Location::caller();
        let reservation = reserve(first).unwrap();
        let error = reserve(Location::caller()).err().unwrap();
        assert!(error.is_already_installed());
        let place = format!("already installed at {}:{}:", file!(), first.line());
        assert!(error.to_string().contains(&place), "{error}");

        drop(reservation);
        assert!(
            reserve(Location::caller()).is_ok(),
            "free again when nothing came of it"
        );
    }

    #[test]
    fn a_process_without_telemetry_is_disabled() {
        let health = Health::of_process();
        assert!(!health.tracing.enabled);
        assert_eq!(health.tracing.status, crate::health::Status::Disabled);
    }
}

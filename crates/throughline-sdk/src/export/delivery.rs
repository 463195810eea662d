//! Sending a request until it is taken, refused or too old.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::{metrics::data::ResourceMetrics, trace::SpanData};
use tokio::{runtime, sync::watch, time};

use super::{
    Destination, Signal, SignalStats, Stats,
    client::{Accepted, Cause, Client, Failure},
    retry,
};
use crate::report::LossReason;

/// While shutting down, waits are at most this long, unless the server asks for more.
const STOPPING_WAIT: Duration = Duration::from_millis(500);

/// While shutting down, this many refused connections mean that nobody is there. A laptop
/// without a collector should not wait for the whole deadline at every exit.
const STOPPING_REFUSALS: u32 = 2;

/// Delivers the requests of one signal.
#[derive(Debug)]
pub(super) struct Delivery {
    destination: Destination,
    client: Client,
    stats: Arc<Stats>,
    /// For all attempts of a request together.
    export_timeout: Duration,
    /// Becomes true at the shutdown.
    stopping: watch::Receiver<bool>,
    /// How often a connection was refused since then, to any batch.
    refusals_while_stopping: AtomicU32,
}

impl Delivery {
    /// Must be called inside the export thread's runtime.
    pub(super) fn new(
        destination: Destination,
        stats: Arc<Stats>,
        export_timeout: Duration,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, String> {
        let client = Client::new(&destination)?;
        Ok(Self {
            destination,
            client,
            stats,
            export_timeout,
            stopping,
            refusals_while_stopping: AtomicU32::new(0),
        })
    }

    /// Delivers spans and counts what became of them, also when the future is dropped.
    pub(super) async fn spans(
        &self,
        spans: Vec<SpanData>,
        resource: &ResourceAttributesWithSchema,
    ) {
        let account = Account {
            stats: &self.stats,
            spans: spans.len() as u64,
        };
        let body = match self.destination.encoding().spans(spans, resource) {
            Ok(body) => body,
            Err(error) => {
                self.signal_stats()
                    .failed(format!("spans cannot be encoded: {error}"));
                return account.lost(LossReason::Internal);
            }
        };
        match self.deliver(body).await {
            Ok(accepted) => account.delivered(accepted.rejected),
            Err(reason) => account.lost(reason),
        }
    }

    async fn deliver(&self, body: Bytes) -> Result<Accepted, LossReason> {
        let start = Instant::now();
        let mut stopping = self.stopping.clone();
        let mut failures = 0;
        loop {
            let left = self.export_timeout.saturating_sub(start.elapsed());
            let attempt = self.client.send(body.clone());
            let outcome = time::timeout(left.min(self.destination.timeout), attempt).await;
            let failure = match outcome {
                Ok(Ok(accepted)) => {
                    self.note_success(&accepted);
                    return Ok(accepted);
                }
                Ok(Err(failure)) => failure,
                Err(_elapsed) => Failure::timeout(),
            };
            self.note_failure(&failure);
            if !failure.is_retryable() {
                return Err(failure.reason());
            }

            failures += 1;
            let is_stopping = *stopping.borrow_and_update();
            let mut wait = retry::delay(failures, failure.retry_after, retry::random());
            if is_stopping && failure.retry_after.is_none() {
                wait = wait.min(STOPPING_WAIT);
            }
            let is_hopeless = is_stopping
                && failure.cause == Cause::Refused
                && self.refusals_while_stopping.fetch_add(1, Ordering::Relaxed) + 1
                    >= STOPPING_REFUSALS;
            if is_hopeless || start.elapsed() + wait >= self.export_timeout {
                return Err(failure.reason());
            }
            tokio::select! {
                () = time::sleep(wait) => {}
                // The last chance should not be slept away.
                _ = stopping.changed(), if !is_stopping => {}
            }
        }
    }

    fn signal_stats(&self) -> &SignalStats {
        match self.destination.signal {
            Signal::Traces => &self.stats.traces,
            Signal::Metrics => &self.stats.metrics,
        }
    }

    fn note_success(&self, accepted: &Accepted) {
        self.signal_stats().succeeded();
        if let Some(remark) = &accepted.remark {
            let endpoint = &self.destination.endpoint;
            let rejected = accepted.rejected;
            self.signal_stats()
                .remarked(format!("{endpoint} refused {rejected} items: {remark}"));
        }
    }

    fn note_failure(&self, failure: &Failure) {
        let explanation = failure.explain(&self.destination);
        if self.signal_stats().failed(explanation.clone()) {
            crate::log::warn(&format!("telemetry is not delivered: {explanation}"));
        }
    }
}

/// Delivers metrics from any thread, on the export thread.
#[derive(Clone, Debug)]
pub(crate) struct MetricSender {
    runtime: runtime::Handle,
    delivery: Arc<Delivery>,
}

impl MetricSender {
    pub(super) fn new(runtime: runtime::Handle, delivery: Arc<Delivery>) -> Self {
        Self { runtime, delivery }
    }

    /// Delivers `metrics`; can be awaited in any runtime or none. Failures are in the stats.
    pub(crate) async fn send(&self, metrics: &ResourceMetrics) {
        let body = match self.delivery.destination.encoding().metrics(metrics) {
            Ok(body) => body,
            Err(error) => {
                self.delivery
                    .stats
                    .metrics
                    .failed(format!("metrics cannot be encoded: {error}"));
                return;
            }
        };
        let delivery = Arc::clone(&self.delivery);
        // The task ends early only with the runtime, at the end of the shutdown.
        let _ = self
            .runtime
            .spawn(async move { delivery.deliver(body).await })
            .await;
    }
}

/// Spans that must be counted. What is not settled was lost with the shutdown.
struct Account<'a> {
    stats: &'a Stats,
    spans: u64,
}

impl Account<'_> {
    fn delivered(mut self, rejected: u64) {
        let rejected = rejected.min(self.spans);
        self.stats.add_delivered(self.spans - rejected);
        self.stats.add_lost(LossReason::Rejected, rejected);
        self.spans = 0;
    }

    fn lost(mut self, reason: LossReason) {
        self.stats.add_lost(reason, self.spans);
        self.spans = 0;
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        let reason = if std::thread::panicking() {
            LossReason::Internal
        } else {
            LossReason::Shutdown
        };
        self.stats.add_lost(reason, self.spans);
    }
}

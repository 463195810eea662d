//! What was delivered and lost, and how it goes.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::report::LossReason;

/// After this long, a collector that fails again is worth another line in the log.
const WARN_AGAIN: Duration = Duration::from_mins(10);

/// The counters of spans. Each accepted span is counted exactly once, as delivered or lost.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    delivered: AtomicU64,
    lost: Mutex<Losses>,
    pub(crate) traces: SignalStats,
    pub(crate) metrics: SignalStats,
}

#[derive(Debug, Default)]
struct Losses {
    by_reason: BTreeMap<LossReason, u64>,
    last: Option<Instant>,
}

impl Stats {
    pub(crate) fn add_delivered(&self, spans: u64) {
        self.delivered.fetch_add(spans, Ordering::Relaxed);
    }

    pub(crate) fn add_lost(&self, reason: LossReason, spans: u64) {
        if spans > 0 {
            let mut lost = lock(&self.lost);
            *lost.by_reason.entry(reason).or_default() += spans;
            lost.last = Some(Instant::now());
        }
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    pub(crate) fn lost(&self) -> BTreeMap<LossReason, u64> {
        lock(&self.lost).by_reason.clone()
    }

    pub(crate) fn last_loss(&self) -> Option<Instant> {
        lock(&self.lost).last
    }
}

/// How the exports of one signal go.
#[derive(Debug, Default)]
pub(crate) struct SignalStats {
    exports: AtomicU64,
    failures: AtomicU64,
    state: Mutex<SignalState>,
}

#[derive(Debug, Default)]
struct SignalState {
    last_success: Option<Instant>,
    last_error: Option<String>,
    /// Whether the last attempt failed.
    failing: bool,
    warned: Option<Instant>,
}

impl SignalStats {
    pub(crate) fn succeeded(&self) {
        self.exports.fetch_add(1, Ordering::Relaxed);
        let mut state = lock(&self.state);
        state.failing = false;
        state.last_success = Some(Instant::now());
    }

    /// Notes a failed attempt. Returns whether it is worth a line in the log: the first of a
    /// row, and not more than one in ten minutes.
    pub(crate) fn failed(&self, error: String) -> bool {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut state = lock(&self.state);
        let is_news = !state.failing && state.warned.is_none_or(|at| at.elapsed() >= WARN_AGAIN);
        state.failing = true;
        state.last_error = Some(error);
        if is_news {
            state.warned = Some(Instant::now());
        }
        is_news
    }

    /// Notes what the collector said about an export that it took.
    pub(crate) fn remarked(&self, remark: String) {
        lock(&self.state).last_error = Some(remark);
    }

    pub(crate) fn is_failing(&self) -> bool {
        lock(&self.state).failing
    }

    pub(crate) fn exports(&self) -> u64 {
        self.exports.load(Ordering::Relaxed)
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        lock(&self.state).last_error.clone()
    }

    pub(crate) fn last_success_age(&self) -> Option<Duration> {
        lock(&self.state).last_success.map(|at| at.elapsed())
    }
}

/// The data stays usable after a panic: every change is one statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

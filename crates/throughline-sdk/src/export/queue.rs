//! The bounded queue between the requests' threads and the export thread.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use opentelemetry_sdk::trace::SpanData;
use tokio::sync::Notify;

/// Spans in one block of memory: the queue grows by blocks, so that it neither holds memory
/// for spans that are not there nor moves those that are.
const CHUNK: usize = 64;

/// Empty blocks that are kept for use again.
const SPARE_CHUNKS: usize = 4;

/// A bounded queue of ended spans. It never blocks for longer than a push takes, and what it
/// cannot take it counts.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Notify,
    capacity: usize,
    batch_size: usize,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Vec<SpanData>>,
    spare: Vec<Vec<SpanData>>,
    len: usize,
    accepted: u64,
    full: u64,
    late: u64,
    closed: bool,
    last_drop: Option<Instant>,
}

/// Spans that were taken from the queue, oldest first.
#[derive(Debug)]
pub(super) struct Batch {
    /// How many spans the queue accepted before the first one of these.
    pub(super) first: u64,
    pub(super) spans: Vec<SpanData>,
}

/// A consistent view of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueState {
    pub(crate) len: usize,
    /// Spans that got in.
    pub(crate) accepted: u64,
    /// Spans that found it full.
    pub(crate) full: u64,
    /// Spans that came after it was closed.
    pub(crate) late: u64,
    /// When it last dropped a span.
    pub(crate) last_drop: Option<Instant>,
}

impl Queue {
    pub(crate) fn new(capacity: usize, batch_size: usize) -> Self {
        let batch_size = batch_size.clamp(1, capacity);
        Self {
            state: Mutex::default(),
            ready: Notify::new(),
            capacity,
            batch_size,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn state(&self) -> QueueState {
        let State {
            len,
            accepted,
            full,
            late,
            last_drop,
            ..
        } = *self.lock();
        QueueState {
            len,
            accepted,
            full,
            late,
            last_drop,
        }
    }

    /// Takes `span`, or counts and drops it.
    pub(super) fn push(&self, span: SpanData) {
        let mut state = self.lock();
        if state.closed || state.len >= self.capacity {
            if state.closed {
                state.late += 1;
            } else {
                state.full += 1;
            }
            state.last_drop = Some(Instant::now());
            // The span is freed after the lock.
            drop(state);
            drop(span);
            return;
        }
        match state.chunks.back_mut() {
            Some(chunk) if chunk.len() < chunk.capacity() => chunk.push(span),
            _ => {
                let mut chunk = state
                    .spare
                    .pop()
                    .unwrap_or_else(|| Vec::with_capacity(CHUNK));
                chunk.push(span);
                state.chunks.push_back(chunk);
            }
        }
        state.len += 1;
        state.accepted += 1;
        let has_full_batch = state.len.is_multiple_of(self.batch_size);
        drop(state);
        if has_full_batch {
            self.ready.notify_one();
        }
    }

    /// Completes when there may be a full batch. It can complete without one.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Takes the oldest spans: a full batch, or what is there of those accepted as one of
    /// the first `drain_to`.
    pub(super) fn take(&self, drain_to: u64) -> Option<Batch> {
        let mut state = self.lock();
        let first = state.accepted - state.len as u64;
        if state.len == 0 || (state.len < self.batch_size && first >= drain_to) {
            return None;
        }
        let count = state.len.min(self.batch_size);
        let mut chunks = Vec::with_capacity(count / CHUNK + 2);
        let mut missing = count;
        while missing > 0 {
            let Some(mut chunk) = state.chunks.pop_front() else {
                break;
            };
            if chunk.len() > missing {
                let rest = chunk.split_off(missing);
                state.chunks.push_front(rest);
            }
            missing -= chunk.len();
            chunks.push(chunk);
        }
        state.len -= count;
        drop(state);

        let mut spans = Vec::with_capacity(count);
        for chunk in &mut chunks {
            spans.append(chunk);
        }
        self.recycle(chunks);
        Some(Batch { first, spans })
    }

    /// Refuses what comes from now on. What is there can still be taken.
    pub(super) fn refuse(&self) {
        self.lock().closed = true;
    }

    /// Drops what is there and returns its number.
    pub(super) fn clear(&self) -> u64 {
        let mut state = self.lock();
        let left = std::mem::take(&mut state.len);
        let chunks = std::mem::take(&mut state.chunks);
        drop(state);
        drop(chunks);
        left as u64
    }

    fn recycle(&self, chunks: Vec<Vec<SpanData>>) {
        let mut state = self.lock();
        for chunk in chunks {
            if state.spare.len() < SPARE_CHUNKS && chunk.capacity() >= CHUNK {
                state.spare.push(chunk);
            }
        }
    }

    /// The state stays usable after a panic: nothing in here can panic half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("len", &self.len)
            .field("accepted", &self.accepted)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

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
///
/// A watched queue shows each span before it gives it away, so that who watches need not wait
/// for whoever takes: [`lend`](Self::lend), [`give_back`](Self::give_back), then
/// [`take`](Self::take). It has room for `capacity` spans not shown yet and as many shown ones.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Notify,
    capacity: usize,
    batch_size: usize,
    is_watched: bool,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Vec<SpanData>>,
    spare: Vec<Vec<SpanData>>,
    /// Spans in `chunks`.
    fresh: usize,
    /// Spans that are being shown.
    lent: usize,
    /// Spans that were shown, older than those in `chunks`.
    shown: VecDeque<SpanData>,
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
    /// Spans that wait, shown or not.
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
            is_watched: false,
        }
    }

    /// Lets only spans be taken that were lent before.
    pub(super) fn watched(mut self, is_watched: bool) -> Self {
        self.is_watched = is_watched;
        self
    }

    pub(super) fn is_watched(&self) -> bool {
        self.is_watched
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn state(&self) -> QueueState {
        let state = self.lock();
        QueueState {
            len: state.len(),
            accepted: state.accepted,
            full: state.full,
            late: state.late,
            last_drop: state.last_drop,
        }
    }

    /// Takes `span`, or counts and drops it.
    pub(super) fn push(&self, span: SpanData) {
        let mut state = self.lock();
        if state.closed || state.fresh >= self.capacity {
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
        state.fresh += 1;
        state.accepted += 1;
        let has_full_batch = state.fresh.is_multiple_of(self.batch_size);
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
    /// the first `drain_to`. From a watched queue, only spans that were shown.
    pub(super) fn take(&self, drain_to: u64) -> Option<Batch> {
        let mut state = self.lock();
        let first = state.accepted - state.len() as u64;
        let available = if self.is_watched {
            state.shown.len()
        } else {
            state.fresh
        };
        if available == 0 || (available < self.batch_size && first >= drain_to) {
            return None;
        }
        let count = available.min(self.batch_size);
        let spans = if self.is_watched {
            state.shown.drain(..count).collect()
        } else {
            let chunks = state.take_chunks(count);
            drop(state);
            self.join(chunks, count)
        };
        Some(Batch { first, spans })
    }

    /// Takes all spans that were not shown yet. They still count as waiting, and must come
    /// back.
    pub(super) fn lend(&self) -> Vec<SpanData> {
        let mut state = self.lock();
        let count = state.fresh;
        let chunks = state.take_chunks(count);
        state.lent += count;
        drop(state);
        self.join(chunks, count)
    }

    /// Takes lent spans back. Those for which there is no room are dropped, and count as
    /// spans that found the queue full.
    pub(super) fn give_back(&self, mut spans: Vec<SpanData>) {
        let mut state = self.lock();
        state.lent -= spans.len();
        let room = self.capacity - state.shown.len();
        let too_many = spans.split_off(spans.len().min(room));
        state.shown.extend(spans);
        if !too_many.is_empty() {
            let count = too_many.len() as u64;
            // As if they had never got in: what is left is numbered without gaps.
            state.accepted -= count;
            state.full += count;
            state.last_drop = Some(Instant::now());
        }
        drop(state);
        drop(too_many);
    }

    /// Refuses what comes from now on. What is there can still be taken.
    pub(super) fn refuse(&self) {
        self.lock().closed = true;
    }

    /// Drops what is there and returns its number.
    pub(super) fn clear(&self) -> u64 {
        let mut state = self.lock();
        let left = state.len();
        let chunks = std::mem::take(&mut state.chunks);
        let shown = std::mem::take(&mut state.shown);
        (state.fresh, state.lent) = (0, 0);
        drop(state);
        drop((chunks, shown));
        left as u64
    }

    /// Puts the spans of all chunks into one vector, and keeps empty chunks for use again.
    fn join(&self, mut chunks: Vec<Vec<SpanData>>, count: usize) -> Vec<SpanData> {
        let mut spans = Vec::with_capacity(count);
        for chunk in &mut chunks {
            spans.append(chunk);
        }
        let mut state = self.lock();
        for chunk in chunks {
            if state.spare.len() < SPARE_CHUNKS && chunk.capacity() >= CHUNK {
                state.spare.push(chunk);
            }
        }
        drop(state);
        spans
    }

    /// The state stays usable after a panic: nothing in here can panic half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn len(&self) -> usize {
        self.fresh + self.lent + self.shown.len()
    }

    /// Takes the `count` oldest of the spans that were not shown.
    fn take_chunks(&mut self, count: usize) -> Vec<Vec<SpanData>> {
        let mut chunks = Vec::with_capacity(count / CHUNK + 2);
        let mut missing = count;
        while missing > 0 {
            let Some(mut chunk) = self.chunks.pop_front() else {
                break;
            };
            if chunk.len() > missing {
                let rest = chunk.split_off(missing);
                self.chunks.push_front(rest);
            }
            missing -= chunk.len();
            chunks.push(chunk);
        }
        self.fresh -= count;
        chunks
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("len", &self.len())
            .field("accepted", &self.accepted)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! Where the spans of a collector are kept.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use opentelemetry::{Context, SpanId, trace::Span as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use throughline_core::record::SpanRecord;
use tokio::sync::watch;

use crate::record::span_record;

/// The spans of one collector, and news of how many there are.
#[derive(Clone, Debug)]
pub(crate) struct SpanStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    spans: Mutex<Spans>,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
pub(crate) struct Spans {
    /// Finished ones, in the order of their end.
    pub(crate) finished: Vec<SpanRecord>,
    /// The names that open ones started with, by id: in the order of their start.
    pub(crate) open: BTreeMap<[u8; 8], String>,
}

/// How many spans there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) finished: usize,
    pub(crate) open: usize,
}

impl SpanStore {
    pub(crate) fn new() -> Self {
        let progress = watch::Sender::new(Progress::default());
        Self(Arc::new(Inner {
            spans: Mutex::default(),
            progress,
        }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Spans> {
        // A test that panics while it looks must not hide what the others see.
        self.0.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.0.progress.subscribe()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Spans)) {
        let mut spans = self.lock();
        change(&mut spans);
        let progress = Progress {
            finished: spans.finished.len(),
            open: spans.open.len(),
        };
        // Told under the lock, so that news arrive in order.
        self.0.progress.send_replace(progress);
    }
}

/// Called inside the span's lock: no context may be read here, and nothing may be logged.
impl SpanProcessor for SpanStore {
    fn on_start(&self, span: &mut Span, _parent: &Context) {
        let name = span
            .exported_data()
            .map(|data| data.name.into_owned())
            .unwrap_or_default();
        let id = span.span_context().span_id().to_bytes();
        self.change(|spans| {
            spans.open.insert(id, name);
        });
    }

    fn on_end(&self, span: SpanData) {
        self.change(|spans| {
            spans.open.remove(&span.span_context.span_id().to_bytes());
            spans.finished.push(span_record(span));
        });
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Spans {
    pub(crate) fn is_open(&self, id: SpanId) -> bool {
        self.open.contains_key(&id.to_bytes())
    }

    pub(crate) fn open_names(&self) -> Vec<String> {
        self.open.values().cloned().collect()
    }
}

//! The last finished spans of both services, by trace.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::TraceId;
use opentelemetry::trace::SpanKind;
use throughline::record::{SpanRecord, SpanSink};
use tokio::sync::Notify;

/// How many spans are kept; the oldest make room.
const CAPACITY: usize = 10_000;

/// Keeps finished spans until somebody takes them.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    kept: Mutex<VecDeque<Kept>>,
    /// Wakes the one who waits.
    completed: Notify,
}

#[derive(Debug)]
struct Kept {
    span: SpanRecord,
    completes: bool,
}

/// With which span of a service the trace is complete, if every call has been answered by then.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// Its topmost one, also when the caller had a trace already.
    LocalRoot,
    /// Its topmost one if nobody above had a trace; else the trace is complete elsewhere.
    Root,
}

impl Traces {
    /// Returns what takes the spans of one service.
    pub(crate) fn sink(this: &Arc<Self>, until: Until) -> Arc<dyn SpanSink> {
        Arc::new(Sink {
            traces: Arc::clone(this),
            until,
        })
    }

    /// Waits until this trace is complete.
    pub(crate) async fn complete(&self, id: TraceId) {
        self.wait_for(|kept| kept.span.trace_id == id).await;
    }

    /// Waits until any trace is complete.
    pub(crate) async fn next_complete(&self) -> TraceId {
        self.wait_for(|_| true).await
    }

    /// Takes the spans of a trace.
    pub(crate) fn take(&self, id: TraceId) -> Vec<SpanRecord> {
        let mut kept = self.lock();
        let (taken, left): (VecDeque<_>, _) =
            kept.drain(..).partition(|kept| kept.span.trace_id == id);
        *kept = left;
        taken.into_iter().map(|kept| kept.span).collect()
    }

    async fn wait_for(&self, wanted: impl Fn(&Kept) -> bool) -> TraceId {
        loop {
            let found = self.find(|kept| kept.completes && wanted(kept));
            if let Some(id) = found {
                return id;
            }
            self.completed.notified().await;
        }
    }

    fn find(&self, wanted: impl Fn(&Kept) -> bool) -> Option<TraceId> {
        let kept = self.lock();
        let ids = kept.iter().filter(|each| wanted(each));
        ids.map(|each| each.span.trace_id)
            .find(|id| has_both_ends(&kept, *id))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says whether each call between the services is there as both of them saw it.
///
/// The services hand their spans in one by one, in no particular order.
fn has_both_ends(kept: &VecDeque<Kept>, id: TraceId) -> bool {
    let spans = || {
        let all = kept.iter().map(|kept| &kept.span);
        all.filter(|span| span.trace_id == id)
    };
    let is_answered_call = |span: &&SpanRecord| {
        let mut attributes = span.attributes.iter();
        span.kind == SpanKind::Client
            && attributes.any(|each| each.key.as_str() == "http.response.status_code")
    };
    spans()
        .filter(is_answered_call)
        .all(|call| spans().any(|span| span.parent_span_id == Some(call.span_id)))
}

/// Takes the spans of one service.
#[derive(Debug)]
struct Sink {
    traces: Arc<Traces>,
    until: Until,
}

impl SpanSink for Sink {
    fn accept(&self, spans: &[SpanRecord]) {
        let mut kept = self.traces.lock();
        for span in spans {
            if kept.len() == CAPACITY {
                kept.pop_front();
            }
            let completes = match self.until {
                Until::LocalRoot => span.is_local_root(),
                Until::Root => span.parent_span_id.is_none(),
            };
            kept.push_back(Kept {
                span: span.clone(),
                completes,
            });
        }
        drop(kept);
        self.traces.completed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use opentelemetry::trace::{SpanContext, TraceState};
    use opentelemetry::{KeyValue, SpanId, TraceFlags};

    use super::*;

    /// A span without parent in trace number `trace`.
    fn span(trace: usize) -> SpanRecord {
        let context = SpanContext::new(
            TraceId::from(trace as u128),
            SpanId::from(1),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        );
        SpanRecord::new(
            "span",
            &context,
            SystemTime::UNIX_EPOCH,
            SystemTime::UNIX_EPOCH,
        )
    }

    #[test]
    fn only_the_service_that_is_called_first_completes_a_trace_that_came_from_outside() {
        let mut below_remote = span(1);
        below_remote.parent_span_id = Some(SpanId::from(2));
        below_remote.parent_is_remote = true;
        for (until, span, completes) in [
            (Until::LocalRoot, span(1), true),
            (Until::LocalRoot, below_remote.clone(), true),
            (Until::Root, span(1), true),
            (Until::Root, below_remote, false),
        ] {
            let traces = Arc::new(Traces::default());
            Traces::sink(&traces, until).accept(&[span]);
            assert_eq!(
                traces.find(|kept| kept.completes).is_some(),
                completes,
                "{until:?}"
            );
        }
    }

    #[test]
    fn a_call_that_was_answered_is_complete_with_the_span_of_the_other_service() {
        let child = |id, parent: &SpanRecord, kind| {
            let mut child = span(1);
            child.span_id = SpanId::from(id);
            child.parent_span_id = Some(parent.span_id);
            child.kind = kind;
            child
        };
        let root = span(1);
        let unanswered = child(2_u64, &root, SpanKind::Client);
        let mut call = child(3, &root, SpanKind::Client);
        call.attributes = vec![KeyValue::new("http.response.status_code", 200)];
        let served = child(4, &call, SpanKind::Server);

        let traces = Arc::new(Traces::default());
        let is_complete = || traces.find(|kept| kept.completes).is_some();
        let api = Traces::sink(&traces, Until::Root);
        api.accept(&[unanswered, call, root]);
        assert!(!is_complete());
        Traces::sink(&traces, Until::Root).accept(&[served]);
        assert!(is_complete());
    }

    #[test]
    fn the_oldest_spans_make_room() {
        let traces = Arc::new(Traces::default());
        let sink = Traces::sink(&traces, Until::Root);
        let spans: Vec<_> = (1..=CAPACITY + 1).map(span).collect();
        sink.accept(&spans);
        assert_eq!(traces.lock().len(), CAPACITY);
        assert_eq!(traces.take(TraceId::from(1_u128)), []);
        assert_eq!(traces.take(TraceId::from(2_u128)), [span(2)]);
    }
}

//! The collector of one test.

use std::{panic::Location, time::Duration};

use opentelemetry::{Context, ContextGuard};
use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};
use throughline_core::{
    context::Attached,
    record::SpanRecord,
    telemetry::Telemetry,
    tree::{self, Place, TreeOptions},
};

use crate::{
    CollectorBuilder, Metrics,
    metrics::MetricStore,
    store::{Progress, SpanStore},
};

/// Collects the spans and metrics of one test.
///
/// It is not global: tests run in parallel, each with its own. What runs inside
/// [`run`](Self::run) or while the guard of [`enter`](Self::enter) lives reports here, as does
/// a layer or client that was given [`telemetry`](Self::telemetry).
///
/// Clones share what they collect. The `assert_` methods and the waits panic with the tree of
/// what was collected, so that a failing test shows what happened instead.
#[derive(Clone, Debug)]
pub struct Collector {
    telemetry: Telemetry,
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
    spans: SpanStore,
    metrics: MetricStore,
    patience: Duration,
}

impl Collector {
    /// Makes a collector that records every span.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets up another one.
    pub fn builder() -> CollectorBuilder {
        CollectorBuilder::new()
    }

    pub(crate) fn from_parts(
        telemetry: Telemetry,
        tracers: SdkTracerProvider,
        meters: SdkMeterProvider,
        spans: SpanStore,
        metrics: MetricStore,
        patience: Duration,
    ) -> Self {
        Self {
            telemetry,
            tracers,
            meters,
            spans,
            metrics,
            patience,
        }
    }

    /// Returns the telemetry that reports here, for a layer or client.
    pub fn telemetry(&self) -> Telemetry {
        self.telemetry.clone()
    }

    /// Returns the tracer provider, for instrumentation that knows only OpenTelemetry, such as
    /// a `tracing-opentelemetry` layer.
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        self.tracers.clone()
    }

    /// Returns the meter provider, for instrumentation that knows only OpenTelemetry.
    pub fn meter_provider(&self) -> SdkMeterProvider {
        self.meters.clone()
    }

    /// Returns the current context with this collector in it.
    pub fn context(&self) -> Context {
        Context::map_current(|current| self.telemetry.context(current))
    }

    /// Runs a future that reports here.
    ///
    /// What it spawns reports here if it takes the context along, as `throughline::spawn` does.
    pub fn run<F: Future>(&self, future: F) -> Attached<F> {
        Attached::new(future, self.context())
    }

    /// Makes this thread report here until the guard is dropped.
    ///
    /// For synchronous code. A guard must not be held across an await; use [`run`](Self::run)
    /// there.
    #[must_use = "without the guard, nothing reports here"]
    pub fn enter(&self) -> ContextGuard {
        self.context().attach()
    }

    /// Returns the finished spans, in the order of their end.
    pub fn spans(&self) -> Vec<SpanRecord> {
        self.spans.lock().finished.clone()
    }

    /// Returns the one finished span of this name.
    ///
    /// # Panics
    ///
    /// Panics if there is none, or more than one.
    #[track_caller]
    pub fn span(&self, name: &str) -> SpanRecord {
        let mut named: Vec<_> = self
            .spans()
            .into_iter()
            .filter(|span| span.name == name)
            .collect();
        match (named.pop(), named.len()) {
            (Some(span), 0) => span,
            (_, others) => {
                let found = if others == 0 {
                    "no".to_owned()
                } else {
                    format!("{}", others + 1)
                };
                panic!(
                    "{found} finished spans are named {name:?}\n{}",
                    self.summary()
                );
            }
        }
    }

    /// Counts the spans that were started and have not ended.
    pub fn open_spans(&self) -> usize {
        self.spans.lock().open.len()
    }

    /// Forgets the finished spans. Open ones are still waited for, and metrics are kept.
    pub fn clear(&self) {
        self.spans.change(|spans| spans.finished.clear());
    }

    /// Writes the finished spans as trees, with the attributes of these keys in this order.
    ///
    /// The text is that of [`TreeOptions::test`]: the same on each run, if siblings start in the
    /// same order.
    pub fn tree(&self, attributes: &[&str]) -> String {
        self.tree_with(&test_options(attributes))
    }

    /// Writes the finished spans as trees in this way.
    pub fn tree_with(&self, options: &TreeOptions) -> String {
        tree::render(&self.spans(), options)
    }

    /// Writes each trace as a tree of its own, the one that started first in front.
    pub fn trace_trees(&self, attributes: &[&str]) -> Vec<String> {
        let options = test_options(attributes);
        let spans = self.spans();
        let traces = tree::traces(&spans);
        let spans_of =
            |trace: &tree::Trace<'_>| tree::render(trace.rows.iter().map(|row| row.span), &options);
        traces.iter().map(spans_of).collect()
    }

    /// Returns what was measured until now.
    pub fn metrics(&self) -> Metrics {
        self.metrics.collect(&self.meters)
    }

    /// Waits until at least this many spans are finished.
    ///
    /// For spans that end on another task or thread, as that of a server does after the client
    /// has its answer. Needs a tokio runtime with time enabled. Dropping the future has no
    /// effect.
    ///
    /// # Panics
    ///
    /// Panics when the [patience](CollectorBuilder::patience) is over.
    #[track_caller]
    pub fn wait_for(&self, spans: usize) -> impl Future<Output = ()> + Send + use<> {
        self.wait_until(format!("{spans} finished spans"), move |now| {
            now.finished >= spans
        })
    }

    /// Waits until every started span has ended.
    ///
    /// It does not wait for a first span to start. Needs what [`wait_for`](Self::wait_for) needs.
    ///
    /// # Panics
    ///
    /// Panics when the [patience](CollectorBuilder::patience) is over.
    #[track_caller]
    pub fn wait_for_all_ended(&self) -> impl Future<Output = ()> + Send + use<> {
        self.wait_until("all spans to end".to_owned(), |now| now.open == 0)
    }

    /// Asserts that no finished span has a parent that is unknown here.
    ///
    /// A parent in another process is no loss, nor is one that is still open. A span that lost
    /// its context altogether is no orphan but a trace of its own; that is what
    /// [`assert_one_trace`](Self::assert_one_trace) finds.
    ///
    /// # Panics
    ///
    /// Panics if there is an orphan, and names it.
    #[track_caller]
    pub fn assert_no_orphans(&self) {
        let spans = self.spans();
        let traces = tree::traces(&spans);
        let orphans: Vec<_> = traces
            .iter()
            .flat_map(|trace| &trace.rows)
            .filter(|row| matches!(row.place, Place::ParentMissing | Place::ParentCycle))
            .filter(|row| {
                let parent = row.span.parent_span_id;
                !parent.is_some_and(|id| self.spans.lock().is_open(id))
            })
            .map(|row| format!("{:?}", row.span.name))
            .collect();
        assert!(
            orphans.is_empty(),
            "the parent of {} was never collected\n{}",
            orphans.join(", "),
            self.summary()
        );
    }

    /// Asserts that the finished spans are one trace with one local root.
    ///
    /// This is what a request leaves when no context was lost on its way.
    ///
    /// # Panics
    ///
    /// Panics if there is no span, more than one trace, or more than one tree in it.
    #[track_caller]
    pub fn assert_one_trace(&self) {
        let spans = self.spans();
        let traces = tree::traces(&spans);
        let trees = traces
            .iter()
            .flat_map(|trace| &trace.rows)
            .filter(|row| row.place != Place::Child)
            .count();
        assert!(
            trees == 1,
            "expected one tree of spans, found {trees}\n{}",
            self.summary()
        );
    }

    /// Asserts that every started span has ended.
    ///
    /// # Panics
    ///
    /// Panics if one is open, and names it.
    #[track_caller]
    pub fn assert_all_ended(&self) {
        let open = self.open_spans();
        assert!(open == 0, "{open} spans have not ended\n{}", self.summary());
    }

    #[track_caller]
    fn wait_until<F>(&self, what: String, mut done: F) -> impl Future<Output = ()> + Send + use<F>
    where
        F: FnMut(Progress) -> bool + Send,
    {
        let asked_at = Location::caller();
        let collector = self.clone();
        async move {
            let mut progress = collector.spans.progress();
            let news = progress.wait_for(|now| done(*now));
            let in_time = tokio::time::timeout(collector.patience, news).await.is_ok();
            assert!(
                in_time,
                "waited {:?} at {asked_at} for {what}\n{}",
                collector.patience,
                collector.summary()
            );
        }
    }

    /// What a panic shows.
    fn summary(&self) -> String {
        let open = self.spans.lock().open_names();
        let open = if open.is_empty() {
            "none".to_owned()
        } else {
            open.join(", ")
        };
        let tree = self.tree_with(&TreeOptions::test().all_attributes().events(true));
        format!(
            "open: {open}\nfinished: {}\n{tree}",
            self.spans.lock().finished.len()
        )
    }
}

impl Default for Collector {
    fn default() -> Self {
        Self::new()
    }
}

fn test_options(attributes: &[&str]) -> TreeOptions {
    TreeOptions::test().attributes(attributes.iter().map(|&key| key.to_owned()))
}

#[cfg(test)]
mod tests;

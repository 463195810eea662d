//! Metric series: an instrument with its labels.

use std::fmt;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, UpDownCounter},
};

/// A histogram with fixed labels. Recording does not allocate.
///
/// With the feature `bound-metrics` the SDK looks the labels up once, here; without it, at
/// each record.
#[derive(Clone)]
pub struct HistogramSeries<T>(Series<Histogram<T>>);

/// A counter with fixed labels. Adding does not allocate.
#[derive(Clone)]
pub struct CounterSeries(Series<Counter<u64>>);

/// An up-down counter with fixed labels. Adding does not allocate.
#[derive(Clone)]
pub struct UpDownSeries(Series<UpDownCounter<i64>>);

#[cfg(feature = "bound-metrics")]
type Series<I> = <I as Bind>::Bound;

#[cfg(not(feature = "bound-metrics"))]
type Series<I> = (I, std::sync::Arc<[KeyValue]>);

impl<T: Copy> HistogramSeries<T> {
    /// Fixes the labels.
    pub fn new(histogram: &Histogram<T>, labels: &[KeyValue]) -> Self {
        Self(bind(histogram, labels))
    }

    /// Records a value.
    pub fn record(&self, value: T) {
        #[cfg(feature = "bound-metrics")]
        self.0.record(value);
        #[cfg(not(feature = "bound-metrics"))]
        self.0.0.record(value, &self.0.1);
    }
}

impl CounterSeries {
    /// Fixes the labels.
    pub fn new(counter: &Counter<u64>, labels: &[KeyValue]) -> Self {
        Self(bind(counter, labels))
    }

    /// Adds a value.
    pub fn add(&self, value: u64) {
        #[cfg(feature = "bound-metrics")]
        self.0.add(value);
        #[cfg(not(feature = "bound-metrics"))]
        self.0.0.add(value, &self.0.1);
    }
}

impl UpDownSeries {
    /// Fixes the labels.
    pub fn new(counter: &UpDownCounter<i64>, labels: &[KeyValue]) -> Self {
        Self(bind(counter, labels))
    }

    /// Adds a value, which may be negative.
    pub fn add(&self, value: i64) {
        #[cfg(feature = "bound-metrics")]
        self.0.add(value);
        #[cfg(not(feature = "bound-metrics"))]
        self.0.0.add(value, &self.0.1);
    }
}

#[cfg(feature = "bound-metrics")]
trait Bind {
    type Bound;
    fn bound(&self, labels: &[KeyValue]) -> Self::Bound;
}

#[cfg(feature = "bound-metrics")]
impl<T> Bind for Histogram<T> {
    type Bound = opentelemetry::metrics::BoundHistogram<T>;

    fn bound(&self, labels: &[KeyValue]) -> Self::Bound {
        self.bind(labels)
    }
}

#[cfg(feature = "bound-metrics")]
impl Bind for Counter<u64> {
    type Bound = opentelemetry::metrics::BoundCounter<u64>;

    fn bound(&self, labels: &[KeyValue]) -> Self::Bound {
        self.bind(labels)
    }
}

#[cfg(feature = "bound-metrics")]
impl Bind for UpDownCounter<i64> {
    type Bound = opentelemetry::metrics::BoundUpDownCounter<i64>;

    fn bound(&self, labels: &[KeyValue]) -> Self::Bound {
        self.bind(labels)
    }
}

#[cfg(feature = "bound-metrics")]
fn bind<I: Bind>(instrument: &I, labels: &[KeyValue]) -> I::Bound {
    instrument.bound(labels)
}

#[cfg(not(feature = "bound-metrics"))]
fn bind<I: Clone>(instrument: &I, labels: &[KeyValue]) -> Series<I> {
    (instrument.clone(), labels.into())
}

impl<T> fmt::Debug for HistogramSeries<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HistogramSeries(..)")
    }
}

impl fmt::Debug for CounterSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterSeries(..)")
    }
}

impl fmt::Debug for UpDownSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpDownSeries(..)")
    }
}

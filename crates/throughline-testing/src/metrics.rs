//! What was measured, as data and as text.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        PeriodicReader, SdkMeterProvider, Temporality,
        data::{AggregatedMetrics, MetricData, ResourceMetrics},
        exporter::PushMetricExporter,
    },
};
use throughline_core::tree::{Attributes, attribute_list};

/// The metrics of a collector at one moment.
///
/// Values are cumulative: they count from the collector's start.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Vec<Metric>);

/// One metric.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its unit, in UCUM: `s`, `By`, `{request}`.
    pub unit: String,
    /// What it is about.
    pub description: String,
    /// The instrumentation that measured it.
    pub scope: InstrumentationScope,
    /// How its points are to be read.
    pub kind: MetricKind,
    /// One point for each set of attributes.
    pub points: Vec<Point>,
}

/// How the points of a metric are to be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MetricKind {
    /// A sum that only grows.
    Counter,
    /// The last value.
    Gauge,
    /// A distribution of values.
    Histogram,
    /// A sum that grows and shrinks.
    UpDownCounter,
}

/// What was measured for one set of attributes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Point {
    /// The attributes.
    pub attributes: Vec<KeyValue>,
    /// The value.
    pub value: PointValue,
}

/// The value of a point; whole numbers above 2^53 are rounded.
#[derive(Clone, Debug, PartialEq)]
pub enum PointValue {
    /// The value of a histogram.
    Distribution(Distribution),
    /// The value of a counter, an up-down counter or a gauge.
    Number(f64),
}

/// A distribution of values.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Distribution {
    /// How many values were recorded.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// The upper bounds of the buckets but the last; empty for an exponential histogram.
    pub bounds: Vec<f64>,
    /// How many values are in each bucket; empty for an exponential histogram.
    pub bucket_counts: Vec<u64>,
}

impl Metrics {
    /// Returns the metric of this name, the first if several scopes have one.
    pub fn get(&self, name: &str) -> Option<&Metric> {
        self.iter().find(|metric| metric.name == name)
    }

    /// Returns all metrics, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Metric> {
        self.0.iter()
    }

    /// Writes the metric of this name, with the attributes of these keys in this order.
    ///
    /// ```text
    /// http.server.request.duration (histogram, s)
    ///   count=2 [http.route=/users/{id} http.response.status_code=200]
    ///   count=1 [http.route=/users/{id} http.response.status_code=404]
    /// ```
    ///
    /// Points are in the order of their text. The sum of a histogram follows its count unless
    /// its unit is a time, which differs from run to run. Without such a metric it says
    /// `(not measured)`.
    pub fn text(&self, name: &str, attributes: &[&str]) -> String {
        let shown = Attributes::listed(attributes.iter().map(|&key| key.to_owned()));
        let named: String = self
            .iter()
            .filter(|metric| metric.name == name)
            .map(|metric| metric.text(&shown))
            .collect();
        if named.is_empty() {
            format!("{name} (not measured)\n")
        } else {
            named
        }
    }
}

impl Metric {
    /// Writes the metric as [`Metrics::text`] does.
    pub fn text(&self, shown: &Attributes) -> String {
        let kind = match self.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
            MetricKind::UpDownCounter => "up-down counter",
        };
        let unit = if self.unit.is_empty() {
            "no unit"
        } else {
            &self.unit
        };
        let is_time = matches!(self.unit.as_str(), "ns" | "us" | "ms" | "s" | "min" | "h");
        let mut lines: Vec<_> = self
            .points
            .iter()
            .map(|point| point.text(shown, !is_time))
            .collect();
        lines.sort_unstable();
        format!("{} ({kind}, {unit})\n{}", self.name, lines.concat())
    }
}

impl Point {
    fn text(&self, shown: &Attributes, with_sum: bool) -> String {
        let mut line = match &self.value {
            PointValue::Number(value) => format!("  value={value}"),
            PointValue::Distribution(all) if with_sum => {
                format!("  count={} sum={}", all.count, all.sum)
            }
            PointValue::Distribution(all) => format!("  count={}", all.count),
        };
        let list = attribute_list(&self.attributes, shown);
        let gap = if list.is_empty() { "" } else { " " };
        writeln!(line, "{gap}{list}").expect("a String takes whatever is written to it");
        line
    }
}

/// Takes the metrics out of the SDK when it is asked to.
#[derive(Clone, Debug, Default)]
pub(crate) struct MetricStore(Arc<Mutex<Vec<Metric>>>);

impl MetricStore {
    /// Returns a reader for a meter provider. It reads on demand only.
    pub(crate) fn reader(&self) -> PeriodicReader<Self> {
        const NEVER_IN_A_TEST: Duration = Duration::from_hours(24);
        PeriodicReader::builder(self.clone())
            .with_interval(NEVER_IN_A_TEST)
            .build()
    }

    pub(crate) fn collect(&self, meters: &SdkMeterProvider) -> Metrics {
        self.replace(Vec::new());
        // An error says that the test has shut the provider down: then there is nothing to see.
        if meters.force_flush().is_err() {
            return Metrics::default();
        }
        let mut all = self.replace(Vec::new());
        all.sort_by(|a, b| (&a.name, a.scope.name()).cmp(&(&b.name, b.scope.name())));
        Metrics(all)
    }

    fn replace(&self, with: Vec<Metric>) -> Vec<Metric> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut stored, with)
    }
}

impl PushMetricExporter for MetricStore {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut all = Vec::new();
        for scope in metrics.scope_metrics() {
            for metric in scope.metrics() {
                let (kind, points) = match metric.data() {
                    AggregatedMetrics::F64(data) => read(data, |value| value),
                    AggregatedMetrics::I64(data) => read(data, from_signed),
                    AggregatedMetrics::U64(data) => read(data, from_unsigned),
                };
                all.push(Metric {
                    name: metric.name().to_owned(),
                    unit: metric.unit().to_owned(),
                    description: metric.description().to_owned(),
                    scope: scope.scope().clone(),
                    kind,
                    points,
                });
            }
        }
        self.replace(all);
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn read<T: Copy>(data: &MetricData<T>, number: impl Fn(T) -> f64) -> (MetricKind, Vec<Point>) {
    match data {
        MetricData::Gauge(gauge) => {
            let points = gauge.data_points().map(|point| Point {
                attributes: point.attributes().cloned().collect(),
                value: PointValue::Number(number(point.value())),
            });
            (MetricKind::Gauge, points.collect())
        }
        MetricData::Sum(sum) => {
            let points = sum.data_points().map(|point| Point {
                attributes: point.attributes().cloned().collect(),
                value: PointValue::Number(number(point.value())),
            });
            let kind = if sum.is_monotonic() {
                MetricKind::Counter
            } else {
                MetricKind::UpDownCounter
            };
            (kind, points.collect())
        }
        MetricData::Histogram(histogram) => {
            let points = histogram.data_points().map(|point| Point {
                attributes: point.attributes().cloned().collect(),
                value: PointValue::Distribution(Distribution {
                    count: point.count(),
                    sum: number(point.sum()),
                    min: point.min().map(&number),
                    max: point.max().map(&number),
                    bounds: point.bounds().collect(),
                    bucket_counts: point.bucket_counts().collect(),
                }),
            });
            (MetricKind::Histogram, points.collect())
        }
        MetricData::ExponentialHistogram(histogram) => {
            let points = histogram.data_points().map(|point| Point {
                attributes: point.attributes().cloned().collect(),
                value: PointValue::Distribution(Distribution {
                    count: u64::try_from(point.count()).unwrap_or(u64::MAX),
                    sum: number(point.sum()),
                    min: point.min().map(&number),
                    max: point.max().map(&number),
                    bounds: Vec::new(),
                    bucket_counts: Vec::new(),
                }),
            });
            (MetricKind::Histogram, points.collect())
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "documented on PointValue")]
fn from_signed(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "documented on PointValue")]
fn from_unsigned(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests;

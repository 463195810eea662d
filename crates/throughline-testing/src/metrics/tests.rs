use expect_test::expect;
use opentelemetry::{InstrumentationScope, KeyValue, metrics::Meter};

use super::{MetricKind, PointValue};
use crate::Collector;

fn meter(collector: &Collector) -> Meter {
    collector
        .telemetry()
        .meter(InstrumentationScope::builder("test").build())
}

#[test]
fn each_kind_of_metric_has_its_text() {
    let collector = Collector::new();
    let meter = meter(&collector);
    let route = |route: &'static str| [KeyValue::new("http.route", route)];

    let counter = meter.u64_counter("requests").build();
    counter.add(2, &route("/b"));
    counter.add(1, &route("/a"));
    let active = meter
        .i64_up_down_counter("active")
        .with_unit("{request}")
        .build();
    active.add(3, &[]);
    active.add(-3, &[]);
    meter
        .f64_gauge("load")
        .with_unit("1")
        .build()
        .record(0.5, &[]);
    let duration = meter.f64_histogram("duration").with_unit("s").build();
    duration.record(0.123, &route("/a"));
    duration.record(0.456, &route("/a"));
    meter
        .u64_histogram("size")
        .with_unit("By")
        .build()
        .record(128, &route("/a"));

    let metrics = collector.metrics();
    let all: String = metrics
        .iter()
        .map(|metric| metrics.text(&metric.name, &["http.route"]))
        .collect();
    expect![[r"
        active (up-down counter, {request})
          value=0
        duration (histogram, s)
          count=2 [http.route=/a]
        load (gauge, 1)
          value=0.5
        requests (counter, no unit)
          value=1 [http.route=/a]
          value=2 [http.route=/b]
        size (histogram, By)
          count=1 sum=128 [http.route=/a]
    "]]
    .assert_eq(&all);
}

#[test]
fn a_histogram_is_there_as_data() {
    let collector = Collector::new();
    let histogram = meter(&collector)
        .f64_histogram("duration")
        .with_unit("s")
        .with_description("How long it took.")
        .with_boundaries(vec![0.1, 1.0])
        .build();
    for value in [0.05, 0.5, 0.25] {
        histogram.record(value, &[]);
    }
    let metrics = collector.metrics();
    let metric = metrics.get("duration").unwrap();
    assert_eq!(metric.kind, MetricKind::Histogram);
    assert_eq!(metric.description, "How long it took.");
    assert_eq!(metric.scope.name(), "test");
    let PointValue::Distribution(all) = &metric.points[0].value else {
        panic!("{metric:?}");
    };
    assert_eq!((all.count, all.min, all.max), (3, Some(0.05), Some(0.5)));
    assert!((all.sum - 0.8).abs() < 1e-9, "{}", all.sum);
    assert_eq!(all.bounds, [0.1, 1.0]);
    assert_eq!(all.bucket_counts, [1, 2, 0]);
}

#[test]
fn what_was_not_measured_says_so() {
    let metrics = Collector::new().metrics();
    assert!(metrics.get("requests").is_none());
    assert_eq!(metrics.text("requests", &[]), "requests (not measured)\n");
}

#[test]
fn values_count_from_the_start_of_the_collector_not_from_the_last_look() {
    let collector = Collector::new();
    let counter = meter(&collector).u64_counter("requests").build();
    for expected in [1.0, 2.0] {
        counter.add(1, &[]);
        let metrics = collector.metrics();
        let point = &metrics.get("requests").unwrap().points[0];
        assert_eq!(point.value, PointValue::Number(expected));
    }
}

#[test]
fn collectors_do_not_see_each_other() {
    let (one, other) = (Collector::new(), Collector::new());
    meter(&one).u64_counter("requests").build().add(1, &[]);
    assert_eq!(one.metrics().iter().count(), 1);
    assert_eq!(other.metrics().iter().count(), 0);
}

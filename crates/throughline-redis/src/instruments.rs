//! The tracer, the histogram and the counter of redis commands.

use std::{
    hash::Hash,
    sync::{PoisonError, RwLock},
};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{Counter, Histogram},
};
use rustc_hash::FxHashMap;
use throughline_core::{
    semconv::{
        Names, SCHEMA_URL, attr,
        metric::{
            DB_CLIENT_OPERATION_DURATION, DB_DURATION_BOUNDS, REQUESTS, THROUGHLINE_CACHE_REQUESTS,
        },
    },
    telemetry::{CounterSeries, HistogramSeries, Instruments, Telemetry, Tracer},
};

use crate::{
    command::Label, describe, failure::Failure, reply::Lookups, source::Source, template::Template,
};

/// How many combinations are bound beforehand, of each metric.
const MOST_BOUND: usize = 4096;

type Bound<K, V> = RwLock<FxHashMap<K, V>>;

pub(crate) struct RedisInstruments {
    pub(crate) tracer: Tracer,
    pub(crate) names: Names,
    duration: Histogram<f64>,
    /// The successful operations, by server, database and command.
    durations: Bound<(u32, i64, u32), HistogramSeries<f64>>,
    lookups: Counter<u64>,
    /// The look-ups, by command, template and result.
    series: Bound<(u32, u16, bool), CounterSeries>,
}

impl Instruments for RedisInstruments {
    fn new(telemetry: &Telemetry) -> Self {
        let scope = InstrumentationScope::builder("throughline-redis")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL)
            .build();
        let meter = telemetry.meter(scope.clone());
        let duration = meter
            .f64_histogram(DB_CLIENT_OPERATION_DURATION)
            .with_description("Duration of database client operations.")
            .with_unit("s")
            .with_boundaries(DB_DURATION_BOUNDS.to_vec())
            .build();
        let lookups = meter
            .u64_counter(THROUGHLINE_CACHE_REQUESTS)
            .with_description("Values that were looked up in a cache.")
            .with_unit(REQUESTS)
            .build();
        Self {
            tracer: telemetry.tracer(scope),
            names: telemetry.conventions().database,
            duration,
            durations: RwLock::default(),
            lookups,
            series: RwLock::default(),
        }
    }
}

impl RedisInstruments {
    /// Measures one operation, in seconds.
    ///
    /// A success is found in a table and added without an allocation. Failures, and what goes
    /// beyond the table, build their attributes each time.
    pub(crate) fn measure(
        &self,
        seconds: f64,
        source: &Source,
        database: i64,
        label: Label,
        failure: Option<&Failure>,
    ) {
        let attributes = || describe::metric(source, database, label, failure);
        let (None, Some(target)) = (failure, source.target.id) else {
            return self.duration.record(seconds, &attributes());
        };
        let bind = || HistogramSeries::new(&self.duration, &attributes());
        let is_done = with_bound(
            &self.durations,
            (target, database, label.id),
            bind,
            |series| {
                series.record(seconds);
            },
        );
        if !is_done {
            self.duration.record(seconds, &attributes());
        }
    }

    /// Counts values that were looked up.
    pub(crate) fn count(&self, lookups: Lookups, label: Label, template: Option<Template>) {
        for (count, is_hit) in [(lookups.hits, true), (lookups.misses, false)] {
            if count == 0 {
                continue;
            }
            let attributes = || lookup_labels(label, template, is_hit);
            let template_id = template.map_or(u16::MAX - 1, |template| template.id);
            let key = (label.id, template_id, is_hit);
            let bind = || CounterSeries::new(&self.lookups, &attributes());
            let is_done = with_bound(&self.series, key, bind, |series| series.add(count));
            if !is_done {
                self.lookups.add(count, &attributes());
            }
        }
    }
}

fn lookup_labels(label: Label, template: Option<Template>, is_hit: bool) -> Box<[KeyValue]> {
    let result = if is_hit { "hit" } else { "miss" };
    let template =
        template.map(|known| KeyValue::new(attr::THROUGHLINE_REDIS_KEY_TEMPLATE, known.text));
    [
        KeyValue::new(attr::THROUGHLINE_CACHE_RESULT, result),
        KeyValue::new(attr::DB_OPERATION_NAME, label.text),
    ]
    .into_iter()
    .chain(template)
    .collect()
}

/// Uses what is kept under `key`, made at the first time. Says no when there is no more room.
fn with_bound<K: Eq + Hash, V>(
    all: &Bound<K, V>,
    key: K,
    make: impl FnOnce() -> V,
    then: impl FnOnce(&V),
) -> bool {
    if let Some(known) = all.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        then(known);
        return true;
    }
    let mut all = all.write().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MOST_BOUND {
        return false;
    }
    then(all.entry(key).or_insert_with(make));
    true
}

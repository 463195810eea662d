//! Metric series that are bound once and then found by comparing a few words.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use http::StatusCode;
use opentelemetry::{KeyValue, StringValue};
use throughline_core::{semconv::attr, telemetry::HistogramSeries};

use super::{instruments::ServerInstruments, route::Route};

/// The most series that one route keeps bound. Beyond it a measurement finds its series the
/// slow way.
const MOST_BOUND: usize = 64;

/// What tells the series of one route apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Labels {
    pub(super) method: &'static str,
    pub(super) scheme: &'static str,
    pub(super) version: Option<&'static str>,
    pub(super) status: Option<StatusCode>,
    pub(super) error: Option<StringValue>,
}

/// The bound series of one route.
#[derive(Debug, Default)]
pub(super) struct SeriesSet(ArcSwap<Vec<(Labels, Arc<Series>)>>);

/// One set of labels, bound in each histogram.
#[derive(Debug)]
pub(super) struct Series {
    attributes: Vec<KeyValue>,
    duration: HistogramSeries<f64>,
    // Bound at the first value: a series that is bound is exported, be it empty.
    request_size: OnceLock<HistogramSeries<u64>>,
    response_size: OnceLock<HistogramSeries<u64>>,
}

impl Series {
    pub(super) fn record_duration(&self, seconds: f64) {
        self.duration.record(seconds);
    }

    pub(super) fn record_request_size(&self, bytes: u64, instruments: &ServerInstruments) {
        let bind = || HistogramSeries::new(&instruments.request_size, &self.attributes);
        self.request_size.get_or_init(bind).record(bytes);
    }

    pub(super) fn record_response_size(&self, bytes: u64, instruments: &ServerInstruments) {
        let bind = || HistogramSeries::new(&instruments.response_size, &self.attributes);
        self.response_size.get_or_init(bind).record(bytes);
    }
}

impl SeriesSet {
    /// Returns the series with these labels. Does not allocate for one that is bound.
    pub(super) fn get(
        &self,
        labels: &Labels,
        route: &Route,
        instruments: &ServerInstruments,
    ) -> Arc<Series> {
        if let Some((_, bound)) = self.0.load().iter().find(|(each, _)| each == labels) {
            return Arc::clone(bound);
        }
        self.bind(labels, route, instruments)
    }

    #[cold]
    fn bind(&self, labels: &Labels, route: &Route, instruments: &ServerInstruments) -> Arc<Series> {
        let attributes = labels.attributes(route);
        let series = Arc::new(Series {
            duration: HistogramSeries::new(&instruments.duration, &attributes),
            request_size: OnceLock::new(),
            response_size: OnceLock::new(),
            attributes,
        });
        self.0.rcu(|bound| {
            let mut bound = Vec::clone(bound);
            if bound.len() < MOST_BOUND && bound.iter().all(|(each, _)| each != labels) {
                bound.push((labels.clone(), Arc::clone(&series)));
            }
            bound
        });
        series
    }
}

impl Labels {
    /// Source: HTTP metrics, `http.server.request.duration`. `server.address` is left out:
    /// the client chooses it.
    fn attributes(&self, route: &Route) -> Vec<KeyValue> {
        let status = self.status.map(|status| i64::from(status.as_u16()));
        [
            Some(KeyValue::new(attr::HTTP_REQUEST_METHOD, self.method)),
            Some(KeyValue::new(attr::URL_SCHEME, self.scheme)),
            route
                .value()
                .map(|route| KeyValue::new(attr::HTTP_ROUTE, route)),
            status.map(|status| KeyValue::new(attr::HTTP_RESPONSE_STATUS_CODE, status)),
            self.version
                .map(|version| KeyValue::new(attr::NETWORK_PROTOCOL_VERSION, version)),
            self.error
                .clone()
                .map(|error| KeyValue::new(attr::ERROR_TYPE, error)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

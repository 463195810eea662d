//! What requests of one kind share: the name of their spans, their metric series.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use http::StatusCode;
use opentelemetry::{KeyValue, StringValue};
use throughline_core::{
    semconv::{attr, http::RequestMethod},
    telemetry::{HistogramSeries, UpDownSeries},
};

use super::instruments::ServerInstruments;

/// The most series that one endpoint keeps bound. Beyond it a measurement finds its series
/// the slow way.
const MOST_BOUND: usize = 64;

/// What tells the endpoints of one route apart. Each part comes from a short list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) method: &'static str,
    /// The method's part of the span name.
    pub(super) span_method: &'static str,
    pub(super) scheme: &'static str,
    pub(super) version: Option<&'static str>,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        // They are nearly always the same constants.
        let same = |a: &'static str, b: &'static str| std::ptr::eq(a, b) || a == b;
        same(self.method, other.method)
            && same(self.scheme, other.scheme)
            && match (self.version, other.version) {
                (Some(a), Some(b)) => same(a, b),
                (a, b) => a.is_none() && b.is_none(),
            }
    }
}

impl Kind {
    pub(super) fn new(
        method: RequestMethod<'_>,
        scheme: &'static str,
        version: Option<&'static str>,
    ) -> Self {
        Self {
            method: method.name,
            span_method: method.span_name,
            scheme,
            version,
        }
    }
}

/// A route with a method, a scheme and a protocol version.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) kind: Kind,
    /// The route's template; `None` for requests that matched none.
    route: Option<Arc<str>>,
    span_name: &'static str,
    active: UpDownSeries,
    series: ArcSwap<Vec<Arc<Series>>>,
}

impl Endpoint {
    pub(super) fn new(
        kind: Kind,
        route: Option<Arc<str>>,
        instruments: &ServerInstruments,
    ) -> Self {
        let span_name = match &route {
            None => kind.span_method,
            // A span's name is static or owned. So that it need not be made for each request,
            // it is kept for ever: known routes and endpoints are bounded.
            Some(route) => Box::leak(format!("{} {route}", kind.span_method).into_boxed_str()),
        };
        let active = UpDownSeries::new(
            &instruments.active,
            &[
                KeyValue::new(attr::HTTP_REQUEST_METHOD, kind.method),
                KeyValue::new(attr::URL_SCHEME, kind.scheme),
            ],
        );
        Self {
            kind,
            route,
            span_name,
            active,
            series: ArcSwap::default(),
        }
    }

    /// Returns `{method} {route}`, or the method alone.
    pub(super) fn span_name(&self) -> &'static str {
        self.span_name
    }

    /// Returns the route's template.
    pub(super) fn route(&self) -> Option<&Arc<str>> {
        self.route.as_ref()
    }

    /// Counts a request as begun or over.
    pub(super) fn add_active(&self, change: i64) {
        self.active.add(change);
    }

    /// Returns the series of an ending. Does not allocate for one that is bound.
    pub(super) fn series(
        &self,
        status: Option<StatusCode>,
        error: Option<&StringValue>,
        instruments: &ServerInstruments,
    ) -> Arc<Series> {
        let is_it = |each: &Series| each.status == status && each.error.as_ref() == error;
        if let Some(bound) = self.series.load().iter().find(|each| is_it(each)) {
            return Arc::clone(bound);
        }
        self.bind(status, error, instruments)
    }

    #[cold]
    fn bind(
        &self,
        status: Option<StatusCode>,
        error: Option<&StringValue>,
        instruments: &ServerInstruments,
    ) -> Arc<Series> {
        let series = Arc::new(Series::new(self, status, error.cloned(), instruments));
        self.series.rcu(|bound| {
            let mut bound = Vec::clone(bound);
            let is_new = bound
                .iter()
                .all(|each| each.status != series.status || each.error != series.error);
            if is_new && bound.len() < MOST_BOUND {
                bound.push(Arc::clone(&series));
            }
            bound
        });
        series
    }
}

/// How requests of an endpoint ended, bound in each histogram.
#[derive(Debug)]
pub(super) struct Series {
    status: Option<StatusCode>,
    error: Option<StringValue>,
    labels: Vec<KeyValue>,
    duration: HistogramSeries<f64>,
    // Bound at the first value: a series that is bound is exported, be it empty.
    request_size: OnceLock<HistogramSeries<u64>>,
    response_size: OnceLock<HistogramSeries<u64>>,
}

impl Series {
    /// Source: HTTP metrics, `http.server.request.duration`. `server.address` is left out:
    /// the client chooses it.
    fn new(
        endpoint: &Endpoint,
        status: Option<StatusCode>,
        error: Option<StringValue>,
        instruments: &ServerInstruments,
    ) -> Self {
        let Kind {
            method,
            scheme,
            version,
            ..
        } = endpoint.kind;
        let route = endpoint.route.clone().map(StringValue::from);
        let code = status.map(|status| i64::from(status.as_u16()));
        let labels: Vec<_> = [
            Some(KeyValue::new(attr::HTTP_REQUEST_METHOD, method)),
            Some(KeyValue::new(attr::URL_SCHEME, scheme)),
            route.map(|route| KeyValue::new(attr::HTTP_ROUTE, route)),
            code.map(|code| KeyValue::new(attr::HTTP_RESPONSE_STATUS_CODE, code)),
            version.map(|version| KeyValue::new(attr::NETWORK_PROTOCOL_VERSION, version)),
            error
                .clone()
                .map(|error| KeyValue::new(attr::ERROR_TYPE, error)),
        ]
        .into_iter()
        .flatten()
        .collect();
        Self {
            status,
            error,
            duration: HistogramSeries::new(&instruments.duration, &labels),
            request_size: OnceLock::new(),
            response_size: OnceLock::new(),
            labels,
        }
    }

    pub(super) fn record_duration(&self, seconds: f64) {
        self.duration.record(seconds);
    }

    pub(super) fn record_request_size(&self, bytes: u64, instruments: &ServerInstruments) {
        let bind = || HistogramSeries::new(&instruments.request_size, &self.labels);
        self.request_size.get_or_init(bind).record(bytes);
    }

    pub(super) fn record_response_size(&self, bytes: u64, instruments: &ServerInstruments) {
        let bind = || HistogramSeries::new(&instruments.response_size, &self.labels);
        self.response_size.get_or_init(bind).record(bytes);
    }
}

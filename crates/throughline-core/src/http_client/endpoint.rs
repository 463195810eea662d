//! The servers that a process calls, and the series of each.

use std::{
    net::IpAddr,
    ptr,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use opentelemetry::{KeyValue, StringValue, metrics::Histogram};

use crate::{
    semconv::{attr, http::Authority},
    telemetry::HistogramSeries,
};

/// How many shards there are, so that two threads seldom meet at one lock.
const SHARDS: usize = 64;
/// How many servers a shard keeps: 1,024 in all.
const SERVERS_PER_SHARD: usize = 16;
/// How many series a server keeps.
const SERIES_PER_SERVER: usize = 64;
/// How many peer addresses a server keeps.
const PEERS_PER_SERVER: usize = 16;

/// The servers called so far, up to a bound.
///
/// A crawler calls as many hosts as there are. What is beyond the bound is measured together,
/// as `otel.metric.overflow`, and its spans get strings of their own.
pub(super) struct Endpoints {
    shards: [RwLock<Vec<Arc<Endpoint>>>; SHARDS],
    duration: Histogram<f64>,
    /// Made late: a series that is there is exported, even with nothing in it.
    overflow: OnceLock<HistogramSeries<f64>>,
}

/// One server, as requests name it.
pub(super) struct Endpoint {
    address: Arc<str>,
    port: Option<u16>,
    /// Whether there was room to keep it.
    kept: bool,
    series: RwLock<Vec<(Series, HistogramSeries<f64>)>>,
    peers: RwLock<Vec<(IpAddr, Arc<str>)>>,
}

/// The labels of one series, beside the server's.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) method: &'static str,
    pub(super) status: Option<u16>,
    pub(super) error: Option<&'static str>,
    pub(super) version: Option<&'static str>,
    pub(super) template: Option<StringValue>,
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        // All but the template are literals, so that their addresses nearly always tell.
        let same = |a: &'static str, b: &'static str| ptr::eq(a, b) || a == b;
        let both = |a: Option<&'static str>, b: Option<&'static str>| match (a, b) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            _ => false,
        };
        self.status == other.status
            && same(self.method, other.method)
            && both(self.version, other.version)
            && both(self.error, other.error)
            && self.template == other.template
    }
}

impl Endpoints {
    pub(super) fn new(duration: Histogram<f64>) -> Self {
        let shards = std::array::from_fn(|_| RwLock::default());
        Self {
            shards,
            duration,
            overflow: OnceLock::new(),
        }
    }

    /// Returns the endpoint of a server. Allocates at its first request only.
    pub(super) fn get(&self, server: Option<Authority<'_>>) -> Arc<Endpoint> {
        let Authority { host, port } = server.unwrap_or(Authority {
            host: "",
            port: None,
        });
        let shard = &self.shards[hash(host, port) % SHARDS];
        let find = |all: &[Arc<Endpoint>]| {
            all.iter()
                .find(|each| each.port == port && *each.address == *host)
                .cloned()
        };
        if let Some(found) = find(&shard.read().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let mut all = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = find(&all) {
            return found;
        }
        let kept = all.len() < SERVERS_PER_SHARD;
        let made = Arc::new(Endpoint {
            address: Arc::from(host),
            port,
            kept,
            series: RwLock::default(),
            peers: RwLock::default(),
        });
        if kept {
            all.push(Arc::clone(&made));
        }
        made
    }

    /// Measures an attempt.
    pub(super) fn record(&self, endpoint: &Endpoint, series: &Series, seconds: f64) {
        let find = |all: &[(Series, HistogramSeries<f64>)]| {
            let (_, found) = all.iter().find(|(each, _)| each == series)?;
            found.record(seconds);
            Some(())
        };
        if find(
            &endpoint
                .series
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
        .is_none()
        {
            self.record_first(endpoint, series, seconds);
        }
    }

    #[cold]
    fn record_first(&self, endpoint: &Endpoint, series: &Series, seconds: f64) {
        let mut all = endpoint
            .series
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if !endpoint.kept || all.len() >= SERIES_PER_SERVER {
            let labels = [KeyValue::new(attr::OTEL_METRIC_OVERFLOW, true)];
            let overflow = || HistogramSeries::new(&self.duration, &labels);
            return self.overflow.get_or_init(overflow).record(seconds);
        }
        let bound = HistogramSeries::new(&self.duration, &series.labels(endpoint));
        bound.record(seconds);
        if all.iter().all(|(each, _)| each != series) {
            all.push((series.clone(), bound));
        }
    }
}

impl Endpoint {
    pub(super) fn address(&self) -> Option<&Arc<str>> {
        (!self.address.is_empty()).then_some(&self.address)
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the text of a peer's address, shared between attempts.
    pub(super) fn peer(&self, address: IpAddr) -> Arc<str> {
        let find = |all: &[(IpAddr, Arc<str>)]| {
            all.iter()
                .find(|(each, _)| *each == address)
                .map(|(_, text)| Arc::clone(text))
        };
        if let Some(found) = find(&self.peers.read().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let text: Arc<str> = address.to_string().into();
        let mut all = self.peers.write().unwrap_or_else(PoisonError::into_inner);
        if self.kept && all.len() < PEERS_PER_SERVER && find(&all).is_none() {
            all.push((address, Arc::clone(&text)));
        }
        text
    }
}

impl Series {
    fn labels(&self, endpoint: &Endpoint) -> Vec<KeyValue> {
        let mut labels = vec![KeyValue::new(attr::HTTP_REQUEST_METHOD, self.method)];
        if let Some(address) = endpoint.address() {
            labels.push(KeyValue::new(attr::SERVER_ADDRESS, Arc::clone(address)));
        }
        if let Some(port) = endpoint.port {
            labels.push(KeyValue::new(attr::SERVER_PORT, i64::from(port)));
        }
        if let Some(status) = self.status {
            labels.push(KeyValue::new(
                attr::HTTP_RESPONSE_STATUS_CODE,
                i64::from(status),
            ));
        }
        if let Some(error) = self.error {
            labels.push(KeyValue::new(attr::ERROR_TYPE, error));
        }
        if let Some(version) = self.version {
            labels.push(KeyValue::new(attr::NETWORK_PROTOCOL_VERSION, version));
        }
        if let Some(template) = &self.template {
            labels.push(KeyValue::new(attr::URL_TEMPLATE, template.clone()));
        }
        labels
    }
}

/// Multiplies words of eight bytes: a few instructions, and only choosing a shard.
fn hash(host: &str, port: Option<u16>) -> usize {
    // The fraction of the golden ratio, whose bits have no pattern.
    let add =
        |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bytes = host.as_bytes();
    let mut hash = add(0, u64::from(port.unwrap_or_default()));
    // The last word overlaps the one before, which is less work than a part of a word.
    if let Some(last) = bytes.last_chunk() {
        for word in bytes.as_chunks().0 {
            hash = add(hash, u64::from_le_bytes(*word));
        }
        hash = add(hash, u64::from_le_bytes(*last));
    } else {
        for byte in bytes {
            hash = add(hash, u64::from(*byte));
        }
    }
    // The high bits of a product depend on all bits of its factors.
    let [high, ..] = hash.to_be_bytes();
    usize::from(high)
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::metrics::{
        InMemoryMetricExporter, SdkMeterProvider,
        data::{AggregatedMetrics, MetricData},
    };

    use super::*;
    use opentelemetry::metrics::MeterProvider as _;

    fn endpoints() -> (Endpoints, SdkMeterProvider, InMemoryMetricExporter) {
        let exporter = InMemoryMetricExporter::default();
        let meters = SdkMeterProvider::builder()
            .with_periodic_exporter(exporter.clone())
            .build();
        let duration = meters.meter("test").f64_histogram("duration").build();
        (Endpoints::new(duration), meters, exporter)
    }

    fn series(status: u16) -> Series {
        Series {
            method: "GET",
            status: Some(status),
            error: None,
            version: None,
            template: None,
        }
    }

    fn server(host: &str) -> Authority<'_> {
        Authority {
            host,
            port: Some(80),
        }
    }

    /// Returns the number of series, and how many measurements are in the one for overflow.
    fn exported(meters: &SdkMeterProvider, exporter: &InMemoryMetricExporter) -> (usize, u64) {
        meters.force_flush().unwrap();
        let batch = exporter.get_finished_metrics().unwrap().pop().unwrap();
        let metric = batch
            .scope_metrics()
            .next()
            .unwrap()
            .metrics()
            .next()
            .unwrap();
        let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else {
            panic!("a duration is a histogram of floats");
        };
        let overflowed = histogram
            .data_points()
            .filter(|point| {
                point
                    .attributes()
                    .any(|label| label.key.as_str() == "otel.metric.overflow")
            })
            .map(opentelemetry_sdk::metrics::data::HistogramDataPoint::count)
            .sum();
        (histogram.data_points().count(), overflowed)
    }

    #[test]
    fn a_server_is_kept_with_its_text_and_the_text_of_its_peers() {
        let (endpoints, ..) = endpoints();
        let first = endpoints.get(Some(server("a.test")));
        let second = endpoints.get(Some(server("a.test")));
        assert!(
            Arc::ptr_eq(&first, &second),
            "the second look-up must find the first server"
        );
        let other = endpoints.get(Some(Authority {
            host: "a.test",
            port: Some(81),
        }));
        assert!(
            !Arc::ptr_eq(&first, &other),
            "another port is another server"
        );
        let peer = "10.0.0.1".parse().unwrap();
        assert!(Arc::ptr_eq(&first.peer(peer), &second.peer(peer)));
        assert_eq!(&*first.peer(peer), "10.0.0.1");
    }

    #[test]
    fn a_request_without_a_server_has_no_labels_of_one() {
        let (endpoints, ..) = endpoints();
        let nowhere = endpoints.get(None);
        assert_eq!((nowhere.address(), nowhere.port()), (None, None));
        assert_eq!(series(200).labels(&nowhere).len(), 2);
    }

    #[test]
    fn a_crawler_does_not_fill_the_memory() {
        let (endpoints, meters, exporter) = endpoints();
        let hosts = SHARDS * SERVERS_PER_SHARD * 4;
        for host in 0..hosts {
            let endpoint = endpoints.get(Some(server(&format!("{host}.test"))));
            assert_eq!(
                endpoint.address().map(|address| &**address),
                Some(&*format!("{host}.test"))
            );
            endpoints.record(&endpoint, &series(200), 1.0);
        }
        let kept: usize = endpoints
            .shards
            .iter()
            .map(|shard| shard.read().unwrap().len())
            .sum();
        assert_eq!(kept, SHARDS * SERVERS_PER_SHARD);
        let (all, overflowed) = exported(&meters, &exporter);
        assert_eq!(all, kept + 1);
        assert_eq!(
            overflowed,
            (hosts - kept) as u64,
            "every attempt must be measured somewhere"
        );
    }

    #[test]
    fn a_server_with_a_thousand_answers_does_not_either() {
        let (endpoints, meters, exporter) = endpoints();
        let endpoint = endpoints.get(Some(server("a.test")));
        for status in 100..=999 {
            endpoints.record(&endpoint, &series(status), 1.0);
            endpoints.record(&endpoint, &series(status), 1.0);
        }
        assert_eq!(endpoint.series.read().unwrap().len(), SERIES_PER_SERVER);
        let (all, overflowed) = exported(&meters, &exporter);
        assert_eq!(all, SERIES_PER_SERVER + 1);
        assert_eq!(overflowed, 2 * (900 - SERIES_PER_SERVER as u64));
    }
}

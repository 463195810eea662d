//! OTLP over HTTP.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use url::{Host, Url};

use super::{
    Compression, Destination, Protocol,
    client::{Accepted, Cause, Failure, one_line},
};

const USER_AGENT: &str = concat!(
    "OTel-OTLP-Exporter-Rust-throughline/",
    env!("CARGO_PKG_VERSION")
);

/// An answer has at most a few hundred bytes; more is not read.
const MAX_ANSWER: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct HttpClient {
    client: reqwest::Client,
    url: Url,
    headers: HeaderMap,
    is_json: bool,
}

impl HttpClient {
    pub(super) fn new(destination: &Destination) -> Result<Self, String> {
        let url = destination.endpoint.url().clone();
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(destination.timeout)
            // Headers may carry credentials: they go where they were meant to go only.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never());
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| error.without_url().to_string())?;

        let is_json = destination.protocol == Protocol::HttpJson;
        let mut headers = destination.headers.clone();
        let content_type = if is_json {
            "application/json"
        } else {
            "application/x-protobuf"
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if destination.compression == Compression::Gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(Self {
            client,
            url,
            headers,
            is_json,
        })
    }

    pub(super) async fn send(&self, body: Bytes) -> Result<Accepted, Failure> {
        let request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .body(body);
        let mut response = request.send().await.map_err(failure)?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(parse_retry_after);

        let mut answer = Vec::new();
        // The answer is read to its end so that the connection can be used again.
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if answer.len() + chunk.len() > MAX_ANSWER {
                break;
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(self.parse_answer(&answer));
        }
        Err(Failure {
            cause: Cause::Http(status.as_u16()),
            retry_after,
            detail: String::new(),
        })
    }

    /// An answer that cannot be read is one without remarks: the status has said "taken".
    fn parse_answer(&self, answer: &[u8]) -> Accepted {
        if self.is_json {
            return parse_json(answer);
        }
        // The answer for metrics has the same fields under the same numbers.
        let parsed = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
        parsed
            .partial_success
            .map_or_else(Accepted::default, |partial| {
                accepted(partial.rejected_spans, &partial.error_message)
            })
    }
}

pub(super) fn accepted(rejected: i64, remark: &str) -> Accepted {
    Accepted {
        rejected: u64::try_from(rejected).unwrap_or_default(),
        remark: (!remark.is_empty()).then(|| one_line(remark)),
    }
}

fn failure(error: reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::timeout()
    } else {
        Failure::connection(&error.without_url())
    }
}

/// A collector on this machine is not reached through a proxy.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Seconds, or a date (RFC 9110, section 10.2.3).
fn parse_retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(feature = "http-json")]
fn parse_json(answer: &[u8]) -> Accepted {
    let parsed: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    let partial = &parsed["partialSuccess"];
    // 64-bit integers are strings in the JSON of protobuf, but numbers must be read, too.
    let rejected = ["rejectedSpans", "rejectedDataPoints"]
        .into_iter()
        .find_map(|key| {
            partial[key]
                .as_i64()
                .or_else(|| partial[key].as_str()?.parse().ok())
        });
    accepted(
        rejected.unwrap_or_default(),
        partial["errorMessage"].as_str().unwrap_or_default(),
    )
}

#[cfg(not(feature = "http-json"))]
fn parse_json(_answer: &[u8]) -> Accepted {
    Accepted::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let parse = |text: &'static str| parse_retry_after(&HeaderValue::from_static(text));
        assert_eq!(parse("7"), Some(Duration::from_secs(7)));
        assert_eq!(parse(" 0 "), Some(Duration::ZERO));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(parse("soon"), None);
        assert_eq!(parse("-1"), None);
        let far = parse("Tue, 31 Dec 2199 23:59:59 GMT").unwrap();
        assert!(far > Duration::from_hours(24), "{far:?}");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, expected) in [
            ("http://localhost:4318/", true),
            ("http://127.0.0.1:4318/", true),
            ("http://[::1]:4318/", true),
            ("http://collector:4318/", false),
            ("http://10.0.0.1:4318/", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}

//! `OTEL_EXPORTER_OTLP_*`: the general variables and those of one signal.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use url::Url;

use super::reader::Reader;
use crate::export::{Compression, Protocol};

/// Where and how one signal is sent, as far as the environment says.
#[derive(Clone, Debug, Default)]
pub(crate) struct OtlpSettings {
    pub(crate) endpoint: Option<EndpointSetting>,
    /// Whether a variable names an endpoint, also one that cannot be used.
    pub(crate) has_endpoint: bool,
    /// Values are marked sensitive, so that `Debug` does not show them.
    pub(crate) headers: Option<HeaderMap>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) compression: Option<Compression>,
}

/// An endpoint, as it was given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum EndpointSetting {
    /// For all signals: over HTTP, a signal's path is appended.
    Base(Url),
    /// For one signal: used as it is.
    Exact(Url),
}

/// A URL can carry a password, so it is not shown.
impl std::fmt::Debug for EndpointSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Base(_) => "Base(..)",
            Self::Exact(_) => "Exact(..)",
        })
    }
}

impl OtlpSettings {
    /// Reads the variables of `signal` (`TRACES` or `METRICS`). Each of them wins over the
    /// general one.
    pub(super) fn read(reader: &mut Reader<'_>, signal: &str) -> Self {
        Self {
            endpoint: endpoint(reader, signal),
            has_endpoint: of_signal(reader, signal, "ENDPOINT").is_some(),
            headers: of_signal(reader, signal, "HEADERS")
                .map(|(name, value)| headers(reader, &name, &value)),
            timeout: of_signal(reader, signal, "TIMEOUT")
                .and_then(|(name, _)| reader.positive_millis(&name)),
            protocol: of_signal(reader, signal, "PROTOCOL")
                .and_then(|(name, value)| protocol(reader, &name, &value)),
            compression: of_signal(reader, signal, "COMPRESSION")
                .and_then(|(name, value)| compression(reader, &name, &value)),
        }
    }
}

/// Checks a header and marks its value sensitive.
pub(crate) fn parse_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = name.trim().parse().ok()?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Returns the signal's own variable if it is set, else the general one, with its name.
fn of_signal(reader: &Reader<'_>, signal: &str, what: &str) -> Option<(String, String)> {
    [
        format!("OTEL_EXPORTER_OTLP_{signal}_{what}"),
        format!("OTEL_EXPORTER_OTLP_{what}"),
    ]
    .into_iter()
    .find_map(|name| reader.text(&name).map(|value| (name, value)))
}

fn endpoint(reader: &mut Reader<'_>, signal: &str) -> Option<EndpointSetting> {
    let own = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
    if let Some(value) = reader.text(&own)
        && let Some(url) = parse_endpoint(reader, signal, &own, &value)
    {
        return Some(EndpointSetting::Exact(url));
    }
    let general = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let value = reader.text(general)?;
    parse_endpoint(reader, signal, general, &value).map(EndpointSetting::Base)
}

/// Values are not shown in warnings: they may hold credentials.
fn parse_endpoint(reader: &mut Reader<'_>, signal: &str, name: &str, value: &str) -> Option<Url> {
    // Only gRPC knows endpoints without a scheme; `INSECURE` then chooses one.
    let with_scheme = if value.contains("://") {
        value.to_owned()
    } else {
        let insecure = of_signal(reader, signal, "INSECURE")
            .is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"));
        format!("{}://{value}", if insecure { "http" } else { "https" })
    };
    match Url::parse(&with_scheme) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
        _ => {
            reader.warn(format!(
                "{name} is not an http or https URL: the default is used"
            ));
            None
        }
    }
}

/// `key=value` pairs, separated by commas, values percent-encoded (specification: "Specifying
/// headers via environment variables"). A pair that is not one is left out.
fn headers(reader: &mut Reader<'_>, name: &str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let pairs = value
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    for (index, pair) in pairs.enumerate() {
        let header = pair.split_once('=').and_then(|(key, value)| {
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            parse_header(key, &value)
        });
        match header {
            Some((key, value)) => {
                headers.append(key, value);
            }
            None => reader.warn(format!(
                "{name}: entry {} is not `name=value` with a valid header name and value: left out",
                index + 1
            )),
        }
    }
    headers
}

fn protocol(reader: &mut Reader<'_>, name: &str, value: &str) -> Option<Protocol> {
    let protocol = match value {
        "http/protobuf" => Protocol::HttpProtobuf,
        "http/json" => Protocol::HttpJson,
        "grpc" => Protocol::Grpc,
        _ => {
            reader.warn(format!(
                "{name}={value} is none of grpc, http/protobuf, http/json: http/protobuf is used"
            ));
            return None;
        }
    };
    match protocol.missing_feature() {
        None => Some(protocol),
        Some(feature) => {
            reader.warn(format!(
                "{name}={value} needs the feature `{feature}` of throughline-sdk: http/protobuf is used"
            ));
            None
        }
    }
}

fn compression(reader: &mut Reader<'_>, name: &str, value: &str) -> Option<Compression> {
    match value {
        "none" => Some(Compression::None),
        "gzip" if cfg!(feature = "gzip") => Some(Compression::Gzip),
        "gzip" => {
            reader.warn(format!(
                "{name}=gzip needs the feature `gzip` of throughline-sdk: nothing is compressed"
            ));
            None
        }
        _ => {
            reader.warn(format!(
                "{name}={value} is neither gzip nor none: nothing is compressed"
            ));
            None
        }
    }
}

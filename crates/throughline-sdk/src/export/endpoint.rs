//! Where telemetry is sent, without showing what is secret about it.

use std::fmt;

use url::Url;

use super::Protocol;
use crate::env::EndpointSetting;

/// What is sent: each has a path of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    pub(crate) fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Metrics => "v1/metrics",
        }
    }

    #[cfg(feature = "grpc")]
    pub(crate) fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }
}

/// The URL of one signal.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// Applies the rules of the exporter specification: a base URL gets the signal's path,
    /// a signal's own URL stays as it is, gRPC uses no path.
    pub(crate) fn new(
        setting: Option<EndpointSetting>,
        protocol: Protocol,
        signal: Signal,
    ) -> Self {
        let setting = setting.unwrap_or_else(|| EndpointSetting::Base(default_base(protocol)));
        Self(match setting {
            EndpointSetting::Exact(url) => url,
            EndpointSetting::Base(url) if protocol == Protocol::Grpc => url,
            EndpointSetting::Base(mut url) => {
                let path = format!(
                    "{}/{}",
                    url.path().trim_end_matches('/'),
                    signal.http_path()
                );
                url.set_path(&path);
                url
            }
        })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.0.port_or_known_default()
    }
}

/// User, password and query are not shown: each may be a credential.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.0.scheme())?;
        if !self.0.username().is_empty() || self.0.password().is_some() {
            f.write_str("REDACTED@")?;
        }
        f.write_str(self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())?;
        if self.0.query().is_some() {
            f.write_str("?REDACTED")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn default_base(protocol: Protocol) -> Url {
    let url = match protocol {
        Protocol::Grpc => "http://localhost:4317",
        Protocol::HttpProtobuf | Protocol::HttpJson => "http://localhost:4318",
    };
    Url::parse(url).expect("a literal URL that parses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_path_is_appended_to_a_base_only() {
        let base = |url: &str| Some(EndpointSetting::Base(url.parse().unwrap()));
        let exact = |url: &str| Some(EndpointSetting::Exact(url.parse().unwrap()));
        let http = Protocol::HttpProtobuf;
        // (setting, protocol, signal, expected)
        let table = [
            (
                None,
                http,
                Signal::Traces,
                "http://localhost:4318/v1/traces",
            ),
            (
                None,
                http,
                Signal::Metrics,
                "http://localhost:4318/v1/metrics",
            ),
            (
                None,
                Protocol::Grpc,
                Signal::Traces,
                "http://localhost:4317/",
            ),
            (
                base("http://c:1"),
                http,
                Signal::Traces,
                "http://c:1/v1/traces",
            ),
            (
                base("http://c:1/"),
                http,
                Signal::Traces,
                "http://c:1/v1/traces",
            ),
            (
                base("http://c:1/a/b"),
                http,
                Signal::Metrics,
                "http://c:1/a/b/v1/metrics",
            ),
            (
                base("http://c:1/a/b/"),
                http,
                Signal::Traces,
                "http://c:1/a/b/v1/traces",
            ),
            (
                base("http://c:1/a"),
                Protocol::Grpc,
                Signal::Traces,
                "http://c:1/a",
            ),
            (exact("http://c:1"), http, Signal::Traces, "http://c:1/"),
            (
                exact("http://c:1/mine"),
                http,
                Signal::Traces,
                "http://c:1/mine",
            ),
        ];
        for (setting, protocol, signal, expected) in table {
            let endpoint = Endpoint::new(setting.clone(), protocol, signal);
            assert_eq!(endpoint.url().as_str(), expected, "{setting:?}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let setting = EndpointSetting::Base(
            "https://me:secret@c.example:1/x?token=hidden"
                .parse()
                .unwrap(),
        );
        let endpoint = Endpoint::new(
            Some(setting.clone()),
            Protocol::HttpProtobuf,
            Signal::Traces,
        );
        let shown = format!("{endpoint} {endpoint:?} {setting:?}");
        assert!(
            shown.starts_with("https://REDACTED@c.example:1/x/v1/traces?REDACTED"),
            "{shown}"
        );
        assert!(!shown.contains("secret") && !shown.contains("hidden") && !shown.contains("me:"));
    }
}

//! Sending one request, and what can come of it.

use std::{error::Error, io, time::Duration};

use bytes::Bytes;
use http::HeaderMap;

use super::{Compression, Endpoint, Protocol, Signal, encode::Encoding, http::HttpClient};
use crate::report::LossReason;

/// Where and how one signal is sent.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) signal: Signal,
    pub(crate) endpoint: Endpoint,
    /// Values are marked sensitive.
    pub(crate) headers: HeaderMap,
    pub(crate) protocol: Protocol,
    pub(crate) compression: Compression,
    /// For one attempt.
    pub(crate) timeout: Duration,
}

impl Destination {
    pub(super) fn encoding(&self) -> Encoding {
        Encoding {
            protocol: self.protocol,
            compression: self.compression,
        }
    }
}

/// Sends to one destination. Built and used on the export thread only.
#[derive(Debug)]
pub(super) enum Client {
    Http(HttpClient),
    #[cfg(feature = "grpc")]
    Grpc(super::grpc::GrpcClient),
}

impl Client {
    pub(super) fn new(destination: &Destination) -> Result<Self, String> {
        match destination.protocol {
            #[cfg(feature = "grpc")]
            Protocol::Grpc => super::grpc::GrpcClient::new(destination).map(Self::Grpc),
            _ => HttpClient::new(destination).map(Self::Http),
        }
    }

    /// Sends one encoded request, once and without a time limit.
    pub(super) async fn send(&self, body: Bytes) -> Result<Accepted, Failure> {
        match self {
            Self::Http(client) => client.send(body).await,
            #[cfg(feature = "grpc")]
            Self::Grpc(client) => client.send(body).await,
        }
    }
}

/// The collector took the request, at least in part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    /// Items that it refused (OTLP partial success).
    pub(super) rejected: u64,
    /// What it said about them, or as a warning.
    pub(super) remark: Option<String>,
}

/// The collector did not take the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// How long the collector asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// What the transport says, without URLs.
    pub(super) detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nothing listens there.
    Refused,
    /// No connection, or a broken one.
    Connection,
    /// No answer in time.
    Timeout,
    Http(u16),
    #[cfg_attr(
        not(feature = "grpc"),
        expect(dead_code, reason = "made by the gRPC client")
    )]
    Grpc(i32),
}

impl Failure {
    pub(super) fn timeout() -> Self {
        Self {
            cause: Cause::Timeout,
            retry_after: None,
            detail: String::new(),
        }
    }

    /// A failure of the connection, by what is at the bottom of `error`.
    pub(super) fn connection(error: &(dyn Error + 'static)) -> Self {
        let is_refused = causes(error).any(|cause| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
        });
        let cause = if is_refused {
            Cause::Refused
        } else {
            Cause::Connection
        };
        Self {
            cause,
            retry_after: None,
            detail: chain(error),
        }
    }

    /// Whether sending the same again may help (specification: "OTLP/HTTP Response",
    /// "Retryable Response Codes"; "OTLP/gRPC", "Failures").
    pub(super) fn is_retryable(&self) -> bool {
        match self.cause {
            Cause::Refused | Cause::Connection | Cause::Timeout => true,
            Cause::Http(status) => matches!(status, 429 | 502 | 503 | 504),
            // RESOURCE_EXHAUSTED is for ever, unless the server says when to come again.
            Cause::Grpc(8) => self.retry_after.is_some(),
            Cause::Grpc(code) => matches!(code, 1 | 4 | 10 | 11 | 14 | 15),
        }
    }

    pub(super) fn reason(&self) -> LossReason {
        match self.cause {
            Cause::Refused | Cause::Connection => LossReason::ConnectionFailed,
            Cause::Timeout => LossReason::Timeout,
            Cause::Http(status) => LossReason::HttpStatus(status),
            Cause::Grpc(code) => LossReason::GrpcStatus(code),
        }
    }

    /// Says what happened and what to do about it.
    pub(super) fn explain(&self, destination: &Destination) -> String {
        let endpoint = &destination.endpoint;
        let detail = &self.detail;
        match self.cause {
            Cause::Refused => format!(
                "connection refused at {endpoint}: is a collector listening there? Set \
                 OTEL_EXPORTER_OTLP_ENDPOINT to where it is, or OTEL_TRACES_EXPORTER=none and \
                 OTEL_METRICS_EXPORTER=none to export nothing"
            ),
            Cause::Connection => {
                let hint = connection_hint(destination, detail);
                format!("no connection to {endpoint}: {detail}{hint}")
            }
            Cause::Timeout => format!(
                "no answer from {endpoint} within {:?}: is the collector overloaded, or the port \
                 filtered? OTEL_EXPORTER_OTLP_TIMEOUT sets the limit in milliseconds",
                destination.timeout
            ),
            Cause::Http(status) => {
                let hint = http_hint(status);
                format!("{endpoint} answered {status}{hint}")
            }
            Cause::Grpc(code) => {
                let hint = grpc_hint(code);
                format!("{endpoint} answered gRPC status {code} ({detail}){hint}")
            }
        }
    }
}

/// Shortens what a server said, to one printable line.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let part = cause.to_string();
        // Many errors repeat the text of their source.
        if !parts.last().is_some_and(|last| last.contains(&part)) {
            parts.push(part);
        }
    }
    one_line(&parts.join(": "))
}

/// Returns `error` and what is below it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn connection_hint(destination: &Destination, detail: &str) -> &'static str {
    if destination.endpoint.is_tls() && !cfg!(feature = "tls") {
        "; https needs the feature `tls` of throughline-sdk"
    } else if detail.contains("dns") {
        "; check the host name in OTEL_EXPORTER_OTLP_ENDPOINT"
    } else if destination.endpoint.is_tls() {
        "; does the server speak TLS on this port, with a certificate that this machine trusts?"
    } else if destination.protocol != Protocol::Grpc && destination.endpoint.port() == Some(4317) {
        "; 4317 is usually the gRPC port: use 4318, or OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
    } else if destination.protocol == Protocol::Grpc && destination.endpoint.port() == Some(4318) {
        "; 4318 is usually the HTTP port: use 4317, or OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
    } else {
        ""
    }
}

fn http_hint(status: u16) -> &'static str {
    match status {
        300..=399 => ": a redirect, which is not followed; set the final URL",
        400 => ": it cannot read the request; is that an OTLP receiver of this protocol?",
        401 | 403 => ": check the credentials in OTEL_EXPORTER_OTLP_HEADERS",
        404 | 405 => ": is the path right? A collector takes traces at /v1/traces",
        413 => ": the batch is too large; lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        415 => ": it does not take this encoding; check OTEL_EXPORTER_OTLP_PROTOCOL",
        429 | 502..=504 => ": it is overloaded or down for the moment; sending is retried",
        _ => "",
    }
}

fn grpc_hint(code: i32) -> &'static str {
    match code {
        7 | 16 => ": check the credentials in OTEL_EXPORTER_OTLP_HEADERS",
        12 => ": is that an OTLP receiver?",
        8 | 14 => ": it is overloaded or down for the moment",
        _ => "",
    }
}

//! OTLP requests as bytes.

use std::fmt;

use bytes::Bytes;
use opentelemetry_proto::{
    tonic::collector::{
        metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
    },
    transform::{
        common::tonic::ResourceAttributesWithSchema,
        trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{metrics::data::ResourceMetrics, trace::SpanData};
use prost::Message;

/// How OTLP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `http/protobuf`, the default.
    #[default]
    HttpProtobuf,
    /// `http/json`. Needs the feature `http-json`.
    HttpJson,
    /// `grpc`. Needs the feature `grpc`.
    Grpc,
}

impl Protocol {
    pub(crate) fn missing_feature(self) -> Option<&'static str> {
        match self {
            Self::HttpJson if !cfg!(feature = "http-json") => Some("http-json"),
            Self::Grpc if !cfg!(feature = "grpc") => Some("grpc"),
            _ => None,
        }
    }
}

/// The name is that of `OTEL_EXPORTER_OTLP_PROTOCOL`.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
            Self::Grpc => "grpc",
        })
    }
}

/// How the body of an OTLP request over HTTP is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all, the default.
    #[default]
    None,
    /// With gzip. Needs the feature `gzip`.
    Gzip,
}

/// How requests of one signal become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) protocol: Protocol,
    pub(super) compression: Compression,
}

impl Encoding {
    /// Encodes spans. The only way to fail is JSON's.
    pub(super) fn spans(
        self,
        spans: Vec<SpanData>,
        resource: &ResourceAttributesWithSchema,
    ) -> Result<Bytes, String> {
        let resource_spans = group_spans_by_resource_and_scope(spans, resource);
        let request = ExportTraceServiceRequest { resource_spans };
        #[cfg(feature = "http-json")]
        if self.protocol == Protocol::HttpJson {
            return self.json(&request);
        }
        self.compress(request.encode_to_vec())
    }

    pub(super) fn metrics(self, metrics: &ResourceMetrics) -> Result<Bytes, String> {
        let request = ExportMetricsServiceRequest::from(metrics);
        #[cfg(feature = "http-json")]
        if self.protocol == Protocol::HttpJson {
            return self.json(&request);
        }
        self.compress(request.encode_to_vec())
    }

    #[cfg(feature = "http-json")]
    fn json(self, request: &impl serde::Serialize) -> Result<Bytes, String> {
        let body = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        self.compress(body)
    }

    #[cfg(feature = "gzip")]
    fn compress(self, body: Vec<u8>) -> Result<Bytes, String> {
        use std::io::Write as _;

        if self.compression == Compression::None || self.protocol == Protocol::Grpc {
            return Ok(body.into());
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let written = encoder.write_all(&body).and_then(|()| encoder.finish());
        written.map(Bytes::from).map_err(|error| error.to_string())
    }

    #[cfg(not(feature = "gzip"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "the same shape with the feature `gzip`"
    )]
    fn compress(self, body: Vec<u8>) -> Result<Bytes, String> {
        Ok(body.into())
    }
}

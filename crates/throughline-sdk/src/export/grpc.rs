//! OTLP over gRPC.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};
use http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

use super::{
    Destination,
    client::{Accepted, Cause, Failure, one_line},
    http::accepted,
};

const USER_AGENT: &str = concat!(
    "OTel-OTLP-Exporter-Rust-throughline/",
    env!("CARGO_PKG_VERSION")
);

#[derive(Debug)]
pub(super) struct GrpcClient {
    channel: Channel,
    path: PathAndQuery,
    metadata: MetadataMap,
}

impl GrpcClient {
    /// Must be called inside the export thread's runtime. Connects at the first request.
    pub(super) fn new(destination: &Destination) -> Result<Self, String> {
        let endpoint = Endpoint::from_shared(destination.endpoint.url().to_string())
            .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
            .map_err(|_| format!("{} is not a gRPC endpoint", destination.endpoint))?
            .connect_timeout(destination.timeout);
        #[cfg(feature = "tls")]
        let endpoint = if destination.endpoint.is_tls() {
            let tls = tonic::transport::ClientTlsConfig::new().with_native_roots();
            endpoint
                .tls_config(tls)
                .map_err(|error| error.to_string())?
        } else {
            endpoint
        };
        Ok(Self {
            channel: endpoint.connect_lazy(),
            path: PathAndQuery::from_static(destination.signal.grpc_path()),
            metadata: MetadataMap::from_headers(destination.headers.clone()),
        })
    }

    pub(super) async fn send(&self, body: Bytes) -> Result<Accepted, Failure> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready()
            .await
            .map_err(|error| Failure::connection(&error))?;
        let mut request = Request::new(body);
        *request.metadata_mut() = self.metadata.clone();
        let response = grpc
            .unary(request, self.path.clone(), Encoded)
            .await
            .map_err(|status| failure(&status))?;
        Ok(response
            .into_inner()
            .partial_success
            .map_or_else(Accepted::default, |partial| {
                accepted(partial.rejected_spans, &partial.error_message)
            }))
    }
}

fn failure(status: &Status) -> Failure {
    // What the transport could not do also comes as a status, with an error below it.
    if let Some(source) = std::error::Error::source(status) {
        return Failure::connection(source);
    }
    Failure {
        cause: Cause::Grpc(i32::from(status.code())),
        retry_after: retry_info(status.details()),
        detail: one_line(status.message()),
    }
}

/// Sends a message that is encoded already, so that an attempt costs no second encoding.
#[derive(Clone, Copy, Debug)]
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    /// The answer for metrics has the same fields under the same numbers.
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = ExportTraceServiceResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        // An answer that cannot be read is one without remarks.
        Ok(Some(
            ExportTraceServiceResponse::decode(bytes).unwrap_or_default(),
        ))
    }
}

/// Finds `google.rpc.RetryInfo` in the details of a status.
fn retry_info(details: &[u8]) -> Option<Duration> {
    let status = RpcStatus::decode(details).ok()?;
    let info = status
        .details
        .iter()
        .find(|any| any.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(&*info.value).ok()?.retry_delay?;
    let seconds = u64::try_from(delay.seconds).ok()?;
    let nanos = u32::try_from(delay.nanos).ok()?;
    Some(Duration::new(seconds, nanos.min(999_999_999)))
}

/// `google.rpc.Status`, as far as it is needed.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<RpcAny>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct RpcAny {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, Copy, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<RpcDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
struct RpcDuration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_info_is_found_among_other_details() {
        let info = RetryInfo {
            retry_delay: Some(RpcDuration {
                seconds: 2,
                nanos: 500_000_000,
            }),
        };
        let any = |name: &str, value| RpcAny {
            type_url: format!("type.googleapis.com/{name}"),
            value,
        };
        let status = RpcStatus {
            details: vec![
                any("google.rpc.DebugInfo", vec![1, 2, 3]),
                any("google.rpc.RetryInfo", info.encode_to_vec()),
            ],
        };
        assert_eq!(
            retry_info(&status.encode_to_vec()),
            Some(Duration::from_millis(2_500))
        );
        assert_eq!(retry_info(b""), None);
        assert_eq!(retry_info(b"\xff\xff\xff"), None);
    }
}

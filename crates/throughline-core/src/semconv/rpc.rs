//! gRPC over HTTP.
//!
//! Source: [gRPC](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/rpc/grpc.md) and the
//! [gRPC protocol](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).

use http::HeaderValue;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};

/// `rpc.system.name` of gRPC.
pub const GRPC: &str = "grpc";

/// The header or trailer that carries the status code.
pub const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Says whether a message is gRPC by its content type: `application/grpc`, alone or followed by `+` or `;`.
///
/// gRPC-Web (`application/grpc-web`) is not: it writes its trailers into the body, where nobody here looks.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    const TYPE: &[u8] = b"application/grpc";
    let Some(value) = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else {
        return false;
    };
    match value.split_at_checked(TYPE.len()) {
        Some((head, rest)) => {
            head.eq_ignore_ascii_case(TYPE)
                && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
        }
        None => false,
    }
}

/// Gives `rpc.method` of a request path: `package.Service/Method`.
///
/// `None` for a path of another form. RPC spans, `rpc.method`: the fully-qualified name. It is the caller's: on a server use it
/// only where the router knows the method, and `_OTHER` elsewhere.
pub fn method(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let (service, method) = name.split_once('/')?;
    (!service.is_empty() && !method.is_empty() && !method.contains('/')).then_some(name)
}

/// A gRPC status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GrpcStatus(u8);

impl GrpcStatus {
    /// The call succeeded.
    pub const OK: Self = Self(0);
    /// The status that stands for every one that is missing or cannot be read.
    pub const UNKNOWN: Self = Self(2);

    /// Reads `grpc-status` from headers (of a response without a body) or trailers; `None` when it is absent.
    ///
    /// What is no code of gRPC is [`UNKNOWN`](Self::UNKNOWN), as clients of gRPC take it.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        headers
            .get(GRPC_STATUS)
            .map(|value| Self::from_bytes(value.as_bytes()))
    }

    /// Reads the decimal text of a code; what is no code of gRPC is [`UNKNOWN`](Self::UNKNOWN).
    pub fn from_bytes(text: &[u8]) -> Self {
        match *text {
            [ones @ b'0'..=b'9'] => Self(ones - b'0'),
            [b'1', ones @ b'0'..=b'6'] => Self(10 + ones - b'0'),
            _ => Self::UNKNOWN,
        }
    }

    /// Gives the number of the code, 0 to 16.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// Gives `rpc.response.status_code`, which is also the `error.type` of a failed call.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or("UNKNOWN")
    }

    /// Says whether the code makes the server's span an error.
    ///
    /// gRPC server spans: the codes that are not the caller's fault.
    pub const fn is_server_error(self) -> bool {
        // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
        matches!(self.0, 2 | 4 | 12 | 13 | 14 | 15)
    }

    /// Says whether the code makes the client's span an error: every one but `OK`.
    ///
    /// gRPC client spans.
    pub const fn is_client_error(self) -> bool {
        self.0 != 0
    }
}

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names_and_are_judged_per_side() {
        for (text, name, server, client) in [
            ("0", "OK", false, false),
            ("1", "CANCELLED", false, true),
            ("2", "UNKNOWN", true, true),
            ("3", "INVALID_ARGUMENT", false, true),
            ("4", "DEADLINE_EXCEEDED", true, true),
            ("5", "NOT_FOUND", false, true),
            ("6", "ALREADY_EXISTS", false, true),
            ("7", "PERMISSION_DENIED", false, true),
            ("8", "RESOURCE_EXHAUSTED", false, true),
            ("9", "FAILED_PRECONDITION", false, true),
            ("10", "ABORTED", false, true),
            ("11", "OUT_OF_RANGE", false, true),
            ("12", "UNIMPLEMENTED", true, true),
            ("13", "INTERNAL", true, true),
            ("14", "UNAVAILABLE", true, true),
            ("15", "DATA_LOSS", true, true),
            ("16", "UNAUTHENTICATED", false, true),
            ("17", "UNKNOWN", true, true),
            ("00", "UNKNOWN", true, true),
            ("-1", "UNKNOWN", true, true),
            ("", "UNKNOWN", true, true),
            ("ok", "UNKNOWN", true, true),
        ] {
            let status = GrpcStatus::from_bytes(text.as_bytes());
            assert_eq!(status.name(), name, "{text}");
            assert_eq!(status.is_server_error(), server, "{text}");
            assert_eq!(status.is_client_error(), client, "{text}");
        }
    }

    #[test]
    fn the_status_is_read_from_headers_or_trailers() {
        let mut headers = HeaderMap::new();
        assert_eq!(GrpcStatus::from_headers(&headers), None);
        headers.insert(GRPC_STATUS, HeaderValue::from_static("5"));
        assert_eq!(
            GrpcStatus::from_headers(&headers).map(GrpcStatus::code),
            Some(5)
        );
    }

    #[test]
    fn grpc_is_told_by_its_content_type() {
        for (content_type, grpc) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/GRPC; charset=x", true),
            ("application/grpc-web", false),
            ("application/grpcx", false),
            ("application/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            assert_eq!(is_grpc(&headers), grpc, "{content_type}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }

    #[test]
    fn methods_are_fully_qualified() {
        for (path, name) in [
            ("/pkg.Greeter/SayHello", Some("pkg.Greeter/SayHello")),
            ("/Greeter/SayHello", Some("Greeter/SayHello")),
            ("/SayHello", None),
            ("//SayHello", None),
            ("/Greeter/", None),
            ("/a/b/c", None),
            ("Greeter/SayHello", None),
            ("*", None),
        ] {
            assert_eq!(method(path), name, "{path}");
        }
    }
}

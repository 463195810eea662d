//! Metric names, units and bucket bounds.

super::names::names! {
    /// histogram, s, stable, OpenTelemetry HTTP: duration of the whole exchange at the server.
    HTTP_SERVER_REQUEST_DURATION = "http.server.request.duration";
    /// up-down counter, {request}, development, OpenTelemetry HTTP: requests in progress at the server.
    HTTP_SERVER_ACTIVE_REQUESTS = "http.server.active_requests";
    /// histogram, By, development, OpenTelemetry HTTP: bytes of request bodies read by the server.
    HTTP_SERVER_REQUEST_BODY_SIZE = "http.server.request.body.size";
    /// histogram, By, development, OpenTelemetry HTTP: bytes of response bodies sent by the server.
    HTTP_SERVER_RESPONSE_BODY_SIZE = "http.server.response.body.size";
    /// histogram, s, stable, OpenTelemetry HTTP: duration of one attempt of the client.
    HTTP_CLIENT_REQUEST_DURATION = "http.client.request.duration";
    /// histogram, s, stable, OpenTelemetry database: duration of one database call.
    DB_CLIENT_OPERATION_DURATION = "db.client.operation.duration";
    /// counter, {request}, ours: values that were looked up in a cache.
    THROUGHLINE_CACHE_REQUESTS = "throughline.cache.requests";
}

/// Unit of durations.
pub const SECONDS: &str = "s";
/// Unit of sizes.
pub const BYTES: &str = "By";
/// Unit of [`HTTP_SERVER_ACTIVE_REQUESTS`] and [`THROUGHLINE_CACHE_REQUESTS`].
pub const REQUESTS: &str = "{request}";

/// Bucket bounds of the HTTP durations, in seconds.
///
/// HTTP metrics, `http.server.request.duration`: the advised `ExplicitBucketBoundaries`.
pub const HTTP_DURATION_BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Bucket bounds of [`DB_CLIENT_OPERATION_DURATION`], in seconds.
///
/// Database metrics, `db.client.operation.duration`: the advised `ExplicitBucketBoundaries`.
pub const DB_DURATION_BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Bucket bounds of body sizes, in bytes: four times the last from 64 B to 16 MiB.
///
/// The conventions advise none; the SDK's default bounds end at 10 kB, which is no help for bodies.
pub const BODY_SIZE_BOUNDS: [f64; 11] = [
    0.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_grow_strictly() {
        for bounds in [
            &HTTP_DURATION_BOUNDS[..],
            &DB_DURATION_BOUNDS,
            &BODY_SIZE_BOUNDS,
        ] {
            assert!(
                bounds.windows(2).all(|pair| pair[0] < pair[1]),
                "{bounds:?}"
            );
        }
    }
}

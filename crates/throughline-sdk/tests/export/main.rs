//! Export against a collector that answers as a test says: what arrives, what is lost, and
//! whether the two add up.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod collector;
mod endings;
mod failures;
#[cfg(feature = "grpc")]
mod grpc;
mod load;
mod secrets;
mod signals;
mod sinks;

use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use throughline_sdk::{Builder, Guard};

/// A builder that reads no environment and sends spans to `url`, no metrics.
fn sending_to(url: &str) -> Builder {
    throughline_sdk::builder("test")
        .with_env(|_| None)
        .with_endpoint(url)
        .with_metrics(false)
}

/// Ends this many spans, each a trace of its own.
fn end_spans(guard: &Guard, count: usize) {
    let tracer = guard.tracer_provider().unwrap().tracer("test");
    for _ in 0..count {
        tracer.start("span").end();
    }
}

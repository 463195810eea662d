//! Finished spans as data.
//!
//! A [`SpanRecord`] is what is left of a span after its end. It is made of OpenTelemetry API
//! types only, so that whoever reads spans (the console, a viewer, a test) needs no SDK.

mod sink;
mod span;

pub use sink::SpanSink;
pub use span::SpanRecord;

#[cfg(test)]
mod tests;

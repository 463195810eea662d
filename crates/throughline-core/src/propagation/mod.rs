//! Context across services: W3C trace context and baggage.
//!
//! [`Propagation`] says which formats a layer reads and writes. [`W3cPropagator`] is the same codec behind
//! OpenTelemetry's [`TextMapPropagator`](opentelemetry::propagation::TextMapPropagator), so that it can be
//! the process-wide propagator too. [`Traceparent`] is the one header value on its own, for places that are no
//! carrier: response headers, SQL comments, columns.
//!
//! # Incoming
//!
//! | field | rule | source |
//! |---|---|---|
//! | `traceparent` | version 00 is exactly 55 bytes; a higher version is read by its first 55; `ff`, upper-case hex and zero ids are invalid; two fields are as bad as none | [Trace Context 2, §3.2] |
//! | | flags: *sampled* and *random* are kept, reserved bits are cleared | §3.2.2.5 |
//! | `tracestate` | several fields are one list; 32 members; one bad member drops the list, never the trace; the first of two equal keys counts | [Trace Context 2, §3.3] |
//! | `baggage` | several fields are one list; a bad member is dropped alone; the last of two equal keys counts | [Baggage, §3.3] |
//!
//! Without a valid `traceparent` there is no `tracestate` either, and the context stays as it was: the next span
//! is a root, unless the base context already has a span.
//!
//! # Outgoing
//!
//! A `traceparent` and a `tracestate` that were already on the carrier are replaced, because they name another
//! parent. Nothing is written for an invalid span context, so a service without a tracer passes on what it was
//! given. No empty `tracestate` is ever sent.
//!
//! # Limits
//!
//! Work is linear in the length of the fields, and memory is bounded:
//!
//! - `tracestate`: 2,048 bytes. A longer list loses whole members, those of more than 128 bytes first, then from
//!   the end (§3.3.1.5). The specification asks for at least 512.
//! - `baggage`: 64 members and 8,192 bytes, which is what the specification asks for and what
//!   [`Baggage`](opentelemetry::baggage::Baggage) can hold. Members that do not fit are left out one by one.
//!
//! # Members that OpenTelemetry's `TraceState` refuses
//!
//! Level 2 allows `@` anywhere in a `tracestate` key; [`TraceState`](opentelemetry::trace::TraceState) allows
//! one, near the end. The members that it can hold stand on the span, and so on what is exported. A list that has
//! others is kept beside it in the [`Context`](opentelemetry::Context), for this trace id only, and the two are
//! merged again on the way out: members that were added or changed come first, the rest keep their order. A
//! context made from the bare span context forgets the others.
//!
//! [Trace Context 2, §3.2]: https://www.w3.org/TR/trace-context-2/#traceparent-header
//! [Trace Context 2, §3.3]: https://www.w3.org/TR/trace-context-2/#tracestate-header
//! [Baggage, §3.3]: https://www.w3.org/TR/baggage/#header-content

mod baggage;
mod carrier;
mod formats;
mod grammar;
mod hex;
mod propagator;
mod traceparent;
mod tracestate;
mod w3c;

#[cfg(test)]
mod tests;

pub use formats::Propagation;
pub use propagator::W3cPropagator;
pub use traceparent::{Traceparent, inherit_random_flag};

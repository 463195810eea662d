//! One attempt of an HTTP client: what the tower layer and the reqwest client share.
//!
//! An [`Attempts`] holds a client's settings. For each request that goes on the wire it
//! starts an [`Attempt`]: a CLIENT span, whose ids are written into the request's headers.
//! The client then says how it ended: a response, a failure, or nothing at all when the
//! caller dropped it. Every attempt is one span and one measurement of
//! `http.client.request.duration`; a retry or a redirect is an attempt of its own, a sibling
//! of the one before.
//!
//! Source: HTTP spans, "HTTP client", and HTTP metrics, `http.client.request.duration`.

mod attempt;
mod attempts;
mod cause;
mod endpoint;
mod instruments;
mod propagate_to;
mod request;
mod resend_count;

pub use attempt::{Attempt, Entered, Observed, ResponseHead};
pub use attempts::Attempts;
pub use cause::{describe, error_type};
pub use propagate_to::{Hosts, PropagateTo};
pub use request::{Outgoing, Target, UrlTemplate};
pub use resend_count::ResendCount;

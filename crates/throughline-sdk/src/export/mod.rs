//! From an ended span to an answer of the collector.
//!
//! ```text
//!   request's thread              export thread, with a runtime of its own
//!   ----------------              ----------------------------------------
//!   Processor::on_end
//!     | sampled?                  1  wake up: a batch is full, the delay is over, flush
//!     v                           2  take up to a batch; the console sees it
//!   Queue (bounded) ------------> 3  encode once
//!     | full: count, drop         4  send; on a failure that may pass, wait and send again
//!                                 5  count: delivered, rejected, lost and why
//! ```
//!
//! - **Batching.** A batch goes out when it is full, when its oldest span has waited for the
//!   schedule delay, and on a flush. Up to four are under way at a time; one while the
//!   collector fails.
//! - **Retries.** Here and nowhere below: no connection, no answer in time, and the answers
//!   that OTLP calls retryable, with exponential back-off, jitter and `Retry-After`, until
//!   the export time-out of the batch is over. Meanwhile the queue goes on accepting.
//! - **Full.** The newest span is dropped and counted. Back-pressure would be paid by the
//!   requests, which are what matters.
//! - **Flushing.** A flush waits for what was queued when it was called. A shutdown sends
//!   what is there until its deadline, and counts the rest as lost.
//!
//! One OS thread owns a current-thread runtime in which the client is built and driven. So it
//! makes no difference whether the application has a runtime, of which kind, whether it still
//! runs, and how reqwest was compiled. Telemetry is suppressed on that thread: exporting a
//! span makes no span.
//!
//! Requests are built from opentelemetry-proto and sent by a client of our own, not by
//! opentelemetry-otlp: that retries by itself within one time limit, so that a request which
//! timed out is lost, and it tells neither the status nor how many spans were rejected.

mod attributes;
mod client;
mod console;
mod delivery;
mod encode;
mod endpoint;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
mod processor;
mod queue;
mod retry;
mod stats;
mod thread;
mod worker;

pub use encode::{Compression, Protocol};

pub(crate) use attributes::keep_last;
pub(crate) use client::Destination;
pub(crate) use delivery::MetricSender;
pub(crate) use endpoint::{Endpoint, Signal};
pub(crate) use processor::Processor;
pub(crate) use queue::Queue;
pub(crate) use stats::{SignalStats, Stats};
pub(crate) use thread::{ExportThread, LONGEST, Plan};

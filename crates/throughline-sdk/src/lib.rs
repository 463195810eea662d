//! Set-up, export, health and shutdown of throughline.
//!
//! ```no_run
//! # async fn serve() {}
//! #[tokio::main]
//! async fn main() -> Result<(), throughline_sdk::InitError> {
//!     let telemetry = throughline_sdk::init("users-api")?;
//!     serve().await;
//!     println!("{}", telemetry.shutdown().await); // delivered 120 spans, lost 0
//!     Ok(())
//! }
//! ```
//!
//! [`init`] reads the `OTEL_*` variables and installs telemetry for the process; [`builder`]
//! does the same with settings in code, and can [build](Builder::build) a pipeline without
//! globals. This is the only crate of throughline that reads the environment; the variables
//! are listed in `docs/environment.md`.
//!
//! # What an operator wants to know
//!
//! - **Batching.** A batch of 512 spans is sent when it is full, what does not fill one every
//!   5 seconds. Up to four batches are under way at a time.
//! - **Retries.** No connection, no answer in 10 seconds, and answers that say "later" are
//!   tried again for 30 seconds, with growing waits, and as the collector's `Retry-After`
//!   asks. Everything else is lost at once. What the collector refuses of a batch is lost.
//! - **Full.** 2048 spans can wait. Further ones are dropped; a request never waits for
//!   telemetry.
//! - **Ending.** [`Guard::shutdown`] delivers what has ended, for up to 5 seconds, and tells
//!   what was delivered and what was lost.
//! - **Losses.** Every span that was sampled and ended is counted once, as delivered or as lost
//!   for a [reason](LossReason): in the [`Report`] of the shutdown and in [`Health`].
//! - **Without a collector.** One warning in the log, the reason in [`Health`], nothing else.
//!
//! # The way of a span
//!
//! ```text
//!  your code            span.end()
//!                           | not sampled: nothing more
//!                           v
//!  any thread           queue, bounded            full: counted, dropped
//!                           |
//!  ---------------------------------------------------------------------
//!                           v
//!  thread               batch -> console          a copy, when it is on
//!  "throughline-            |
//!   export"             encode -> send -> answer  delivered, rejected, lost
//!                                  ^        |
//!                                  +--wait--+     what may pass
//! ```
//!
//! The export thread has a runtime of its own, in which the client is built and driven. So
//! telemetry works from every kind of runtime and from none, a shutdown cannot deadlock, and
//! a hanging collector hangs nobody else.
//!
//! # Features
//!
//! | feature | what for |
//! | --- | --- |
//! | `tls` (default) | `https` endpoints |
//! | `grpc` | the protocol `grpc` |
//! | `http-json` | the protocol `http/json` |
//! | `gzip` | compressed requests |
//! | `axum` | the handler `health()` |

mod builder;
mod configuration;
mod env;
mod error;
mod export;
mod guard;
pub mod health;
mod ids;
mod init;
mod log;
#[cfg(feature = "logs")]
pub mod logs;
mod metrics;
mod record;
mod report;
mod resource;
mod sampler;

pub use builder::Builder;
pub use error::InitError;
pub use export::{Compression, Protocol};
pub use guard::Guard;
pub use health::Health;
#[cfg(feature = "axum")]
pub use health::health;
pub use init::{builder, init};
pub use report::{LossReason, Report};
pub use sampler::Sampling;

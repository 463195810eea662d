//! The vocabulary of throughline: context, propagation, semantic conventions, spans.
//!
//! An application uses the `throughline` facade, a library that instruments something
//! depends on this crate. It knows OpenTelemetry's API and nothing of its SDK, of runtimes,
//! servers or exporters, and it never reads the environment.
//!
//! | module | what it has |
//! | --- | --- |
//! | [`telemetry`] | where spans and metrics go, and starting spans cheaply |
//! | [`span`](mod@span) | spans by hand, and the current span |
//! | [`context`] | context in futures, streams, spawned tasks and closures |
//! | [`propagation`] | context across services: W3C trace context and baggage |
//! | [`http_client`] | one attempt of an HTTP client |
//! | [`semconv`] | semantic conventions as pure functions |
//! | [`outcome`] | how an operation ended |
//! | [`redact`] | what must not leave the process |
//! | [`record`], [`tree`] | finished spans as data, and as text |
//! | [`clock`] | one clock for spans and metrics |

pub mod clock;
pub mod context;
pub mod http_client;
pub mod outcome;
pub mod propagation;
pub mod record;
pub mod redact;
pub mod semconv;
pub mod span;
pub mod telemetry;
pub mod tree;

#[cfg(feature = "tokio")]
pub use context::{JoinSetExt, spawn, spawn_blocking};
pub use span::{current, span};

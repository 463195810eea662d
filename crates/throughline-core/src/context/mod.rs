//! Context that is current while work runs, and context that outlives the work.
//!
//! OpenTelemetry's current context belongs to a thread, an async task moves between
//! threads. So the context is attached for the duration of each poll, and for nothing else:
//! no guard is ever held across an await. [`Attached`] does that.
//!
//! Work that outlives the operation that caused it (a spawned task, an item in a channel)
//! must not hold the operation's context: a clone of it keeps the span alive. [`Detached`]
//! keeps the ids instead, and the `tracing` span beside them.

mod attached;
mod detached;
#[cfg(feature = "tokio")]
mod spawn;
mod unwind;

pub use attached::Attached;
pub use detached::{Bound, Detached};
#[cfg(feature = "tokio")]
pub use spawn::{JoinSetExt, spawn, spawn_blocking};
pub use unwind::UnwindGuard;

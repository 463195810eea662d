//! Watching a body to its end.
//!
//! A response is over when its last byte has left, not when its head is ready. [`TracedBody`]
//! forwards frames, trailers, the size hint and the end of the stream as they are, polls and
//! drops the inner body inside the request's context, and reports how it ended: after the
//! last frame, with an error, or dropped half-way.

#[cfg(feature = "axum")]
mod counted;
mod policy;
mod traced;

pub use policy::{BodyPolicy, CountRequest, Wrap};
pub use traced::{Frames, InContext, TracedBody};

#[cfg(feature = "axum")]
pub use policy::AxumBody;

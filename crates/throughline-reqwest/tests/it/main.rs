//! The client against servers on real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod errors;
mod lifetime;
#[cfg(feature = "middleware")]
mod middleware;
mod propagation;
mod redirects;
mod resends;
mod server;
mod spans;

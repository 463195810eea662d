//! The client against servers on real sockets.

mod errors;
mod lifetime;
#[cfg(feature = "middleware")]
mod middleware;
mod propagation;
mod redirects;
mod resends;
mod server;
mod spans;

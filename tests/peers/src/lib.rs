//! Compares the cost of throughline with that of other libraries, side by side.
//!
//! A [`Subject`] is a service or client with one library in it. Each runs in a process of its
//! own, because most libraries keep global state, and is told by the runner when to serve how
//! many requests. What is measured, and what the figures say, is in `docs/performance.md`.

mod client;
mod loopback;
mod process;
mod server;
mod stock;
mod subject;

pub use loopback::serve as serve_loopback;
pub use process::{serve_once, take_orders};
pub use subject::{Caller, Run, Subject, find, subjects};

//! `cargo xtask bench`: instructions per request, counted by callgrind and held against budgets.
//!
//! A bench is a program that takes the name of a scenario and a number of requests, and serves
//! them on its main thread. It is run with N and with 2N requests; the difference between the two
//! counts, divided by N, is the cost of one request without the start of the program.
//! Instructions are counted because they repeat to a part of a percent on a busy machine, which
//! no time does. They leave out what the kernel does and what waiting for memory costs.

mod callgrind;
mod measure;
mod suites;

pub(crate) use measure::{Options, run};

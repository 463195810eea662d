//! The servers that tests talk to: found where they run, or started for the time of the run.
//!
//! For each server, in this order: the address in its environment variable; the usual port on
//! this machine, when a server of the right kind answers there; an installed program, started in
//! a temporary folder on a free port and stopped at the end.

mod probe;
mod provide;
mod recipes;
mod table;
mod throwaway;

pub(crate) use provide::{describe, provide};

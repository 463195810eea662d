//! The three ways of measuring, each in processes of its own.

pub(crate) mod allocations;
pub(crate) mod cpu;
pub(crate) mod instructions;

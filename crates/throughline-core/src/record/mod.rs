//! Finished spans as data.

//! Behaviour of throughline through its public API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod tidy;

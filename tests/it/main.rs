//! Behaviour of throughline through its public API.

//! The vocabulary of throughline: context, propagation, semantic conventions, spans.
pub mod propagation;
pub mod redact;
pub mod semconv;

//! Span trees as text, one collector per test.

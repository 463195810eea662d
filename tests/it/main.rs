//! Behaviour of throughline through its public API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod http_server_attributes;
mod http_server_context;
mod http_server_endings;
mod http_server_routes;
mod spans;
mod support;
mod tidy;
mod tracing_interop;

//! OpenTelemetry semantic conventions as pure functions.
//!
//! Data in, data out: nothing here starts a span, reads a clock or the environment, or fails. The server layer, the client
//! layer and the reqwest client all describe HTTP through these functions, so that one request looks the same from both ends.
//!
//! | Module | Holds |
//! |---|---|
//! | [`attr`], [`metric`], [`event`] | every name that is emitted, one constant each |
//! | [`Conventions`] | the choices a service makes: known methods, old or stable names, secret query keys |
//! | [`http`] | methods, versions, status rules, server side, client side, captured headers, trusted proxies |
//! | [`rpc`] | gRPC over HTTP: status codes, method names |
//! | [`error`] | `error.type` of transport errors and of application errors |
//! | [`old_names`] | the names before the HTTP and database conventions were stable |
//!
//! The rules follow the [conventions, version 1.44.0](https://github.com/open-telemetry/semantic-conventions/tree/v1.44.0);
//! each function names its section.

pub mod attr;
mod conventions;
pub mod error;
pub mod event;
pub mod http;
pub mod metric;
mod names;
pub mod old_names;
pub mod rpc;

pub use conventions::{Conventions, Names};

/// The schema that the emitted names belong to, for the instrumentation scope.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

//! The server side: a SERVER span and metrics for each request.
//!
//! # When the span starts, is named, ends
//!
//! - It **starts** when the layer is called, below the remote parent in the headers. Its
//!   attributes for samplers are there from the start.
//! - It is **named** `{method} {route}`, or `{method}` where no route is known, or `HTTP ..`
//!   for a method that is not known. It is never named by the path. A route that only
//!   becomes known inside (see [`RouteLayer`]) renames it.
//! - It is **current** in every poll of the inner service and of the response body, and
//!   while either is dropped; and nowhere else.
//! - It **ends** with the last byte of the body. Responses that have no body (to HEAD and
//!   CONNECT, 1xx, 204, 304) end it at the head; 101 ends it as `upgraded`.
//!
//! # How it can end
//!
//! | what happened | `throughline.outcome` | `error.type` | status |
//! | --- | --- | --- | --- |
//! | the body was sent | | of the status code, if 5xx | error if 5xx |
//! | the connection was handed over (101, CONNECT) | `upgraded` | | |
//! | the service returned an error | `error` | type name of the error | error |
//! | a timeout inside the layer, as tower's | `timed_out` | `timeout` | error |
//! | the service or its body panicked | `panicked` | `panic` | error |
//! | the body failed | `body_error` | type name of the error | error |
//! | dropped before the head was ready | `client_gone_before_head` | the same | error |
//! | dropped in the middle of the body | `client_gone_mid_body` | the same | error |
//! | dropped in the middle of an event stream | `cancelled` | | |
//!
//! A timeout *outside* the layer drops the request, and so looks like a client that left:
//! put timeouts inside.
//!
//! # Metrics
//!
//! | metric | default | value |
//! | --- | --- | --- |
//! | `http.server.request.duration` | on | seconds, the span's duration |
//! | `http.server.active_requests` | on | requests between call and end |
//! | `http.server.request.body.size`, `http.server.response.body.size` | off, see [`ServerLayer::with_body_sizes`] | bytes |

#[cfg(feature = "axum")]
mod axum;
mod describe;
mod endpoint;
mod exchange;
mod future;
mod head;
mod instruments;
mod layer;
mod options;
mod reply;
mod route;
mod service;

#[cfg(feature = "axum")]
pub use self::axum::CurrentTrace;
pub use exchange::Exchange;
pub use future::ResponseFuture;
pub use head::{RequestHead, ResponseHead};
pub use layer::ServerLayer;
pub use options::{Attributes, PeerAddress, TraceResponse};
pub use route::{RouteLayer, RouteService, set_route};
pub use service::ServerService;

//! The client's side: a span for every request that goes on the wire.
//!
//! [`ClientLayer`] wraps any tower service that takes an [`http::Request`] and gives an
//! [`http::Response`]: hyper-util's legacy client, a tonic channel, a stack of layers.
//!
//! ```
//! use http_body_util::Empty;
//! use hyper_util::{client::legacy::Client, rt::TokioExecutor};
//! use throughline_http::client::ClientLayer;
//! use tower::ServiceBuilder;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let plain = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
//! let client = ServiceBuilder::new().layer(ClientLayer::new()).service(plain);
//! # drop(client);
//! # }
//! ```
//!
//! # When a span starts and ends
//!
//! It starts when the response future is polled for the first time, as a child of the span
//! that is current then, and ends when the head of the response is there. The body passes
//! through untouched: its last byte belongs to the caller. A future that is dropped before
//! was cancelled, which is no error: the span says `throughline.outcome` = `cancelled`.
//!
//! # Where the layer belongs
//!
//! Below a retry layer, so that every attempt has a span of its own; above a connection
//! pool. [`CountResendsLayer`] above the retry layer numbers the attempts.
//!
//! # Errors
//!
//! A status of 400 and above is an error, as is a request without a response. Its
//! `error.type` is one of [`error::TRANSPORT`](throughline_core::semconv::error::TRANSPORT).

mod cause;
mod count_resends;
mod errors;
mod future;
mod layer;
mod service;

pub use count_resends::{CountResends, CountResendsLayer};
pub use errors::{BoxedErrors, ErrorsOf, StdErrors};
pub use future::ResponseFuture;
pub use layer::ClientLayer;
pub use service::ClientService;
pub use throughline_core::http_client::{PropagateTo, ResendCount, UrlTemplate};

#[cfg(test)]
mod tests;

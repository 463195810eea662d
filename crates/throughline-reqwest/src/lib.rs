//! A traced reqwest client.
//!
//! [`Client`] has reqwest's methods, responses and errors; every request it sends is a CLIENT
//! span of OpenTelemetry, carries the trace context, and is measured in
//! `http.client.request.duration`.
//!
//! ```
//! # async fn show() -> Result<(), reqwest::Error> {
//! let client = throughline_reqwest::Client::new();
//! let text = client
//!     .get("https://example.com/users/17")
//!     .url_template("/users/{id}")
//!     .send()
//!     .await?
//!     .text()
//!     .await?;
//! # drop(text);
//! # Ok(())
//! # }
//! ```
//!
//! | to trace | use |
//! | --- | --- |
//! | requests, and each of their redirects | [`Client::new`], [`Client::builder`] |
//! | a [`reqwest::Client`] that is there already | [`Client::from`], [`Client::wrap`] |
//! | a stack of tower layers above reqwest | [`Client`] or [`ClientLayer`], with [`CountResendsLayer`] above a retry |
//! | a client of reqwest-middleware | `TraceMiddleware` (feature `middleware`) |
//!
//! # When a span starts and ends
//!
//! It starts when the future is first polled, as a child of the span that is current then,
//! and ends when the head of the response is there. The body belongs to the caller; an error
//! while it is read comes after the span. A future that is dropped before was cancelled,
//! which is no error: the span says `throughline.outcome` = `cancelled`.
//!
//! # Errors
//!
//! A status of 400 and above is an error, as is a request without a response. Its
//! `error.type` is one of [`TRANSPORT`](throughline_core::semconv::error::TRANSPORT). A
//! request whose URL cannot be parsed is never sent, and has no span.
//!
//! # Secrets
//!
//! Credentials in a URL, and the values of query keys that are known for signatures, are
//! replaced by `REDACTED`. Headers are recorded only if they are listed, and credentials not
//! even then.

mod attempt;
mod builder;
mod cause;
mod client;
mod count_resends;
mod execute;
#[cfg(feature = "middleware")]
mod middleware;
mod redirect;
mod request;
mod service;
mod settings;

pub use builder::ClientBuilder;
pub use cause::error_type;
pub use client::Client;
pub use count_resends::{CountResends, CountResendsLayer};
#[cfg(feature = "middleware")]
pub use middleware::TraceMiddleware;
pub use request::RequestBuilder;
pub use service::{ClientLayer, ClientService, ResponseFuture};
pub use settings::Settings;
pub use throughline_core::http_client::{PropagateTo, ResendCount, UrlTemplate};

//! HTTP: what a request and its answer are called.
//!
//! Source: [HTTP spans](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/http/http-spans.md) and
//! [HTTP metrics](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/http/http-metrics.md).

mod authority;
pub mod client;
mod forwarded;
mod headers;
mod method;
mod proxies;
pub mod server;
pub mod status;
mod version;

pub use authority::{Authority, default_port};
pub use headers::CapturedHeaders;
pub use method::{KnownMethods, RequestMethod};
pub use proxies::TrustedProxies;
pub use version::protocol_version;

//! The layer and its settings.

use std::{fmt, marker::PhantomData};

use http::HeaderName;
use throughline_core::{
    http_client::{Attempts, PropagateTo},
    telemetry::Telemetry,
};
use tower_layer::Layer;

use super::{BoxedErrors, ClientService, StdErrors};

/// Traces the requests of a client.
///
/// # Defaults
///
/// | setting | default |
/// | --- | --- |
/// | telemetry | that of the current context, else the process's |
/// | propagation | to all hosts |
/// | captured headers | none |
/// | errors of the service | of one type; see [`boxed_errors`](Self::boxed_errors) |
///
/// # What requests may carry
///
/// A [`UrlTemplate`](super::UrlTemplate) in the extensions of a request names its span, a
/// [`ResendCount`](super::ResendCount) numbers the attempts at it.
#[must_use]
pub struct ClientLayer<X = StdErrors> {
    attempts: Attempts,
    errors: PhantomData<fn() -> X>,
}

impl ClientLayer {
    /// Makes the layer with its defaults.
    pub fn new() -> Self {
        Self {
            attempts: Attempts::new(),
            errors: PhantomData,
        }
    }
}

impl<X> ClientLayer<X> {
    /// Wraps a service whose errors are `Box<dyn Error + Send + Sync>`.
    ///
    /// Most of tower's own layers make such errors.
    pub fn boxed_errors(self) -> ClientLayer<BoxedErrors> {
        ClientLayer {
            attempts: self.attempts,
            errors: PhantomData,
        }
    }

    /// Sends spans and metrics to `telemetry`, whatever the current context says.
    pub fn telemetry(self, telemetry: Telemetry) -> Self {
        self.change(|attempts| attempts.with_telemetry(telemetry))
    }

    /// Sends the trace context to these hosts only.
    ///
    /// From requests to other hosts trace headers are removed if they have some. A layer
    /// that follows redirects belongs above this one, so that every hop is asked about
    /// anew: as it is with the one of tower-http.
    pub fn propagate_to(self, hosts: PropagateTo) -> Self {
        self.change(|attempts| attempts.with_propagate_to(hosts))
    }

    /// Records these request headers as `http.request.header.<name>`.
    ///
    /// Credentials are recorded as `REDACTED`, even when they are listed.
    pub fn capture_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.change(|attempts| attempts.with_request_headers(names))
    }

    /// Records these response headers as `http.response.header.<name>`.
    ///
    /// Credentials are recorded as `REDACTED`, even when they are listed.
    pub fn capture_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.change(|attempts| attempts.with_response_headers(names))
    }

    fn change(self, change: impl FnOnce(Attempts) -> Attempts) -> Self {
        Self {
            attempts: change(self.attempts),
            errors: PhantomData,
        }
    }
}

impl<S, X> Layer<S> for ClientLayer<X> {
    type Service = ClientService<S, X>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService::new(inner, self.attempts.clone())
    }
}

impl Default for ClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<X> Clone for ClientLayer<X> {
    fn clone(&self) -> Self {
        Self {
            attempts: self.attempts.clone(),
            errors: PhantomData,
        }
    }
}

impl<X> fmt::Debug for ClientLayer<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientLayer")
            .field("attempts", &self.attempts)
            .finish()
    }
}

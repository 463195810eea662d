//! What is traced, and where it goes.

use reqwest::header::HeaderName;
use throughline_core::{
    http_client::{Attempts, PropagateTo},
    telemetry::Telemetry,
};

/// How requests are traced.
///
/// # Defaults
///
/// | setting | default |
/// | --- | --- |
/// | telemetry | that of the current context, else the process's |
/// | propagation | to all hosts |
/// | captured headers | none |
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Settings {
    attempts: Attempts,
}

impl Settings {
    /// Starts from the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends spans and metrics to `telemetry`, whatever the current context says.
    pub fn telemetry(self, telemetry: Telemetry) -> Self {
        Self {
            attempts: self.attempts.with_telemetry(telemetry),
        }
    }

    /// Sends the trace context to no host. Spans are still made.
    ///
    /// A list of hosts is a setting of [`ClientBuilder`](crate::ClientBuilder) alone: a
    /// client that was built elsewhere may follow redirects, and would take the headers of
    /// an allowed host along to any other.
    pub fn without_propagation(self) -> Self {
        self.propagate_to(PropagateTo::None)
    }

    /// Records these request headers as `http.request.header.<name>`.
    ///
    /// Credentials are recorded as `REDACTED`, even when they are listed.
    pub fn capture_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self {
            attempts: self.attempts.with_request_headers(names),
        }
    }

    /// Records these response headers as `http.response.header.<name>`.
    ///
    /// Credentials are recorded as `REDACTED`, even when they are listed.
    pub fn capture_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self {
            attempts: self.attempts.with_response_headers(names),
        }
    }

    pub(crate) fn propagate_to(self, hosts: PropagateTo) -> Self {
        Self {
            attempts: self.attempts.with_propagate_to(hosts),
        }
    }

    pub(crate) fn into_attempts(self) -> Attempts {
        self.attempts
    }
}

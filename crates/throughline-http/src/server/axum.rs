//! What axum's handlers use.

use std::{convert::Infallible, fmt};

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId},
};

use super::route;

/// The ids of the request's trace, as an extractor.
///
/// For error responses, for links to a tracing tool, for ids in messages. Without a server
/// layer there is no trace, and so no ids; extracting never fails.
///
/// ```
/// use throughline_http::server::CurrentTrace;
///
/// async fn handler(trace: CurrentTrace) -> String {
///     match trace.trace_id() {
///         Some(id) => format!("something broke; tell us {id}"),
///         None => "something broke".to_owned(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentTrace(SpanContext);

impl CurrentTrace {
    /// Returns the trace's id.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.0.is_valid().then(|| self.0.trace_id())
    }

    /// Returns the span's id.
    pub fn span_id(&self) -> Option<SpanId> {
        self.0.is_valid().then(|| self.0.span_id())
    }

    /// Says whether the trace is sampled.
    pub fn is_sampled(&self) -> bool {
        self.0.is_sampled()
    }

    /// Returns the trace flags.
    pub fn trace_flags(&self) -> TraceFlags {
        self.0.trace_flags()
    }
}

/// The trace id, or `-` where there is none.
impl fmt::Display for CurrentTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.trace_id() {
            Some(id) => fmt::Display::fmt(&id, f),
            None => f.write_str("-"),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentTrace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        route::tell(&parts.extensions);
        Ok(Self(Context::map_current(|context| {
            context.span().span_context().clone()
        })))
    }
}

//! One attempt: a CLIENT span and its measurement.

use std::{
    fmt,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    thread,
};

use http::{HeaderMap, StatusCode, Version};
use opentelemetry::{
    Context, ContextGuard, KeyValue, StringValue,
    trace::{Status, TraceContextExt as _},
};
use pin_project_lite::pin_project;

use super::{
    attempts::Settings,
    endpoint::{Endpoint, Series},
    instruments::ClientInstruments,
};
use crate::{
    clock::Stopwatch,
    context::{Attached, UnwindGuard},
    outcome::Outcome,
    semconv::{
        attr,
        http::{protocol_version, status},
        old_names,
    },
    telemetry::Started,
};

/// One request on its way, from the first byte sent to the head of the response.
///
/// It ends once, with [`responded`](Self::responded) or [`failed`](Self::failed). Dropped
/// before, it was cancelled by its caller, which is no error: the span keeps its status unset
/// and says `throughline.outcome` = `cancelled`.
///
/// The span ends at the head of the response, as the conventions allow, and not at the last
/// byte of the body: the body belongs to the caller, who may keep it as long as he likes.
#[derive(Debug)]
#[must_use = "an attempt that is dropped counts as cancelled"]
pub struct Attempt {
    parts: Parts,
    ended: bool,
}

pub(super) struct Parts {
    pub(super) started: Started,
    pub(super) watch: Stopwatch,
    pub(super) settings: Arc<Settings>,
    pub(super) instruments: Arc<ClientInstruments>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) method: &'static str,
    pub(super) template: Option<StringValue>,
    pub(super) is_encrypted: bool,
    /// Whether the context is the one that was current at the start.
    pub(super) is_current: bool,
}

/// The head of a response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status.
    pub status: StatusCode,
    /// The version that was negotiated.
    pub version: Version,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The other end of the connection, if the client tells.
    pub peer: Option<SocketAddr>,
}

impl Attempt {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            parts,
            ended: false,
        }
    }

    /// Returns the context in which the request is sent.
    pub fn context(&self) -> &Context {
        &self.parts.started.context
    }

    /// Says whether the target asks for an encrypted connection.
    pub fn is_encrypted(&self) -> bool {
        self.parts.is_encrypted
    }

    /// Writes the attempt's context into the request's headers, or removes from them what
    /// the host must not see.
    ///
    /// What the headers say of another attempt, because the request is a clone, is replaced.
    pub fn inject(&self, headers: &mut HeaderMap) {
        let Parts {
            started,
            settings,
            instruments,
            endpoint,
            ..
        } = &self.parts;
        let host = endpoint.address().map_or("", |address| address);
        if settings.propagate_to.allows(host) {
            instruments.propagation.inject(&started.context, headers);
        } else {
            instruments.propagation.remove(headers);
        }
    }

    /// Says whether anybody will see what is said about the response, labels aside.
    pub fn is_recording(&self) -> bool {
        self.parts.started.recording
    }

    /// Enters the attempt's context for one poll, for a client with a future of its own.
    ///
    /// A panic while it is entered ends the span, with `error.type` = `panic`, and goes on.
    #[inline]
    pub fn enter(&mut self) -> Entered<'_> {
        let context = self.context().clone().attach();
        Entered::new(self, Some(context))
    }

    /// Enters the attempt's context in the poll in which the attempt began.
    ///
    /// As [`enter`](Self::enter), except that an attempt which has the context that it began
    /// in, because nothing records, finds it current and attaches nothing.
    #[inline]
    pub fn enter_first(&mut self) -> Entered<'_> {
        let context = (!self.parts.is_current).then(|| self.context().clone().attach());
        Entered::new(self, context)
    }

    /// Sends the request: makes the future in the attempt's context, and polls it there.
    ///
    /// A panic ends the span, with `error.type` = `panic`, and goes on.
    pub fn send<F: Future>(mut self, make: impl FnOnce() -> F) -> Observed<F> {
        let context = self.context().clone();
        let work = {
            let _unwind = UnwindGuard::new(|| self.panicked());
            let _guard = context.clone().attach();
            make()
        };
        Observed {
            work: Attached::new(work, context),
            attempt: Some(self),
        }
    }

    /// Ends the attempt with a response. A status of 400 and above makes it an error.
    #[inline]
    pub fn responded(mut self, head: ResponseHead<'_>) {
        let Parts {
            started,
            settings,
            instruments,
            endpoint,
            ..
        } = &self.parts;
        let version = protocol_version(head.version);
        let error = status::is_client_error(head.status).then(|| status::error_type(head.status));
        if started.recording {
            let peer = head
                .peer
                .map(|peer| (endpoint.peer(peer.ip()), peer.port()));
            let attributes = [
                Some(KeyValue::new(
                    attr::HTTP_RESPONSE_STATUS_CODE,
                    i64::from(head.status.as_u16()),
                )),
                version.map(|version| KeyValue::new(attr::NETWORK_PROTOCOL_VERSION, version)),
                peer.as_ref().map(|(address, _)| {
                    KeyValue::new(attr::NETWORK_PEER_ADDRESS, Arc::clone(address))
                }),
                peer.as_ref()
                    .map(|(_, port)| KeyValue::new(attr::NETWORK_PEER_PORT, i64::from(*port))),
            ]
            .into_iter()
            .flatten();
            let conventions = &instruments.conventions;
            let span = started.context.span();
            if settings.response_headers.is_empty() && !conventions.http.old() {
                span.set_attributes(attributes);
            } else {
                let mut all: Vec<_> = attributes.collect();
                let keys = &conventions.query_keys;
                settings
                    .response_headers
                    .append(head.headers, keys, &mut all);
                old_names::http_client(&mut all, conventions.http);
                span.set_attributes(all);
            }
        }
        // The status code says it all: no description.
        self.end(
            Some(head.status.as_u16()),
            version,
            error,
            String::new,
            None,
        );
    }

    /// Ends the attempt without a response.
    ///
    /// `error_type` is one of a finite set: it labels the metric. `describe` gives the
    /// status's description, free of secrets; it runs only if somebody records.
    pub fn failed(mut self, error_type: &'static str, describe: impl FnOnce() -> String) {
        self.end(None, None, Some(error_type), describe, None);
    }

    fn panicked(&mut self) {
        self.end(
            None,
            None,
            Some("panic"),
            String::new,
            Some(&Outcome::Panicked),
        );
    }

    fn end(
        &mut self,
        status: Option<u16>,
        version: Option<&'static str>,
        error: Option<&'static str>,
        describe: impl FnOnce() -> String,
        outcome: Option<&Outcome>,
    ) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Parts {
            started,
            watch,
            instruments,
            endpoint,
            method,
            template,
            ..
        } = &mut self.parts;
        if !started.provided {
            return;
        }
        let elapsed = watch.elapsed();
        if started.recording {
            let span = started.context.span();
            if let Some(outcome) = outcome {
                span.set_attribute(KeyValue::new(attr::THROUGHLINE_OUTCOME, outcome.as_str()));
            }
            if let Some(error) = error {
                span.set_attribute(KeyValue::new(attr::ERROR_TYPE, error));
                span.set_status(Status::error(describe()));
            }
            span.end_with_timestamp(watch.at(elapsed));
        }
        let series = Series {
            method,
            status,
            error,
            version,
            template: template.take(),
        };
        instruments
            .endpoints
            .record(endpoint, &series, elapsed.as_secs_f64());
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.end(None, None, None, String::new, Some(&Outcome::Cancelled));
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

/// An attempt whose context is current, until this is dropped.
#[derive(Debug)]
#[must_use = "the context is current only while it lives"]
pub struct Entered<'a> {
    // First, so that the context is left before the attempt ends.
    _context: Option<ContextGuard>,
    _watched: Watched<'a>,
}

#[derive(Debug)]
struct Watched<'a> {
    attempt: &'a mut Attempt,
    was_panicking: bool,
}

impl<'a> Entered<'a> {
    #[inline]
    fn new(attempt: &'a mut Attempt, context: Option<ContextGuard>) -> Self {
        let was_panicking = thread::panicking();
        Self {
            _context: context,
            _watched: Watched {
                attempt,
                was_panicking,
            },
        }
    }
}

impl Drop for Watched<'_> {
    #[inline]
    fn drop(&mut self) {
        if thread::panicking() && !self.was_panicking {
            self.attempt.panicked();
        }
    }
}

pin_project! {
    /// A request that is being sent: the future of [`Attempt::send`].
    ///
    /// Its output is that of the work, and the attempt, which still has to be ended.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Observed<F> {
        // First, so that the work's destructors run before the attempt counts as cancelled.
        #[pin]
        work: Attached<F>,
        attempt: Option<Attempt>,
    }
}

impl<F: Future> Future for Observed<F> {
    type Output = (F::Output, Attempt);

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let attempt = this.attempt;
        let output = {
            let _unwind = UnwindGuard::new(|| {
                if let Some(attempt) = attempt.as_mut() {
                    attempt.panicked();
                }
            });
            task::ready!(this.work.poll(task))
        };
        let attempt = attempt
            .take()
            .expect("`Observed` was polled after it was ready");
        Poll::Ready((output, attempt))
    }
}

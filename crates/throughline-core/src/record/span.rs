//! One finished span.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId, Value,
    trace::{Event, Link, SpanContext, SpanKind, Status, TraceState},
};

/// A finished span.
///
/// Made with [`SpanRecord::new`]; what that leaves at its default is set through the fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpanRecord {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its id, unique within the trace.
    pub span_id: SpanId,
    /// The id of the span it was started under, if any.
    pub parent_span_id: Option<SpanId>,
    /// Whether the parent is in another process.
    pub parent_is_remote: bool,
    /// The trace flags it passed on.
    pub flags: TraceFlags,
    /// The trace state it passed on.
    pub trace_state: TraceState,
    /// Its role: server, client, producer, consumer or internal.
    pub kind: SpanKind,
    /// Its name at the end.
    pub name: Cow<'static, str>,
    /// When it started.
    pub start: SystemTime,
    /// When it ended.
    pub end: SystemTime,
    /// What was set on it, in the order of setting; a key that was set twice is there twice.
    pub attributes: Vec<KeyValue>,
    /// How many attributes a limit kept out.
    pub dropped_attributes: u32,
    /// What happened during it, in the order of recording.
    pub events: Vec<Event>,
    /// How many events a limit kept out.
    pub dropped_events: u32,
    /// The spans it refers to without being their child.
    pub links: Vec<Link>,
    /// How many links a limit kept out.
    pub dropped_links: u32,
    /// Whether it failed, and the words for it.
    pub status: Status,
    /// The instrumentation that made it.
    pub scope: InstrumentationScope,
}

impl SpanRecord {
    /// Makes a record of a span that has this context and these times.
    ///
    /// It is an internal span without parent, attributes, events and links, its status is
    /// unset and its scope has no name.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        context: &SpanContext,
        start: SystemTime,
        end: SystemTime,
    ) -> Self {
        Self {
            trace_id: context.trace_id(),
            span_id: context.span_id(),
            parent_span_id: None,
            parent_is_remote: false,
            flags: context.trace_flags(),
            trace_state: context.trace_state().clone(),
            kind: SpanKind::Internal,
            name: name.into(),
            start,
            end,
            attributes: Vec::new(),
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status::Unset,
            scope: InstrumentationScope::default(),
        }
    }

    /// Returns what identifies the span, as its children and links saw it in this process.
    pub fn span_context(&self) -> SpanContext {
        SpanContext::new(
            self.trace_id,
            self.span_id,
            self.flags,
            false,
            self.trace_state.clone(),
        )
    }

    /// Returns how long it took; zero if a changed system clock puts the end before the start.
    pub fn duration(&self) -> Duration {
        self.end.duration_since(self.start).unwrap_or_default()
    }

    /// Returns the value of an attribute.
    ///
    /// The last one wins if the key was set more than once, as the specification of
    /// [`SetAttribute`](https://opentelemetry.io/docs/specs/otel/trace/api/#set-attributes)
    /// asks for.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        let set = self
            .attributes
            .iter()
            .rev()
            .find(|each| each.key.as_str() == key)?;
        Some(&set.value)
    }

    /// Says whether no parent is in this process: the span is a root or its parent is remote.
    pub fn is_local_root(&self) -> bool {
        self.parent_span_id.is_none() || self.parent_is_remote
    }

    /// Says whether its status is an error.
    pub fn is_error(&self) -> bool {
        matches!(self.status, Status::Error { .. })
    }
}

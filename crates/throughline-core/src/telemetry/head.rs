//! The sampling decision before there are attributes.

use std::fmt;

use opentelemetry::trace::SpanContext;

/// Foretells the sampler's decision about a span that does not exist yet.
///
/// A span's attributes cost more than the span. A sampler that does not look at them can
/// say beforehand that it will drop a span; then neither attributes nor span are built.
pub trait HeadSampler: fmt::Debug + Send + Sync {
    /// Decides about a new span below `parent`.
    ///
    /// An invalid `parent` means that the span starts a new trace. The answer must be the one
    /// that the provider's sampler will give.
    fn decide(&self, parent: &SpanContext) -> Head;
}

/// What a [`HeadSampler`] can say.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Head {
    /// The span will record: its attributes are worth building.
    Record,
    /// The span will not record. Its children see this context, which is not sampled.
    Drop(SpanContext),
    /// The span will not record, as its parent does not. Its children see the parent.
    DropAsParent,
    /// Only the sampler itself can tell, and it may look at the attributes.
    Undecided,
}

/// Foretells what a parent-based sampler does: a span with a parent follows it.
///
/// For a provider of OpenTelemetry's own SDK whose sampler is parent-based, which its default
/// is. Whether a root records is left to that sampler. `throughline-sdk` has one that also
/// foretells roots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowParent;

impl HeadSampler for FollowParent {
    fn decide(&self, parent: &SpanContext) -> Head {
        match (parent.is_valid(), parent.is_sampled()) {
            (false, _) => Head::Undecided,
            (true, true) => Head::Record,
            (true, false) => Head::DropAsParent,
        }
    }
}

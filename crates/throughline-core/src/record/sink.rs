//! Who else sees finished spans.

use std::fmt;

use super::SpanRecord;

/// Sees the spans of a process as they are finished.
///
/// The set-up hands it what it exports; a viewer in the process or a test keeps it. It is
/// called on the export thread, never on a request's.
pub trait SpanSink: fmt::Debug + Send + Sync {
    /// Takes finished spans. They come in batches, in the order of their ends, and a trace may
    /// be spread over several.
    ///
    /// It must not block: the export waits for it.
    fn accept(&self, spans: &[SpanRecord]);
}

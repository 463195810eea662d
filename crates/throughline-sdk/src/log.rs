//! The few lines that the pipeline itself writes.

/// Writes one warning: through `tracing` if the application has a subscriber, else to
/// standard error.
///
/// Never called from a span's `end`, where a subscriber may come back to the span.
pub(crate) fn warn(message: &str) {
    if tracing::dispatcher::has_been_set() {
        tracing::warn!(target: "throughline", "{message}");
    } else {
        #[expect(clippy::print_stderr, reason = "nobody else would tell")]
        {
            eprintln!("throughline: {message}");
        }
    }
}

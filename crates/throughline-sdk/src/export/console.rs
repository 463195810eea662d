//! Traces as trees, for a person at a terminal.

use std::{
    collections::HashMap,
    fmt,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use opentelemetry::TraceId;
use opentelemetry_sdk::trace::SpanData;
use throughline_core::{
    record::SpanRecord,
    tree::{self, TreeOptions},
};

use crate::record::record;

/// How long a trace whose local root ended waits for more, when the root's parent is remote:
/// the parent may well be in this process, too.
const GRACE: Duration = Duration::from_millis(500);

/// How long a trace waits for its local root.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// How many spans wait for their local root, in all traces together.
const MAX_SPANS: usize = 10_000;

/// Prints a trace when its root has ended.
///
/// What ends after that is printed as a piece of its own. A trace without an end is printed
/// after 30 seconds, or earlier when more than 10,000 spans wait.
pub(super) struct Console {
    writer: Box<dyn Write + Send>,
    options: TreeOptions,
    waiting: HashMap<TraceId, Waiting>,
    spans: usize,
}

struct Waiting {
    spans: Vec<SpanRecord>,
    /// When it is printed whatever comes.
    due: Instant,
}

impl Console {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self {
            writer,
            options: TreeOptions::console(),
            waiting: HashMap::new(),
            spans: 0,
        }
    }

    /// Takes note of ended spans, and prints the traces that end with them.
    pub(super) fn observe(&mut self, spans: &[SpanData]) {
        let now = Instant::now();
        let mut ended = Vec::new();
        for span in spans {
            let span = record(span);
            let trace_id = span.trace_id;
            let waiting = self.waiting.entry(trace_id).or_insert_with(|| Waiting {
                spans: Vec::new(),
                due: now + MAX_WAIT,
            });
            if span.parent_span_id.is_none() {
                ended.push(trace_id);
            } else if span.is_local_root() {
                waiting.due = waiting.due.min(now + GRACE);
            }
            waiting.spans.push(span);
            self.spans += 1;
        }
        for trace_id in ended {
            self.print(trace_id);
        }
        while self.spans > MAX_SPANS {
            let Some((oldest, _)) = self.waiting.iter().min_by_key(|(_, waiting)| waiting.due)
            else {
                break;
            };
            self.print(*oldest);
        }
    }

    /// Prints what has waited long enough.
    pub(super) fn print_overdue(&mut self) {
        let now = Instant::now();
        let due = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.due <= now);
        for trace_id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.print(trace_id);
        }
    }

    /// Prints everything, oldest first.
    pub(super) fn print_all(&mut self) {
        let mut all: Vec<_> = self
            .waiting
            .iter()
            .map(|(id, waiting)| (waiting.due, *id))
            .collect();
        all.sort_unstable_by_key(|(due, _)| *due);
        for (_, trace_id) in all {
            self.print(trace_id);
        }
    }

    fn print(&mut self, trace_id: TraceId) {
        let Some(Waiting { spans, .. }) = self.waiting.remove(&trace_id) else {
            return;
        };
        self.spans -= spans.len();
        let text = tree::render(&spans, &self.options);
        // A closed terminal is not this service's problem, nor is a writer that panics.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            writeln!(self.writer, "{}", text.trim_end()).and_then(|()| self.writer.flush())
        }));
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("spans", &self.spans)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

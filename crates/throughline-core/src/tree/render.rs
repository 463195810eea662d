//! Writing traces as text.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    KeyValue, SpanId, TraceId,
    trace::{Event, Link, SpanKind, Status},
};

use super::{
    attributes::{Attributes, attribute_list, last, push_escaped, push_format, push_quoted},
    duration,
    layout::{Place, Row, Trace, traces},
    options::{Ids, TreeOptions},
};
use crate::{
    record::SpanRecord,
    semconv::{attr, event},
};

/// Writes spans as one tree a trace, with an empty line between traces.
///
/// Each line ends with a line break; no spans make no text. The
/// [module documentation](super) says how to read it.
pub fn render<'a>(
    spans: impl IntoIterator<Item = &'a SpanRecord>,
    options: &TreeOptions,
) -> String {
    let traces = traces(spans);
    let mut painter = Painter {
        options,
        text: String::new(),
        by_id: by_id(&traces),
        numbers: Numbers::default(),
    };
    for (index, trace) in traces.iter().enumerate() {
        if index > 0 {
            painter.text.push('\n');
        }
        painter.trace(trace);
    }
    painter.text
}

/// Levels that are indented. Deeper spans say their level instead: the text of a chain of ten
/// thousand spans would else be a hundred megabytes of spaces.
const INDENTED_LEVELS: usize = 40;

/// How many characters the time of a whole trace is wide.
const BAR_WIDTH: usize = 20;

type SpanKey = (TraceId, SpanId);

struct Painter<'a> {
    options: &'a TreeOptions,
    text: String,
    by_id: HashMap<SpanKey, &'a SpanRecord>,
    numbers: Numbers,
}

impl<'a> Painter<'a> {
    fn trace(&mut self, trace: &Trace<'a>) {
        if self.options.header {
            self.header(trace);
        }
        let shown = &trace.rows[..trace.rows.len().min(self.options.limit)];
        let timeline = self.options.durations.then(|| Timeline::of(trace, shown));
        let beside = timeline.as_ref().map_or(0, Timeline::width);
        for row in shown {
            if let Some(timeline) = &timeline {
                timeline.push(&mut self.text, row.span);
            }
            self.span(row);
            let below = |painter: &mut Self| {
                painter.text.extend(std::iter::repeat_n(' ', beside));
                painter.indent(row.depth + 1);
            };
            if self.options.events {
                for event in &row.span.events {
                    let Some(attributes) = self.news(event, row.span) else {
                        continue;
                    };
                    below(self);
                    self.text.push_str("* ");
                    push_escaped(&mut self.text, &event.name);
                    self.attributes(&attributes);
                    self.text.push('\n');
                }
            }
            if self.options.links {
                for link in &row.span.links {
                    below(self);
                    self.link(link);
                }
            }
        }
        let left_out = trace.rows.len() - shown.len();
        if left_out > 0 {
            self.text.extend(std::iter::repeat_n(' ', beside));
            self.put(format_args!("... and {}\n", count(left_out, "more span")));
        }
    }

    fn header(&mut self, trace: &Trace<'_>) {
        self.text.push_str("trace");
        match self.options.ids {
            Ids::Numbered => {
                let number = self.numbers.of_trace(trace.trace_id);
                self.put(format_args!(" #{number}"));
            }
            Ids::Full | Ids::Hidden => self.put(format_args!(" {}", trace.trace_id)),
        }
        self.put(format_args!(": {}", count(trace.rows.len(), "span")));
        if trace.errors() > 0 {
            self.put(format_args!(", {}", count(trace.errors(), "error")));
        }
        if self.options.durations {
            self.put(format_args!(", {}", duration::text(trace.duration())));
        }
        self.text.push('\n');
    }

    fn span(&mut self, row: &Row<'_>) {
        let span = row.span;
        self.indent(row.depth);
        self.named(span);
        self.id((span.trace_id, span.span_id));
        self.status(&span.status);
        if span.parent_is_remote {
            self.text.push_str(" (remote parent)");
        }
        match row.place {
            Place::ParentMissing => self.text.push_str(" (parent missing)"),
            Place::ParentCycle => self.text.push_str(" (parent cycle)"),
            Place::Child | Place::RemoteParent | Place::Root => {}
        }
        if !span.flags.is_sampled() {
            self.text.push_str(" (not sampled)");
        }
        let calls = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
        let shown = match &self.options.attributes_without_callee {
            Some(shown) if !calls => shown,
            _ => &self.options.attributes,
        };
        self.list(&span.attributes, shown);
        self.text.push('\n');
    }

    /// Returns what an event adds to its span's line, `None` if that says all of it already.
    ///
    /// An error that ends a span is both the status of the span and an exception event.
    fn news<'e>(&self, event: &'e Event, span: &SpanRecord) -> Option<Cow<'e, [KeyValue]>> {
        let all = Cow::Borrowed(event.attributes.as_slice());
        let Status::Error { description } = &span.status else {
            return Some(all);
        };
        let says = |key| last(&event.attributes, key).map(|each| each.value.as_str());
        let is_repeated = self.options.descriptions
            && event.name == event::EXCEPTION
            && says(attr::EXCEPTION_MESSAGE).is_some_and(|message| message == *description);
        if !is_repeated {
            return Some(all);
        }
        let error_type = last(&span.attributes, attr::ERROR_TYPE)
            .filter(|_| self.options.attributes.show(attr::ERROR_TYPE))
            .map(|each| each.value.as_str());
        let is_same_type = error_type.is_some() && says(attr::EXCEPTION_TYPE) == error_type;
        let mut left = event.attributes.clone();
        left.retain(|each| match each.key.as_str() {
            attr::EXCEPTION_MESSAGE => false,
            attr::EXCEPTION_TYPE if is_same_type => false,
            key => self.options.attributes.show(key),
        });
        (!left.is_empty()).then_some(Cow::Owned(left))
    }

    fn link(&mut self, link: &Link) {
        let key = (link.span_context.trace_id(), link.span_context.span_id());
        self.text.push_str("-> ");
        match self.by_id.get(&key) {
            Some(target) => self.named(target),
            None => self.text.push_str("elsewhere"),
        }
        if self.options.ids == Ids::Full {
            // Its span id alone would not say where to look.
            self.put(format_args!(" {}", key.0));
        }
        self.id(key);
        self.attributes(&link.attributes);
        self.text.push('\n');
    }

    fn indent(&mut self, depth: usize) {
        self.text
            .extend(std::iter::repeat_n("  ", depth.min(INDENTED_LEVELS)));
        if depth > INDENTED_LEVELS {
            self.put(format_args!("(level {depth}) "));
        }
    }

    fn named(&mut self, span: &SpanRecord) {
        self.text.push_str(kind(&span.kind));
        self.text.push(' ');
        push_escaped(&mut self.text, &span.name);
    }

    fn id(&mut self, key: SpanKey) {
        match self.options.ids {
            Ids::Full => self.put(format_args!(" {}", key.1)),
            Ids::Hidden => {}
            Ids::Numbered => {
                let number = self.numbers.of_span(key);
                self.put(format_args!(" #{number}"));
            }
        }
    }

    fn status(&mut self, status: &Status) {
        match status {
            Status::Unset => {}
            Status::Ok => self.text.push_str(" OK"),
            Status::Error { description } => {
                self.text.push_str(" ERROR");
                if self.options.descriptions && !description.is_empty() {
                    self.text.push(' ');
                    push_quoted(&mut self.text, description);
                }
            }
        }
    }

    fn put(&mut self, text: fmt::Arguments<'_>) {
        push_format(&mut self.text, text);
    }

    fn attributes(&mut self, attributes: &[KeyValue]) {
        self.list(attributes, &self.options.attributes);
    }

    fn list(&mut self, attributes: &[KeyValue], shown: &Attributes) {
        let list = attribute_list(attributes, shown);
        if !list.is_empty() {
            self.text.push(' ');
            self.text.push_str(&list);
        }
    }
}

/// The columns beside the tree: how long each span took, and when in its trace.
struct Timeline {
    start: SystemTime,
    total: Duration,
    digits: usize,
}

impl Timeline {
    fn of(trace: &Trace<'_>, shown: &[Row<'_>]) -> Self {
        let text_width = |row: &Row<'_>| duration::text(row.span.duration()).chars().count();
        Self {
            start: trace.start().unwrap_or(SystemTime::UNIX_EPOCH),
            total: trace.duration(),
            digits: shown.iter().map(text_width).max().unwrap_or(0),
        }
    }

    fn width(&self) -> usize {
        self.digits + BAR_WIDTH + 6
    }

    fn push(&self, to: &mut String, span: &SpanRecord) {
        let taken = duration::text(span.duration());
        push_format(to, format_args!("  {taken:>width$}  ", width = self.digits));
        let from = self.column(span.start).min(BAR_WIDTH - 1);
        let length = self.columns(span.duration()).clamp(1, BAR_WIDTH - from);
        to.extend(std::iter::repeat_n(' ', from));
        to.extend(std::iter::repeat_n('━', length));
        to.extend(std::iter::repeat_n(' ', BAR_WIDTH - from - length + 2));
    }

    fn column(&self, time: SystemTime) -> usize {
        self.columns(time.duration_since(self.start).unwrap_or_default())
    }

    /// Scales a part of the trace's time to the width of the bar.
    fn columns(&self, part: Duration) -> usize {
        let width = BAR_WIDTH as u128;
        let columns = part.as_nanos() * width / self.total.as_nanos().max(1);
        usize::try_from(columns.min(width)).unwrap_or(BAR_WIDTH)
    }
}

/// Numbers in the order of first asking, the same on each run.
#[derive(Default)]
struct Numbers {
    spans: HashMap<SpanKey, usize>,
    traces: HashMap<TraceId, usize>,
}

impl Numbers {
    fn of_span(&mut self, key: SpanKey) -> usize {
        let next = self.spans.len() + 1;
        *self.spans.entry(key).or_insert(next)
    }

    fn of_trace(&mut self, id: TraceId) -> usize {
        let next = self.traces.len() + 1;
        *self.traces.entry(id).or_insert(next)
    }
}

fn by_id<'a>(traces: &[Trace<'a>]) -> HashMap<SpanKey, &'a SpanRecord> {
    let rows = traces.iter().flat_map(|trace| &trace.rows);
    rows.map(|row| ((row.span.trace_id, row.span.span_id), row.span))
        .collect()
}

fn kind(kind: &SpanKind) -> &'static str {
    match kind {
        SpanKind::Client => "CLIENT",
        SpanKind::Server => "SERVER",
        SpanKind::Producer => "PRODUCER",
        SpanKind::Consumer => "CONSUMER",
        SpanKind::Internal => "INTERNAL",
    }
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

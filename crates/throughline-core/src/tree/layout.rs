//! Grouping spans into traces, and putting a trace in the order of a tree.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    mem,
    time::{Duration, SystemTime},
};

use opentelemetry::{SpanId, TraceId};

use crate::record::SpanRecord;

/// The spans of one trace, in the order of a tree.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trace<'a> {
    /// The trace's id.
    pub trace_id: TraceId,
    /// Its spans, each parent before its children, siblings by start time, then id.
    pub rows: Vec<Row<'a>>,
}

/// A span and where it stands in its trace.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row<'a> {
    /// The span.
    pub span: &'a SpanRecord,
    /// How many ancestors of it are among the spans.
    pub depth: usize,
    /// How it is tied to its parent.
    pub place: Place,
}

/// How a span is tied to its parent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// Its parent is among the spans.
    Child,
    /// Its parent is in this process, but not among the spans.
    ParentMissing,
    /// It is among its own ancestors, which only broken data says.
    ParentCycle,
    /// Its parent is in another process, and not among the spans.
    RemoteParent,
    /// It has no parent.
    Root,
}

/// Groups `spans` into traces, the one that started first in front.
///
/// Takes spans in any order and of any shape: with missing parents, with an id that is there
/// twice (children go to the first of them), with parents in a cycle. Every span is in the
/// result exactly once.
pub fn traces<'a>(spans: impl IntoIterator<Item = &'a SpanRecord>) -> Vec<Trace<'a>> {
    let mut groups = BTreeMap::<[u8; 16], Vec<&SpanRecord>>::new();
    for span in spans {
        groups
            .entry(span.trace_id.to_bytes())
            .or_default()
            .push(span);
    }
    let mut traces: Vec<_> = groups.into_values().map(Trace::of).collect();
    // The sort is stable: traces of the same instant stay in the order of their ids.
    traces.sort_by_key(Trace::start);
    traces
}

impl<'a> Trace<'a> {
    /// Returns when its first span started.
    pub fn start(&self) -> Option<SystemTime> {
        self.rows.iter().map(|row| row.span.start).min()
    }

    /// Returns the time from its first start to its last end.
    pub fn duration(&self) -> Duration {
        let end = self.rows.iter().map(|row| row.span.end).max();
        let both = self.start().zip(end);
        both.and_then(|(start, end)| end.duration_since(start).ok())
            .unwrap_or_default()
    }

    /// Counts its spans whose status is an error.
    pub fn errors(&self) -> usize {
        self.rows.iter().filter(|row| row.span.is_error()).count()
    }

    /// Orders spans of one trace. There is at least one.
    fn of(mut spans: Vec<&'a SpanRecord>) -> Self {
        spans.sort_by(|a, b| by_start(a, b));
        let mut by_id = HashMap::<SpanId, usize>::new();
        for (index, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id).or_insert(index);
        }

        let mut walk = Walk::over(&spans);
        let mut roots = Vec::new();
        for (index, span) in spans.iter().enumerate() {
            match span.parent_span_id {
                None => roots.push((index, Place::Root)),
                Some(id) => match by_id.get(&id) {
                    Some(&parent) => {
                        walk.parents[index] = Some(parent);
                        walk.children[parent].push(index);
                    }
                    None if span.parent_is_remote => roots.push((index, Place::RemoteParent)),
                    None => roots.push((index, Place::ParentMissing)),
                },
            }
        }

        for (root, place) in roots {
            walk.down_from(root, place);
        }
        // What no root leads to hangs on a cycle.
        for index in 0..spans.len() {
            if !walk.seen[index] {
                let top = walk.cycle_above(index);
                walk.down_from(top, Place::ParentCycle);
            }
        }
        Self {
            trace_id: spans[0].trace_id,
            rows: walk.rows,
        }
    }
}

fn by_start(a: &SpanRecord, b: &SpanRecord) -> Ordering {
    a.start
        .cmp(&b.start)
        .then_with(|| a.span_id.to_bytes().cmp(&b.span_id.to_bytes()))
}

/// A walk over a trace, parents first. Spans are known by their index.
///
/// It keeps its own stack: how deep a trace is, is up to whoever sent it.
struct Walk<'s, 'a> {
    spans: &'s [&'a SpanRecord],
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    seen: Vec<bool>,
    climbed: Vec<bool>,
    rows: Vec<Row<'a>>,
}

impl<'s, 'a> Walk<'s, 'a> {
    fn over(spans: &'s [&'a SpanRecord]) -> Self {
        Self {
            spans,
            parents: vec![None; spans.len()],
            children: vec![Vec::new(); spans.len()],
            seen: vec![false; spans.len()],
            climbed: vec![false; spans.len()],
            rows: Vec::with_capacity(spans.len()),
        }
    }

    fn down_from(&mut self, root: usize, place: Place) {
        let mut todo = vec![(root, 0, place)];
        while let Some((index, depth, place)) = todo.pop() {
            if mem::replace(&mut self.seen[index], true) {
                continue;
            }
            self.rows.push(Row {
                span: self.spans[index],
                depth,
                place,
            });
            let below = self.children[index].iter().rev();
            todo.extend(below.map(|&child| (child, depth + 1, Place::Child)));
        }
    }

    /// Climbs from a span that no root leads to, to the earliest span of the cycle above it.
    ///
    /// What it climbs over is walked right after, so that all climbs together are linear.
    fn cycle_above(&mut self, index: usize) -> usize {
        let mut at = index;
        while !mem::replace(&mut self.climbed[at], true) {
            at = self.parent(at);
        }
        // `at` is on the cycle. Spans are in the order of start, so the lowest index is earliest.
        let (mut earliest, mut next) = (at, self.parent(at));
        while next != at {
            earliest = earliest.min(next);
            next = self.parent(next);
        }
        earliest
    }

    fn parent(&self, index: usize) -> usize {
        self.parents[index].expect("a span without parent is a root, and roots were walked")
    }
}

//! The `tracestate` list: its grammar, and its two homes in a context.
//!
//! A member lives in the span context's [`TraceState`] if that type can hold it. If one member of a list cannot
//! be held there, the whole list is also kept as a [`CarriedList`], because only the list knows the order.

use std::str;

use opentelemetry::{
    Context, TraceId,
    trace::{SpanContext, TraceState},
};

use super::{grammar::trim_ows, traceparent::Traceparent};

/// How many members a list may have (section 3.3.1.1).
const MAX_MEMBERS: usize = 32;

/// How many bytes of a list are sent on; the specification asks for at least 512 (section 3.3.1.5).
///
/// Other servers refuse a request whose headers are too large, often at 8 KiB, and a caller must not be able to
/// bring the calls of this service over that line.
const MAX_LEN: usize = 2048;

/// The length above which a member is the first to go when the list is too long (section 3.3.1.5).
const LARGE_MEMBER_LEN: usize = 128;

/// The length that a key and a value may have.
const MAX_TEXT_LEN: usize = 256;

/// Reads the fields of a list: the part that stands on the span, and the list itself if a part cannot.
pub(super) fn extract<'a>(
    parent: Traceparent,
    lines: impl Iterator<Item = &'a [u8]>,
) -> (TraceState, Option<CarriedList>) {
    match Members::parse(lines) {
        Some(members) => split(parent.trace_id(), &members),
        None => (TraceState::NONE, None),
    }
}

/// Writes the list that goes with the span, or `None` if it is empty.
pub(super) fn encode(cx: &Context, span_context: &SpanContext) -> Option<String> {
    let state = span_context.trace_state();
    let carried = cx
        .get::<CarriedList>()
        .filter(|list| list.applies_to(span_context.trace_id()));
    if state.into_iter().len() == 0 && carried.is_none() {
        return None;
    }
    let mut members = match carried {
        Some(list) => list.merge(state),
        None => Members::of_state(state),
    };
    members.shorten_to(MAX_LEN);
    members.encode()
}

/// A list as it was received, for the members that [`TraceState`] refuses.
#[derive(Debug)]
pub(super) struct CarriedList {
    trace_id: TraceId,
    list: String,
    /// One bit for each member, by position: set if the span's `TraceState` does not have it.
    refused: u32,
}

impl CarriedList {
    /// A list that stands in front of an older one of the same trace and says that there is none.
    pub(super) fn none(trace_id: TraceId) -> Self {
        Self {
            trace_id,
            list: String::new(),
            refused: 0,
        }
    }

    /// Whether the list has something to add to a span of the trace.
    pub(super) fn applies_to(&self, trace_id: TraceId) -> bool {
        self.refused != 0 && self.trace_id == trace_id
    }

    /// Puts the span's members and the refused ones together, as section 3.5 asks: what is new or changed comes
    /// first, the rest keeps its order.
    fn merge<'a>(&'a self, state: &'a TraceState) -> Members<'a> {
        let received = Members::parse([self.list.as_bytes()].into_iter()).unwrap_or(Members::EMPTY);
        let mut merged = Members::EMPTY;
        for (key, value) in state {
            if received.get(key) != Some(value) {
                merged.push_checked(key, value);
            }
        }
        for (position, member) in received.as_slice().iter().enumerate() {
            let refused = (self.refused >> position) & 1 == 1;
            if refused || state.get(member.key) == Some(member.value) {
                merged.push(*member);
            }
        }
        merged
    }
}

/// Divides a list between its two homes.
fn split(trace_id: TraceId, members: &Members<'_>) -> (TraceState, Option<CarriedList>) {
    let mut refused = 0;
    for (position, member) in members.as_slice().iter().enumerate() {
        if !fits_trace_state(member.key) {
            refused |= 1 << position;
        }
    }
    let held = members
        .as_slice()
        .iter()
        .enumerate()
        .filter(|(position, _)| (refused >> position) & 1 == 0)
        .map(|(_, member)| (member.key, member.value));
    let state = TraceState::from_key_value(held).unwrap_or_else(|_| {
        // Only if its rules grow stricter than `fits_trace_state` can see: then no member is on the span, and
        // all of them are carried.
        refused = u32::MAX;
        TraceState::NONE
    });
    let carried = (refused != 0).then(|| CarriedList {
        trace_id,
        list: members.encode().unwrap_or_default(),
        refused,
    });
    (state, carried)
}

/// Whether [`TraceState`] takes a key that the grammar allows. Only an `@` divides the two.
fn fits_trace_state(key: &str) -> bool {
    // Deleting from an empty state does nothing but judge the key.
    !key.contains('@') || TraceState::NONE.delete(key).is_ok()
}

#[derive(Clone, Copy)]
struct Member<'a> {
    key: &'a str,
    value: &'a str,
}

impl Member<'_> {
    fn len(self) -> usize {
        self.key.len() + 1 + self.value.len()
    }
}

/// The members of one list, in order and with no key twice, without a heap block.
struct Members<'a> {
    members: [Member<'a>; MAX_MEMBERS],
    len: usize,
}

impl<'a> Members<'a> {
    const EMPTY: Self = Self {
        members: [Member { key: "", value: "" }; MAX_MEMBERS],
        len: 0,
    };

    /// Reads a list. `None` if there is no member, a member is malformed, or there are more than 32.
    fn parse(lines: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let mut lines = lines.peekable();
        lines.peek()?;
        let mut members = Self::EMPTY;
        let mut count = 0;
        for line in lines {
            for text in line.split(|byte| *byte == b',') {
                let text = trim_ows(text);
                if text.is_empty() {
                    continue;
                }
                count += 1;
                if count > MAX_MEMBERS {
                    return None;
                }
                members.push(parse_member(text)?);
            }
        }
        members.shorten_to(MAX_LEN);
        (members.len > 0).then_some(members)
    }

    /// Takes the members that may be sent. The type checks keys, but lets a value hold anything, line breaks too.
    fn of_state(state: &'a TraceState) -> Self {
        let mut members = Self::EMPTY;
        for (key, value) in state {
            members.push_checked(key, value);
        }
        members
    }

    fn push_checked(&mut self, key: &'a str, value: &'a str) {
        if is_key(key.as_bytes()) && is_value(value.as_bytes()) {
            self.push(Member { key, value });
        }
    }

    /// Adds a member at the end, unless its key is there already or the list is full.
    fn push(&mut self, member: Member<'a>) {
        if self.len < MAX_MEMBERS && self.get(member.key).is_none() {
            self.members[self.len] = member;
            self.len += 1;
        }
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.as_slice()
            .iter()
            .find(|member| member.key == key)
            .map(|member| member.value)
    }

    fn as_slice(&self) -> &[Member<'a>] {
        &self.members[..self.len]
    }

    fn encoded_len(&self) -> usize {
        let commas = self.len.saturating_sub(1);
        self.as_slice().iter().map(|m| m.len()).sum::<usize>() + commas
    }

    /// Removes whole members until the list fits: large ones first, then any, each time from the end.
    fn shorten_to(&mut self, limit: usize) {
        let mut len = self.encoded_len();
        for large_only in [true, false] {
            let mut position = self.len;
            while len > limit && position > 0 {
                position -= 1;
                let member_len = self.members[position].len();
                if !large_only || member_len > LARGE_MEMBER_LEN {
                    self.members.copy_within(position + 1..self.len, position);
                    self.len -= 1;
                    len -= member_len + usize::from(self.len > 0);
                }
            }
        }
    }

    fn encode(&self) -> Option<String> {
        if self.len == 0 {
            return None;
        }
        // Exact, so that the header value takes the block over as it is.
        let mut out = String::with_capacity(self.encoded_len());
        for member in self.as_slice() {
            if !out.is_empty() {
                out.push(',');
            }
            out.push_str(member.key);
            out.push('=');
            out.push_str(member.value);
        }
        Some(out)
    }
}

fn parse_member(text: &[u8]) -> Option<Member<'_>> {
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (&text[..equals], &text[equals + 1..]);
    if !is_key(key) || !is_value(value) {
        return None;
    }
    Some(Member {
        key: str::from_utf8(key).ok()?,
        value: str::from_utf8(value).ok()?,
    })
}

/// `key` of level 2: a lower-case letter or digit, then up to 255 of those and `_-*/@` (section 3.3.1.3.1).
fn is_key(key: &[u8]) -> bool {
    let is_letter_or_digit = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= MAX_TEXT_LEN
        && key.first().is_some_and(is_letter_or_digit)
        && key.iter().all(|byte| {
            is_letter_or_digit(byte) || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@')
        })
}

/// `value`: up to 256 printable characters but `,` and `=`, the last of them no space (section 3.3.1.3.2).
fn is_value(value: &[u8]) -> bool {
    value.len() <= MAX_TEXT_LEN
        && value.last().is_some_and(|byte| *byte != b' ')
        && value
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
}

#[cfg(test)]
#[path = "tests/tracestate.rs"]
mod tests;

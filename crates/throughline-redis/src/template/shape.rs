//! A key taken apart, part by part.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::FxHasher;

use super::{evidence::Evidence, words};

/// What stands between the parts of a key.
pub(super) const SEPARATORS: [char; 5] = [':', '/', '|', '{', '}'];

/// What stands in the place of a value.
const VALUE: &str = "{}";
/// How much of a key is looked at, in bytes. The rest is a value.
const MOST_BYTES: usize = 256;
/// How many parts of a key are looked at. The rest is a value.
const MOST_PARTS: usize = 8;
/// The longest part that can be shown.
const LONGEST_PART: usize = 48;
/// The longest part that is proven as a whole.
const LONGEST_WORD: usize = 24;

/// Writes the template of `key`.
///
/// A part between `:`, `/`, `|` and braces is shown if all its words are common ones, or if
/// the evidence says so. Of a part that is not, the common words are shown when it has
/// nothing but small letters, digits and `_`, `-`, `.`: `order-7f3a` becomes `order-{}`.
pub(super) fn of(key: &[u8], evidence: &Evidence) -> Text {
    let mut text = Text::default();
    let mut rest = &key[..key.len().min(MOST_BYTES)];
    let is_cut = key.len() > MOST_BYTES;
    let mut before = Before::Nothing;
    for part_number in 0.. {
        let end = rest.iter().position(|byte| is_separator(*byte));
        let is_last = end.is_none();
        let part = &rest[..end.unwrap_or(rest.len())];
        if part_number == MOST_PARTS || (is_last && is_cut) {
            text.push(VALUE);
            break;
        }
        let next = end.map(|end| &rest[end + 1..]);
        if !part.is_empty() {
            before = write_part(part, next, before, evidence, &mut text);
        }
        let (Some(end), Some(next)) = (end, next) else {
            break;
        };
        text.push(separator(rest[end]));
        rest = next;
    }
    text
}

/// What stands before a part.
#[derive(Clone, Copy)]
enum Before {
    /// It is the first one.
    Nothing,
    /// A name.
    Name,
    /// A value with this hash.
    Value(u32),
}

fn write_part(
    part: &[u8],
    next: Option<&[u8]>,
    before: Before,
    evidence: &Evidence,
    text: &mut Text,
) -> Before {
    let value = Before::Value(hash(part));
    let shown = match std::str::from_utf8(part) {
        Ok(shown) if part.len() <= LONGEST_PART => shown,
        _ => {
            text.push(VALUE);
            return value;
        }
    };
    if words::is_named(shown) {
        text.push(shown);
        return Before::Name;
    }
    if evidence.is_crowded(text.as_str()) {
        text.push(VALUE);
        return value;
    }
    let is_plain =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_joint(*byte);
    if !part.iter().all(is_plain) {
        text.push(VALUE);
        return value;
    }
    let is_common = shown.split(joints).all(words::is_common);
    if is_common || is_proven(shown, next, before, evidence, text) {
        text.push(shown);
        return Before::Name;
    }
    let start = text.len;
    write_words(shown, text);
    if &text.bytes[start..text.len] == VALUE.as_bytes() {
        value
    } else {
        // It has its own name, and says nothing about what follows.
        Before::Name
    }
}

/// Writes the common words of a part, and one placeholder for each run of others.
fn write_words(part: &str, text: &mut Text) {
    let mut after_value = None;
    for word in part.split_inclusive(joints) {
        let bare = word.trim_end_matches(joints);
        let joint = &word[bare.len()..];
        if words::is_common(bare) {
            text.push(after_value.take().unwrap_or_default());
            text.push(word);
        } else if after_value.replace(joint).is_none() {
            text.push(VALUE);
        }
    }
}

fn is_proven(
    part: &str,
    next: Option<&[u8]>,
    before: Before,
    evidence: &Evidence,
    text: &Text,
) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || is_joint(byte);
    if !(2..=LONGEST_WORD).contains(&part.len()) || !part.bytes().all(is_word) {
        return false;
    }
    let neighbour = match (before, next) {
        (Before::Nothing, Some(next)) => {
            let end = next.iter().position(|byte| is_separator(*byte));
            hash(&next[..end.unwrap_or(next.len())])
        }
        (Before::Value(neighbour), _) => neighbour,
        (Before::Nothing, None) | (Before::Name, _) => return false,
    };
    evidence.judge(text.as_str(), part, neighbour)
}

fn is_separator(byte: u8) -> bool {
    SEPARATORS.contains(&char::from(byte))
}

fn separator(byte: u8) -> &'static str {
    match byte {
        b':' => ":",
        b'/' => "/",
        b'|' => "|",
        b'{' => "{",
        _ => "}",
    }
}

fn is_joint(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.')
}

fn joints(character: char) -> bool {
    matches!(character, '_' | '-' | '.')
}

fn hash(bytes: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    bytes.hash(&mut hasher);
    // The upper half: the better one of this hash.
    u32::try_from(hasher.finish() >> 32).unwrap_or(0)
}

/// A short text on the stack. What does not fit becomes a value, or is left out.
#[derive(Debug)]
pub(super) struct Text {
    bytes: [u8; 256],
    len: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            bytes: [0; 256],
            len: 0,
        }
    }
}

impl Text {
    fn push(&mut self, text: &str) {
        let fits = self.len + text.len() <= self.bytes.len();
        let text = if fits { text } else { VALUE };
        if let Some(room) = self.bytes.get_mut(self.len..self.len + text.len()) {
            room.copy_from_slice(text.as_bytes());
            self.len += text.len();
        }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len])
            .expect("whole strings are pushed and nothing else")
    }
}

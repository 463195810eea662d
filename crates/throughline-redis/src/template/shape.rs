//! A key taken apart, part by part.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::FxHasher;

use super::{evidence::Evidence, words};

/// What stands between the parts of a key.
pub(super) const SEPARATORS: [char; 5] = [':', '/', '|', '{', '}'];

const SEPARATOR: u8 = 1;
const DIGIT: u8 = 2;
const SMALL_LETTER: u8 = 4;
const JOINT: u8 = 8;
const OTHER: u8 = 16;

/// The kind of each byte. Keys are read byte by byte for each command.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b':' | b'/' | b'|' | b'{' | b'}' => SEPARATOR,
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' => SMALL_LETTER,
            byte if is_joint(byte) => JOINT,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// What stands in the place of a value.
const VALUE: &[u8] = b"{}";
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
        let (part, end) = Part::first_of(rest);
        let is_last = end.is_none();
        if part_number == MOST_PARTS || (is_last && is_cut) {
            text.push(VALUE);
            break;
        }
        let next = end.map(|end| &rest[end + 1..]);
        if !part.bytes.is_empty() {
            before = write_part(part, next, before, evidence, &mut text);
        }
        let (Some(end), Some(next)) = (end, next) else {
            break;
        };
        text.push(&rest[end..=end]);
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

/// What is between two separators.
#[derive(Clone, Copy)]
struct Part<'a> {
    bytes: &'a [u8],
    /// The kinds of its bytes.
    kinds: u8,
}

impl<'a> Part<'a> {
    /// Returns the first part of `rest`, and where it ends if more follows.
    fn first_of(rest: &'a [u8]) -> (Self, Option<usize>) {
        let mut kinds = 0;
        for (at, byte) in rest.iter().enumerate() {
            let kind = KINDS[usize::from(*byte)];
            if kind == SEPARATOR {
                let bytes = &rest[..at];
                return (Self { bytes, kinds }, Some(at));
            }
            kinds |= kind;
        }
        (Self { bytes: rest, kinds }, None)
    }

    fn is_number(self) -> bool {
        self.kinds == DIGIT
    }

    fn is_plain(self) -> bool {
        self.kinds & OTHER == 0
    }

    fn is_word(self) -> bool {
        self.kinds & (DIGIT | OTHER) == 0 && (2..=LONGEST_WORD).contains(&self.bytes.len())
    }
}

fn write_part(
    part: Part<'_>,
    next: Option<&[u8]>,
    before: Before,
    evidence: &Evidence,
    text: &mut Text,
) -> Before {
    let bytes = part.bytes;
    let value = || Before::Value(hash(bytes));
    let is_short = bytes.len() <= LONGEST_PART;
    if is_short && words::is_named(bytes) {
        text.push(bytes);
        return Before::Name;
    }
    let may_show = is_short && part.is_plain() && !part.is_number();
    if !may_show || evidence.is_crowded(text.as_bytes()) {
        text.push(VALUE);
        return value();
    }
    let is_common = bytes.split(|byte| is_joint(*byte)).all(words::is_common);
    if is_common || is_proven(part, next, before, evidence, text) {
        text.push(bytes);
        return Before::Name;
    }
    let start = text.len;
    write_words(bytes, text);
    if &text.bytes[start..text.len] == VALUE {
        value()
    } else {
        // It has its own name, and says nothing about what follows.
        Before::Name
    }
}

/// Writes the common words of a part, and one placeholder for each run of others.
fn write_words(part: &[u8], text: &mut Text) {
    let mut after_value: Option<&[u8]> = None;
    for word in part.split_inclusive(|byte| is_joint(*byte)) {
        let has_joint = word.last().is_some_and(|byte| is_joint(*byte));
        let (bare, joint) = word.split_at(word.len() - usize::from(has_joint));
        if words::is_common(bare) {
            text.push(after_value.take().unwrap_or_default());
            text.push(word);
        } else if after_value.replace(joint).is_none() {
            text.push(VALUE);
        }
    }
}

fn is_proven(
    part: Part<'_>,
    next: Option<&[u8]>,
    before: Before,
    evidence: &Evidence,
    text: &Text,
) -> bool {
    if !part.is_word() {
        return false;
    }
    let neighbour = match (before, next) {
        (Before::Nothing, Some(next)) => hash(Part::first_of(next).0.bytes),
        (Before::Value(neighbour), _) => neighbour,
        (Before::Nothing, None) | (Before::Name, _) => return false,
    };
    evidence.judge(text.as_bytes(), part.bytes, neighbour)
}

const fn is_joint(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.')
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
    fn push(&mut self, part: &[u8]) {
        let fits = self.len + part.len() <= self.bytes.len();
        let part = if fits { part } else { VALUE };
        if let Some(room) = self.bytes.get_mut(self.len..self.len + part.len()) {
            room.copy_from_slice(part);
            self.len += part.len();
        }
    }

    /// Returns the text. What was pushed is ASCII, or a word that the application named.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

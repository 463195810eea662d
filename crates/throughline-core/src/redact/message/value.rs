//! How far a value reaches.

/// The part of a value to replace: from its start to its closing quote, or to the next blank that stands outside of quotes and
/// brackets. A quote or bracket that is not closed takes everything.
pub(super) fn end_of_value(text: &str, from: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    if let Some(quote @ (b'"' | b'\'' | b'`')) = bytes.get(from).copied() {
        let close = closing_quote(bytes, from + 1, quote);
        // Behind the quote comes something else, unless the quote was doubled or the value goes on.
        let goes_on = bytes
            .get(close + 1)
            .is_some_and(|byte| *byte == quote || byte.is_ascii_alphanumeric());
        if !goes_on {
            return (from + 1, close);
        }
    }
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' | b'`' => at = closing_quote(bytes, at + 1, *byte),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            byte if depth == 0 && byte.is_ascii_whitespace() => break,
            _ => {}
        }
        at += 1;
    }
    (from, at.min(bytes.len()))
}

pub(super) fn end_of_line(text: &str, from: usize) -> usize {
    text[from..]
        .find(['\n', '\r'])
        .map_or(text.len(), |len| from + len)
}

/// The place of the closing quote, or the end of the text.
fn closing_quote(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            byte if *byte == quote => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

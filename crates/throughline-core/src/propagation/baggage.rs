//! The `baggage` list: values are decoded, properties stay as they were sent.
//!
//! Properties have no meaning here, and [`BaggageMetadata`] is one string.
//! It holds them in the form of the wire, because decoded ones could not be told apart again: a `;` in a value
//! would look like the next property.

use std::str;

use opentelemetry::baggage::{Baggage, BaggageMetadata};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use super::grammar::{is_baggage_octet, is_token, is_token_byte, trim_ows};

/// How many members there can be. [`Baggage`] takes no more, and the specification asks for as many ([section
/// 3.3.2]).
///
/// [section 3.3.2]: https://www.w3.org/TR/baggage/#limits
const MAX_MEMBERS: usize = 64;

/// How many bytes are read and written, commas included.
const MAX_LEN: usize = 8192;

/// What is encoded in a value: all that is no `baggage-octet`, `%` itself, and `=`, which some readers take for the
/// end of the value.
const IN_VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b',')
    .add(b';')
    .add(b'\\')
    .add(b'%')
    .add(b'=');

/// Reads the fields of a list. `None` if they hold no valid member.
pub(super) fn extract<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Baggage> {
    let mut baggage: Option<Baggage> = None;
    let mut used = 0;
    for line in lines {
        for text in line.split(|byte| *byte == b',') {
            let text = trim_ows(text);
            let separator = usize::from(used > 0);
            if text.is_empty() || used + separator + text.len() > MAX_LEN {
                continue;
            }
            let Some(member) = Member::parse(text) else {
                continue;
            };
            used += separator + text.len();
            baggage.get_or_insert_default().insert_with_metadata(
                member.key.to_owned(),
                percent_decode(member.value)
                    .decode_utf8_lossy()
                    .into_owned(),
                member.properties,
            );
        }
    }
    baggage
}

/// Writes a list, sorted by key so that equal baggage gives equal bytes, or `None` if it has no member that fits.
pub(super) fn encode(baggage: &Baggage) -> Option<String> {
    if baggage.is_empty() {
        return None;
    }
    let mut members: [Option<(&str, &str, &str)>; MAX_MEMBERS] = [None; MAX_MEMBERS];
    let mut len = 0;
    for (slot, (key, (value, metadata))) in members.iter_mut().zip(baggage) {
        *slot = Some((key.as_str(), value.as_str(), metadata.as_str()));
        len += 1;
    }
    let members = &mut members[..len];
    members.sort_unstable();

    // Exact when nothing has to be encoded, and then the header value takes the block over as it is.
    let plain_len: usize = members
        .iter()
        .flatten()
        .map(|(key, value, properties)| {
            let semicolon = usize::from(!properties.is_empty());
            key.len() + 1 + value.len() + semicolon + properties.len()
        })
        .sum();
    let mut out = String::with_capacity(plain_len + len - 1);
    for (key, value, properties) in members.iter().flatten() {
        if !is_token(key.as_bytes()) {
            continue;
        }
        let before = out.len();
        if before > 0 {
            out.push(',');
        }
        out.push_str(key);
        out.push('=');
        out.extend(utf8_percent_encode(value, IN_VALUE));
        write_properties(&mut out, properties);
        if out.len() > MAX_LEN {
            out.truncate(before);
        }
    }
    (!out.is_empty()).then_some(out)
}

struct Member<'a> {
    key: &'a str,
    value: &'a [u8],
    properties: BaggageMetadata,
}

impl<'a> Member<'a> {
    /// Reads `key = value *( ; property )`. `None` if any part of it is malformed.
    fn parse(text: &'a [u8]) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b';');
        let (key, value) = split_pair(parts.next()?);
        let value = value?;
        if !is_token(key) || !value.iter().copied().all(is_baggage_octet) {
            return None;
        }
        let mut properties = String::new();
        for part in parts {
            let (key, value) = split_pair(part);
            if key.is_empty() && value.is_none() {
                continue;
            }
            if !is_token(key)
                || !value
                    .unwrap_or_default()
                    .iter()
                    .copied()
                    .all(is_baggage_octet)
            {
                return None;
            }
            if !properties.is_empty() {
                properties.push(';');
            }
            properties.push_str(str::from_utf8(key).ok()?);
            if let Some(value) = value {
                properties.push('=');
                properties.push_str(str::from_utf8(value).ok()?);
            }
        }
        Some(Self {
            key: str::from_utf8(key).ok()?,
            value,
            properties: properties.into(),
        })
    }
}

/// Divides `key = value` at the first equals sign; the value may hold more of them.
fn split_pair(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b'=') {
        Some(equals) => (
            trim_ows(&text[..equals]),
            Some(trim_ows(&text[equals + 1..])),
        ),
        None => (trim_ows(text), None),
    }
}

/// Writes properties, whoever made them: what could end a property or a member is encoded.
fn write_properties(out: &mut String, properties: &str) {
    for property in properties.split(';') {
        let (key, value) = split_pair(property.as_bytes());
        if key.is_empty() {
            continue;
        }
        out.push(';');
        write_encoded(out, key, is_token_byte);
        if let Some(value) = value {
            out.push('=');
            write_encoded(out, value, is_baggage_octet);
        }
    }
}

/// Writes the bytes that are allowed as they are, and the others percent-encoded. What is encoded already stays.
fn write_encoded(out: &mut String, text: &[u8], is_allowed: fn(u8) -> bool) {
    for byte in text.iter().copied() {
        if is_allowed(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(percent_encoding::percent_encode_byte(byte));
        }
    }
}

#[cfg(test)]
#[path = "tests/baggage.rs"]
mod tests;

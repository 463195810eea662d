//! Attributes and their values as text.

use std::{
    borrow::Cow,
    collections::HashSet,
    fmt::{self, Write as _},
};

use opentelemetry::{Array, KeyValue, Value};

/// Which attributes to show.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Attributes {
    /// Every one, in the order of setting.
    All,
    /// These, in this order.
    Listed(Vec<Cow<'static, str>>),
    /// None.
    #[default]
    None,
}

impl Attributes {
    /// Shows the attributes of these keys, in this order.
    pub fn listed<K: Into<Cow<'static, str>>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::Listed(keys.into_iter().map(Into::into).collect())
    }

    pub(super) fn show(&self, key: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(keys) => keys.iter().any(|each| each == key),
            Self::None => false,
        }
    }
}

/// Writes the shown ones of `attributes` as `[key=value key=value]`, or nothing if there are none.
///
/// Of a key that was set more than once the last value is shown, where the first one stood.
pub fn attribute_list(attributes: &[KeyValue], shown: &Attributes) -> String {
    let last = |key: &str| last(attributes, key);
    let chosen: Vec<&KeyValue> = match shown {
        Attributes::All => {
            let mut keys = HashSet::new();
            let first = attributes
                .iter()
                .filter(|each| keys.insert(each.key.as_str()));
            first.filter_map(|each| last(each.key.as_str())).collect()
        }
        Attributes::Listed(keys) => keys.iter().filter_map(|key| last(key)).collect(),
        Attributes::None => Vec::new(),
    };
    if chosen.is_empty() {
        return String::new();
    }
    let mut text = String::from("[");
    for (index, each) in chosen.into_iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        push_escaped(&mut text, each.key.as_str());
        text.push('=');
        push_value(&mut text, &each.value);
    }
    text.push(']');
    text
}

/// Finds the attribute of this key that counts.
pub(super) fn last<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a KeyValue> {
    let mut newest_first = attributes.iter().rev();
    newest_first.find(|each| each.key.as_str() == key)
}

/// Appends text of unknown origin, harmless on one line of a terminal.
///
/// Control characters could move the cursor or end the line, and direction marks could make
/// the line read as another one.
pub(super) fn push_escaped(to: &mut String, text: &str) {
    for c in text.chars() {
        let hidden = matches!(c,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || hidden {
            to.extend(c.escape_default());
        } else {
            to.push(c);
        }
    }
}

/// Appends text in quotes.
pub(super) fn push_quoted(to: &mut String, text: &str) {
    to.push('"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            to.push_str("\\\"");
        }
        push_escaped(to, part);
    }
    to.push('"');
}

fn push_value(to: &mut String, value: &Value) {
    match value {
        Value::String(text) => push_string(to, text.as_str()),
        Value::Bool(value) => push_display(to, value),
        Value::I64(value) => push_display(to, value),
        Value::F64(value) => push_float(to, *value),
        Value::Array(Array::String(all)) => {
            push_array(to, all, |to, each| push_string(to, each.as_str()));
        }
        Value::Array(Array::Bool(all)) => push_array(to, all, push_display),
        Value::Array(Array::I64(all)) => push_array(to, all, push_display),
        Value::Array(Array::F64(all)) => push_array(to, all, |to, each| push_float(to, *each)),
        other => push_string(to, &other.as_str()),
    }
}

fn push_array<T>(to: &mut String, all: &[T], push: impl Fn(&mut String, &T)) {
    to.push('[');
    for (index, each) in all.iter().enumerate() {
        if index > 0 {
            to.push(',');
        }
        push(to, each);
    }
    to.push(']');
}

fn push_string(to: &mut String, text: &str) {
    let reads_as_another_type = text.parse::<f64>().is_ok() || matches!(text, "true" | "false");
    let special = |c: char| c.is_whitespace() || matches!(c, '"' | '[' | ']');
    if text.is_empty() || reads_as_another_type || text.contains(special) {
        push_quoted(to, text);
    } else {
        push_escaped(to, text);
    }
}

/// A whole number keeps its `.0`: the type of an attribute is part of its contract.
fn push_float(to: &mut String, value: f64) {
    push_format(to, format_args!("{value:?}"));
}

fn push_display<T: fmt::Display>(to: &mut String, value: &T) {
    push_format(to, format_args!("{value}"));
}

/// Appends what `format_args!` made.
pub(super) fn push_format(to: &mut String, text: fmt::Arguments<'_>) {
    to.write_fmt(text)
        .expect("a String takes whatever is written to it");
}

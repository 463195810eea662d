//! What a reply says: hits and misses, errors inside of it, its size.

use redis::{ServerError, Value};

use crate::command::Class;

/// Values that were looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lookups {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

impl Lookups {
    fn one(is_hit: bool) -> Self {
        Self {
            hits: u64::from(is_hit),
            misses: u64::from(!is_hit),
        }
    }

    /// Reads the reply of a command of this class.
    ///
    /// An error is neither hit nor miss, and neither is `QUEUED`, the answer to a command
    /// after `MULTI`.
    pub(crate) fn of(class: Class, value: &Value, empty_is_miss: bool) -> Option<Self> {
        let value = bare(value);
        match (class, value) {
            (_, Value::ServerError(_)) => None,
            (_, value) if is_queued(value) => None,
            (Class::Read, value) => Some(Self::one(!matches!(value, Value::Nil))),
            (Class::MultiRead, Value::Array(items)) => {
                let misses = items.iter().filter(|item| is_nil(item)).count();
                let all = Self {
                    hits: (items.len() - misses) as u64,
                    misses: misses as u64,
                };
                Some(all)
            }
            (Class::Collection, value) if empty_is_miss => is_empty(value).map(|is| Self::one(!is)),
            _ => None,
        }
    }

    /// Adds those of another command.
    pub(crate) fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.misses += other.misses;
    }
}

/// Says whether the command waits for `EXEC`.
pub(crate) fn is_queued(value: &Value) -> bool {
    matches!(bare(value), Value::SimpleString(text) if text == "QUEUED")
}

/// Says whether the reply is nil.
pub(crate) fn is_nil(value: &Value) -> bool {
    matches!(bare(value), Value::Nil)
}

/// Returns the value without what RESP3 says about it.
pub(crate) fn bare(mut value: &Value) -> &Value {
    while let Value::Attribute { data, .. } = value {
        value = data;
    }
    value
}

/// Finds the first error in a reply, at any depth, as redis does before it converts one.
pub(crate) fn error(value: &Value) -> Option<&ServerError> {
    match bare(value) {
        Value::ServerError(error) => Some(error),
        Value::Array(items) | Value::Set(items) | Value::Push { data: items, .. } => {
            items.iter().find_map(error)
        }
        Value::Map(pairs) => pairs
            .iter()
            .find_map(|(key, value)| error(key).or_else(|| error(value))),
        _ => None,
    }
}

/// Counts the bytes of a reply: texts by their length, numbers as eight.
pub(crate) fn bytes(value: &Value) -> usize {
    let all = |items: &[Value]| items.iter().map(bytes).sum();
    match bare(value) {
        Value::Nil | Value::Okay | Value::Boolean(_) => 0,
        Value::BulkString(text) => text.len(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text.len(),
        Value::Array(items) | Value::Set(items) | Value::Push { data: items, .. } => all(items),
        Value::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| bytes(key) + bytes(value))
            .sum(),
        _ => 8,
    }
}

fn is_empty(value: &Value) -> Option<bool> {
    match value {
        Value::Nil => Some(true),
        Value::Array(items) | Value::Set(items) => Some(items.is_empty()),
        Value::Map(pairs) => Some(pairs.is_empty()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn attributed(value: Value) -> Value {
        Value::Attribute {
            data: Box::new(value),
            attributes: vec![(text("ttl"), Value::Int(1))],
        }
    }

    #[test]
    fn hits_and_misses_are_counted_by_class() {
        let some = |hits, misses| Some(Lookups { hits, misses });
        let cases = [
            (Class::Read, Value::Nil, some(0, 1)),
            (Class::Read, text(""), some(1, 0)),
            (Class::Read, attributed(Value::Nil), some(0, 1)),
            (
                Class::MultiRead,
                Value::Array(vec![text("a"), Value::Nil, Value::Nil]),
                some(1, 2),
            ),
            (Class::Collection, Value::Array(Vec::new()), some(0, 1)),
            (Class::Collection, Value::Map(Vec::new()), some(0, 1)),
            (Class::Collection, Value::Set(vec![text("a")]), some(1, 0)),
            (Class::Plain, Value::Nil, None),
            (Class::Read, Value::SimpleString("QUEUED".to_owned()), None),
        ];
        for (class, value, expected) in cases {
            assert_eq!(Lookups::of(class, &value, true), expected, "{value:?}");
        }
        let empty = Value::Array(Vec::new());
        assert_eq!(Lookups::of(Class::Collection, &empty, false), None);
    }

    #[test]
    fn a_size_is_that_of_all_texts() {
        let reply = Value::Array(vec![text("four"), attributed(text("three")), Value::Int(3)]);
        assert_eq!(bytes(&reply), 17);
    }
}

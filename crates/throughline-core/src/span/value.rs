//! Attribute values from the types that services have.

use std::{borrow::Cow, sync::Arc};

use opentelemetry::{StringValue, Value};

/// Becomes an attribute's value.
///
/// OpenTelemetry has booleans, 64-bit signed integers, floats, strings and lists of these.
/// An unsigned integer that does not fit becomes a string, so that no id is ever wrong.
pub trait IntoValue {
    /// Makes the value.
    fn into_value(self) -> Value;
}

macro_rules! into_value_from {
    ($($type:ty),* $(,)?) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                Value::from(self)
            }
        }
    )*};
}

into_value_from!(bool, i64, f64, String, Arc<str>, StringValue);

macro_rules! into_value_widened {
    ($($type:ty => $wide:ty),* $(,)?) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                Value::from(<$wide>::from(self))
            }
        }
    )*};
}

into_value_widened!(
    i8 => i64, i16 => i64, i32 => i64, u8 => i64, u16 => i64, u32 => i64, f32 => f64,
    char => String,
);

macro_rules! into_value_checked {
    ($($type:ty),* $(,)?) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                i64::try_from(self).map_or_else(|_| Value::from(self.to_string()), Value::from)
            }
        }
    )*};
}

into_value_checked!(i128, isize, u64, u128, usize);

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

impl IntoValue for opentelemetry::Array {
    fn into_value(self) -> Value {
        Value::Array(self)
    }
}

impl IntoValue for &str {
    fn into_value(self) -> Value {
        Value::from(self.to_owned())
    }
}

impl IntoValue for &String {
    fn into_value(self) -> Value {
        Value::from(self.clone())
    }
}

impl IntoValue for Cow<'_, str> {
    fn into_value(self) -> Value {
        Value::from(self.into_owned())
    }
}

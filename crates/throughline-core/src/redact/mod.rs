//! x
/// x
pub fn message(s: &str) -> std::borrow::Cow<'_, str> { s.into() }

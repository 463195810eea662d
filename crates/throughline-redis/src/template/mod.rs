//! Key templates: what the keys of one kind have in common.
//!
//! `user:123:profile` becomes `user:{}:profile`. A template may leave the process and label
//! metrics, so it fails closed: a part of a key is shown only if it is known to be a part of
//! the schema, and there are at most 512 templates in a process.

mod evidence;
mod interned;
mod shape;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use self::{interned::Template, words::add as add_words};

//! SQL as text: what may leave the process, and what a query is called.
//!
//! One byte lexer knows literals, names and comments of each [`Dialect`]; [`sanitise`] and
//! [`summarise`] each read its tokens once. None of them ever fails: text that is no SQL, or
//! that ends in the middle of a literal, gives a shorter answer and never a leak.

mod dialect;
mod lexer;
mod place;
mod sanitise;
mod secrets;
mod summary;

pub use dialect::Dialect;
pub use sanitise::sanitise;
pub(crate) use summary::read;
pub use summary::summarise;

#[cfg(test)]
mod conventions;
#[cfg(test)]
mod tests;

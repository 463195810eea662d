//! showcase
fn main() {}

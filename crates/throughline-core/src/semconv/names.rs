//! The macro that keeps a list of names beside their constants.

/// Declares each name as a `pub const` and all of them, in order, as `ALL`.
macro_rules! names {
    ($($(#[$meta:meta])+ $name:ident = $value:literal;)+) => {
        $($(#[$meta])+ pub const $name: &str = $value;)+

        /// Every name of this module, in the order of declaration.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

pub(super) use names;

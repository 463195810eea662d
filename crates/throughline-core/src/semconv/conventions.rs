//! The choices a service makes about the conventions.

use super::http::KnownMethods;
use crate::redact::QueryKeys;

/// What to emit, where the conventions leave a choice.
///
/// Plain data, made once and shared behind an `Arc`. The default is what the conventions ask for: stable names only, the nine
/// methods of RFC 9110 with PATCH and QUERY, the advised list of secret query keys.
///
/// ```
/// use throughline_core::semconv::{Conventions, Names};
///
/// let mut conventions = Conventions::default();
/// conventions.http = Names::Both;
/// assert!(conventions.http.old());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Conventions {
    /// The methods that are named; every other one becomes `_OTHER`.
    pub methods: KnownMethods,
    /// Which generation of HTTP names to emit.
    pub http: Names,
    /// Which generation of database names to emit.
    pub database: Names,
    /// The query keys whose values are replaced by `REDACTED`.
    pub query_keys: QueryKeys,
}

/// Which generation of names to emit for one area.
///
/// `OTEL_SEMCONV_STABILITY_OPT_IN` knows `http` and `http/dup` (and the same for `database`): [`Names::Stable`] and
/// [`Names::Both`]. [`Names::Old`] has no word there; it is for dashboards that cannot move yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Names {
    /// The stable names only.
    #[default]
    Stable,
    /// The names from before, in place of the stable ones.
    Old,
    /// Stable and old names side by side.
    Both,
}

impl Names {
    /// Says whether stable names are emitted.
    pub const fn stable(self) -> bool {
        !matches!(self, Self::Old)
    }

    /// Says whether old names are emitted.
    pub const fn old(self) -> bool {
        !matches!(self, Self::Stable)
    }
}

//! Templates as static text: they label metrics without an allocation.

use std::sync::{LazyLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::{evidence::Evidence, shape};

/// How many templates a process keeps for ever, each of at most 256 bytes.
const MOST: usize = 512;

static INTERNED: LazyLock<RwLock<FxHashMap<&'static str, u16>>> = LazyLock::new(RwLock::default);

static EVIDENCE: LazyLock<Evidence> = LazyLock::new(Evidence::default);

/// The template of a key, and a number that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) text: &'static str,
    pub(crate) id: u16,
}

impl Template {
    /// Stands for all templates after the first 512.
    const OTHER: Self = Self {
        text: "other",
        id: u16::MAX,
    };

    /// Returns the template of `key`, and learns from it.
    ///
    /// Allocates only for what is seen for the first time.
    pub(crate) fn of(key: &[u8]) -> Self {
        Self::interned(shape::of(key, &EVIDENCE).as_str())
    }

    pub(super) fn interned(text: &str) -> Self {
        let find = |all: &FxHashMap<&'static str, u16>| {
            let known = all
                .get_key_value(text)
                .map(|(text, id)| Self { text, id: *id });
            known.or_else(|| (all.len() >= MOST).then_some(Self::OTHER))
        };
        if let Some(found) = find(&INTERNED.read().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let mut all = INTERNED.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = find(&all) {
            return found;
        }
        let Ok(id) = u16::try_from(all.len()) else {
            return Self::OTHER;
        };
        let text: &'static str = Box::leak(Box::from(text));
        all.insert(text, id);
        drop(all);
        EVIDENCE.note_names(text);
        Self { text, id }
    }
}

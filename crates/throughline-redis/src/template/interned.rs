//! Templates as static text: they label metrics without an allocation.

use std::sync::{LazyLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

/// How many templates a process keeps for ever, each of at most 256 bytes.
const MOST: usize = 512;

static INTERNED: LazyLock<RwLock<FxHashMap<&'static str, u16>>> = LazyLock::new(RwLock::default);

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

    pub(super) fn of(text: &str) -> Self {
        let find = |all: &FxHashMap<&'static str, u16>| {
            let (text, id) = all.get_key_value(text)?;
            Some(Self { text, id: *id })
        };
        if let Some(found) = find(&INTERNED.read().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let mut all = INTERNED.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = find(&all) {
            return found;
        }
        match u16::try_from(all.len()) {
            Ok(id) if all.len() < MOST => {
                let text: &'static str = Box::leak(Box::from(text));
                all.insert(text, id);
                Self { text, id }
            }
            _ => Self::OTHER,
        }
    }
}

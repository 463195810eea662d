//! Templates as static text: they label metrics without an allocation.

use std::sync::{LazyLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::{evidence::Evidence, shape};

/// How many templates a process keeps for ever, each of at most 256 bytes.
const MOST: usize = 512;

static INTERNED: LazyLock<RwLock<FxHashMap<&'static [u8], Template>>> =
    LazyLock::new(RwLock::default);

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
        Self::interned(shape::of(key, &EVIDENCE).as_bytes())
    }

    pub(super) fn interned(text: &[u8]) -> Self {
        let find = |all: &FxHashMap<&'static [u8], Self>| {
            let known = all.get(text).copied();
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
        let text = String::from_utf8_lossy(text).into_owned();
        let text: &'static str = Box::leak(text.into_boxed_str());
        let template = Self { text, id };
        all.insert(text.as_bytes(), template);
        drop(all);
        EVIDENCE.note_names(text);
        template
    }
}

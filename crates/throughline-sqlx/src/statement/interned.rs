//! Summaries as static text: a span takes its name without an allocation.

use std::{
    borrow::Cow,
    sync::{LazyLock, PoisonError, RwLock},
};

use rustc_hash::FxHashMap;

/// How many different summaries a process keeps for ever, each of at most 255 bytes.
const MOST: usize = 1024;

static INTERNED: LazyLock<RwLock<FxHashMap<&'static str, u32>>> = LazyLock::new(RwLock::default);

/// The summary of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Summary {
    /// There is no operation in the text.
    None,
    /// One of the first [`MOST`] that the process saw. The number stands for it.
    Interned { text: &'static str, id: u32 },
    /// One of the rest. It names spans, but no metric: their number has no bound.
    Other(Box<str>),
}

impl Summary {
    pub(super) fn of(text: String) -> Self {
        if text.is_empty() {
            return Self::None;
        }
        let find = |all: &FxHashMap<&'static str, u32>| {
            let (text, id) = all.get_key_value(&*text)?;
            Some(Self::Interned { text, id: *id })
        };
        if let Some(found) = find(&INTERNED.read().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let mut all = INTERNED.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = find(&all) {
            return found;
        }
        match u32::try_from(all.len()) {
            Ok(id) if all.len() < MOST => {
                let text: &'static str = Box::leak(text.into_boxed_str());
                all.insert(text, id);
                Self::Interned { text, id }
            }
            _ => Self::Other(text.into_boxed_str()),
        }
    }

    /// Returns the text. Allocates only for what is not interned.
    pub(crate) fn text(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::None => None,
            Self::Interned { text, .. } => Some(Cow::Borrowed(text)),
            Self::Other(text) => Some(Cow::Owned(text.to_string())),
        }
    }

    /// Returns the text if it may label a metric.
    pub(crate) fn interned(&self) -> Option<(&'static str, u32)> {
        match self {
            Self::Interned { text, id } => Some((text, *id)),
            _ => None,
        }
    }

    /// Returns its first word, the operation.
    pub(crate) fn operation(&self) -> Option<&str> {
        let text = match self {
            Self::None => return None,
            Self::Interned { text, .. } => text,
            Self::Other(text) => &**text,
        };
        text.split([' ', ';']).next()
    }
}

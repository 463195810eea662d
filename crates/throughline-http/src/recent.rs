//! Strings that come again with the next request.

use std::{cell::RefCell, sync::Arc, thread::LocalKey};

/// The values of a header or an address that a thread saw last.
///
/// One service is called under a few names, by a few agents, through a few peers. Their text
/// becomes an attribute of every span; sharing it saves an allocation here, and a more
/// expensive one where the exporter's thread frees it.
pub(crate) struct Recent<V> {
    entries: Vec<(Box<[u8]>, V)>,
    next: usize,
}

/// How many values are kept for each thread and each kind.
const CAPACITY: usize = 16;

/// Longer keys are not kept: they are rare, and would let a client choose our memory.
const LONGEST: usize = 256;

impl<V> Recent<V> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            next: 0,
        }
    }

    fn get(&self, key: &[u8]) -> Option<&V> {
        self.entries
            .iter()
            .find(|(each, _)| **each == *key)
            .map(|(_, value)| value)
    }

    fn keep(&mut self, key: &[u8], value: V) {
        if key.len() > LONGEST {
            return;
        }
        let entry = (Box::from(key), value);
        if self.entries.len() < CAPACITY {
            self.entries.push(entry);
        } else {
            self.entries[self.next] = entry;
            self.next = (self.next + 1) % CAPACITY;
        }
    }
}

/// Returns the value of `key`, from this thread's recent ones if it is among them.
pub(crate) fn recent<V: Clone>(
    all: &'static LocalKey<RefCell<Recent<V>>>,
    key: &[u8],
    make: impl FnOnce() -> V,
) -> V {
    // A thread that is ending has no storage any more; then the value is just made.
    let known = all.try_with(|all| all.borrow().get(key).cloned());
    if let Ok(Some(known)) = known {
        return known;
    }
    let value = make();
    let _ = all.try_with(|all| all.borrow_mut().keep(key, value.clone()));
    value
}

/// A recent text.
pub(crate) type RecentText = Recent<Arc<str>>;

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static TEXTS: RefCell<RecentText> = const { RefCell::new(Recent::new()) };
    }

    #[test]
    fn a_recent_text_is_shared_and_an_old_one_makes_room() {
        let text = |key: &str| recent(&TEXTS, key.as_bytes(), || Arc::from(key));
        let first = text("a");
        assert!(
            Arc::ptr_eq(&first, &text("a")),
            "the second look-up must share the first text"
        );
        for n in 0..CAPACITY {
            text(&n.to_string());
        }
        assert!(
            !Arc::ptr_eq(&first, &text("a")),
            "the oldest text must have made room"
        );
    }

    #[test]
    fn a_long_text_is_not_kept() {
        let long = "x".repeat(LONGEST + 1);
        let text = || recent(&TEXTS, long.as_bytes(), || Arc::from(long.as_str()));
        assert!(!Arc::ptr_eq(&text(), &text()));
    }
}

//! Which words are part of the schema, by what they were seen with.
//!
//! A word that stands beside many different values is a name; one that changes itself is a
//! value. In `invoice:1`, `invoice:2`, .. the first word stays while the second changes. In
//! `user:1:wishlist`, `user:2:wishlist`, .. the last word stays. `alice` in `user:alice` never
//! has such witnesses, and where words keep changing none is shown any more.

use std::{
    hash::{Hash as _, Hasher as _},
    sync::{
        Mutex, PoisonError, RwLock, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::shape::SEPARATORS;

/// How many different neighbours prove a word.
const WITNESSES: usize = 8;
/// With more different words than this, a position holds values.
const MOST_WORDS: usize = 12;
/// How many positions are watched. Further ones show no word.
const MOST_POSITIONS: usize = 256;
/// With more different names than this, a position holds values, even if all are common words.
const MOST_NAMES: usize = 64;

/// What was learned of keys, by position: the hash of the template up to there.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// The unknown words of each position, and the witnesses of each word.
    words: RwLock<FxHashMap<u64, Position>>,
    /// The names of each position. As many as there are in templates, which are bounded.
    names: Mutex<FxHashMap<u64, FxHashSet<u64>>>,
    /// Positions with too many names.
    crowded: RwLock<FxHashSet<u64>>,
    any_crowded: AtomicBool,
}

#[derive(Debug)]
enum Position {
    Words(Vec<Word>),
    /// It holds values, and always will.
    Values,
}

#[derive(Debug)]
struct Word {
    text: Box<[u8]>,
    /// Hashes of the neighbours seen so far.
    witnesses: Vec<u32>,
}

/// What is found without changing anything.
enum Verdict {
    Shown,
    Hidden,
    Unsettled,
}

impl Evidence {
    /// Says whether `word` after `before` may be shown, and notes its `neighbour`.
    ///
    /// While another thread learns, nothing is learned here, and an unproven word stays hidden.
    pub(super) fn judge(&self, before: &[u8], word: &[u8], neighbour: u32) -> bool {
        let position = hash(before);
        let all = self.words.read().unwrap_or_else(PoisonError::into_inner);
        let verdict = match all.get(&position) {
            None if all.len() >= MOST_POSITIONS => Verdict::Hidden,
            None => Verdict::Unsettled,
            Some(known) => known.verdict(word, neighbour),
        };
        drop(all);
        match verdict {
            Verdict::Shown => true,
            Verdict::Hidden => false,
            Verdict::Unsettled => self.learn(position, word, neighbour),
        }
    }

    /// Says whether so many names were seen after `before` that they are values.
    pub(super) fn is_crowded(&self, before: &[u8]) -> bool {
        let crowded = || self.crowded.read().unwrap_or_else(PoisonError::into_inner);
        self.any_crowded.load(Ordering::Acquire) && crowded().contains(&hash(before))
    }

    /// Notes the names of a template that is new.
    pub(super) fn note_names(&self, template: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut start = 0;
        for part in template.split_inclusive(SEPARATORS) {
            let position = hash(&template.as_bytes()[..start]);
            let here = names.entry(position).or_default();
            here.insert(hash(part.trim_end_matches(SEPARATORS).as_bytes()));
            if here.len() > MOST_NAMES {
                let mut crowded = self.crowded.write().unwrap_or_else(PoisonError::into_inner);
                crowded.insert(position);
                self.any_crowded.store(true, Ordering::Release);
            }
            start += part.len();
        }
    }

    #[cold]
    fn learn(&self, position: u64, word: &[u8], neighbour: u32) -> bool {
        let mut all = match self.words.try_write() {
            Ok(all) => all,
            Err(TryLockError::Poisoned(all)) => all.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let known = all
            .entry(position)
            .or_insert_with(|| Position::Words(Vec::new()));
        let Position::Words(words) = known else {
            return false;
        };
        let has_room = words.len() < MOST_WORDS;
        match words.iter_mut().find(|each| &*each.text == word) {
            Some(found) => {
                if !found.witnesses.contains(&neighbour) {
                    found.witnesses.push(neighbour);
                }
                found.witnesses.len() >= WITNESSES
            }
            None if has_room => {
                words.push(Word {
                    text: word.into(),
                    witnesses: vec![neighbour],
                });
                false
            }
            None => {
                *known = Position::Values;
                false
            }
        }
    }
}

impl Position {
    fn verdict(&self, word: &[u8], neighbour: u32) -> Verdict {
        let Self::Words(words) = self else {
            return Verdict::Hidden;
        };
        match words.iter().find(|each| &*each.text == word) {
            Some(found) if found.witnesses.len() >= WITNESSES => Verdict::Shown,
            Some(found) if found.witnesses.contains(&neighbour) => Verdict::Hidden,
            _ => Verdict::Unsettled,
        }
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
}

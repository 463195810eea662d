//! Which words are part of the schema, by what they were seen with.
//!
//! A word that stands beside many different values is a name; one that changes itself is a
//! value. In `invoice:1`, `invoice:2`, .. the first word stays while the second changes. In
//! `user:1:wishlist`, `user:2:wishlist`, .. the last word stays. `alice` in `user:alice` never
//! has such witnesses, and where words keep changing none is shown any more.

use std::sync::{PoisonError, RwLock, TryLockError};

use rustc_hash::FxHashMap;

/// How many different neighbours prove a word.
const WITNESSES: usize = 8;
/// With more different words than this, a position holds values.
const MOST_WORDS: usize = 12;
/// How many positions are watched. Further ones show no word.
const MOST_POSITIONS: usize = 256;

/// The words of each position, and the witnesses of each word.
#[derive(Debug, Default)]
pub(super) struct Evidence(RwLock<FxHashMap<u64, Position>>);

#[derive(Debug)]
enum Position {
    Words(Vec<Word>),
    /// It holds values, and always will.
    Values,
}

#[derive(Debug)]
struct Word {
    text: Box<str>,
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
    /// Says whether `word` at `position` may be shown, and notes its `neighbour`.
    ///
    /// While another thread learns, nothing is learned here, and an unproven word stays hidden.
    pub(super) fn judge(&self, position: u64, word: &str, neighbour: u32) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
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

    #[cold]
    fn learn(&self, position: u64, word: &str, neighbour: u32) -> bool {
        let mut all = match self.0.try_write() {
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
    fn verdict(&self, word: &str, neighbour: u32) -> Verdict {
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

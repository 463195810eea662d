//! Statements by their text, in bounded memory.
//!
//! Two levels. Each thread remembers by address and length, which costs little more than
//! comparing the text; most texts are literals and never move. Behind that lies one table
//! for the process, by content.
//!
//! Bounds: 2,048 statements and 1 MB of text in the table, 256 statements for each thread,
//! no text of more than 8 KB. A text enters the table when it is seen for the second time,
//! so that texts that are built once and never again do not drive out the others.

use std::{
    cell::RefCell,
    hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState},
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Statement;
use crate::sql::Dialect;

const LONGEST_CACHED: usize = 8 * 1024;
const MOST_BYTES: usize = 1024 * 1024;
const SETS: usize = 256;
/// Times [`SETS`] makes 2,048.
const WAYS: usize = 8;
const THREAD_SLOTS: usize = 256;
/// How many hashes of texts that were seen once a set remembers.
const ONCE_SEEN: usize = 8;

pub(super) fn get(text: &str, dialect: Dialect) -> Arc<Statement> {
    if text.len() > LONGEST_CACHED {
        return Arc::new(Statement::new(text, dialect));
    }
    let address = text.as_ptr() as usize;
    // The thread may be ending, and its slots gone.
    let known = SLOTS.try_with(|slots| {
        let slots = slots.try_borrow().ok()?;
        let slot = slots[slot_of(address, text.len())].as_ref()?;
        // Memory is reused: the same address may hold another text by now.
        let is_same = slot.address == address && slot.statement.is_of(text, dialect);
        is_same.then(|| Arc::clone(&slot.statement))
    });
    if let Ok(Some(statement)) = known {
        return statement;
    }
    let (statement, is_kept) = TABLE.get(text, dialect);
    if is_kept {
        // A slot that is lost is filled again.
        let _ = SLOTS.try_with(|slots| {
            if let Ok(mut slots) = slots.try_borrow_mut() {
                let slot = Slot {
                    address,
                    statement: Arc::clone(&statement),
                };
                slots[slot_of(address, text.len())] = Some(slot);
            }
        });
    }
    statement
}

thread_local! {
    static SLOTS: RefCell<[Option<Slot>; THREAD_SLOTS]> =
        const { RefCell::new([const { None }; THREAD_SLOTS]) };
}

struct Slot {
    address: usize,
    statement: Arc<Statement>,
}

fn slot_of(address: usize, length: usize) -> usize {
    // Literals lie one behind the other; the multiplication spreads them.
    let mixed =
        (address as u64 ^ (length as u64).rotate_left(7)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The eight bits that depend on all others: one of 256 slots.
    usize::try_from(mixed >> 56).unwrap_or(0)
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

/// The process's statements: a table of sets, each with a few places.
struct Table {
    hasher: RandomState,
    sets: Box<[Mutex<Set>]>,
    bytes: AtomicUsize,
}

#[derive(Default)]
struct Set {
    places: [Option<Place>; WAYS],
    /// Where the search for a victim goes on.
    hand: usize,
    once: [u64; ONCE_SEEN],
    next_once: usize,
}

struct Place {
    hash: u64,
    statement: Arc<Statement>,
    used: bool,
}

impl Table {
    fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Returns the statement, and whether it is in the table.
    fn get(&self, text: &str, dialect: Dialect) -> (Arc<Statement>, bool) {
        let hash = {
            let mut hasher = self.hasher.build_hasher();
            dialect.hash(&mut hasher);
            hasher.write(text.as_bytes());
            // Zero marks an empty place in `once`.
            hasher.finish().max(1)
        };
        let set = &self.sets[usize::try_from(hash % SETS as u64).unwrap_or(0)];
        let is_new = {
            let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = set.find(hash, text, dialect) {
                return (found, true);
            }
            set.note_first_sight(hash)
        };
        // Read outside the lock.
        let statement = Arc::new(Statement::new(text, dialect));
        if is_new {
            return (statement, false);
        }
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = set.find(hash, text, dialect) {
            return (found, true);
        }
        let is_kept = set.insert(hash, &statement, &self.bytes);
        (statement, is_kept)
    }
}

impl Set {
    fn find(&mut self, hash: u64, text: &str, dialect: Dialect) -> Option<Arc<Statement>> {
        let places = self.places.iter_mut().flatten();
        let found = places
            .into_iter()
            .find(|place| place.hash == hash && place.statement.is_of(text, dialect))?;
        found.used = true;
        Some(Arc::clone(&found.statement))
    }

    /// Remembers a hash. Returns false if it was there already.
    fn note_first_sight(&mut self, hash: u64) -> bool {
        if self.once.contains(&hash) {
            return false;
        }
        self.once[self.next_once] = hash;
        self.next_once = (self.next_once + 1) % ONCE_SEEN;
        true
    }

    /// Puts the statement into the place that was not used for the longest time.
    ///
    /// Returns false if the text of all statements together would be too long.
    fn insert(&mut self, hash: u64, statement: &Arc<Statement>, bytes: &AtomicUsize) -> bool {
        let place = match self.places.iter().position(Option::is_none) {
            Some(empty) => empty,
            None => self.victim(),
        };
        if let Some(old) = self.places[place].take() {
            bytes.fetch_sub(old.statement.size(), Ordering::Relaxed);
        }
        let size = statement.size();
        if bytes.fetch_add(size, Ordering::Relaxed) + size > MOST_BYTES {
            bytes.fetch_sub(size, Ordering::Relaxed);
            return false;
        }
        self.places[place] = Some(Place {
            hash,
            statement: Arc::clone(statement),
            used: false,
        });
        true
    }

    /// Finds a place that was not used since the hand passed it last.
    fn victim(&mut self) -> usize {
        loop {
            let at = self.hand;
            self.hand = (self.hand + 1) % WAYS;
            match &mut self.places[at] {
                Some(place) if place.used => place.used = false,
                _ => return at,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_from_its_second_sight_on() {
        let table = Table::new();
        let text = "SELECT * FROM seen_twice";
        assert!(!table.get(text, Dialect::Sqlite).1);
        let (second, is_kept) = table.get(text, Dialect::Sqlite);
        assert!(is_kept);
        let (third, _) = table.get(text, Dialect::Sqlite);
        assert!(Arc::ptr_eq(&second, &third));
    }

    #[test]
    fn the_same_text_in_two_dialects_is_two_statements() {
        let text = "SELECT \"x\" FROM two_dialects";
        let sqlite = get(text, Dialect::Sqlite);
        let mysql = get(text, Dialect::MySql);
        assert_eq!(&*sqlite.sanitised, text);
        assert_eq!(&*mysql.sanitised, "SELECT ? FROM two_dialects");
    }

    #[test]
    fn many_texts_stay_within_the_bounds() {
        let table = Table::new();
        for number in 0..6_000 {
            let text = format!("SELECT {} FROM bounds_{number}", "x".repeat(600));
            table.get(&text, Dialect::Sqlite);
            table.get(&text, Dialect::Sqlite);
        }
        let mut kept = 0;
        let mut bytes = 0;
        for set in &table.sets {
            for place in set.lock().unwrap().places.iter().flatten() {
                kept += 1;
                bytes += place.statement.size();
            }
        }
        assert!((500..=SETS * WAYS).contains(&kept), "{kept}");
        assert!(bytes <= MOST_BYTES, "{bytes}");
        assert_eq!(bytes, table.bytes.load(Ordering::Relaxed));
    }

    #[test]
    fn a_text_that_moved_into_the_memory_of_another_is_told_apart() {
        let mut text = String::from("SELECT * FROM first_one");
        for _ in 0..3 {
            get(&text, Dialect::Sqlite);
        }
        text.replace_range(14.., "other_one");
        let found = get(&text, Dialect::Sqlite);
        assert_eq!(found.summary().text().unwrap(), "SELECT other_one");
    }
}

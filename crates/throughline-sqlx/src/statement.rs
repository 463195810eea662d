//! What is known about the text of a query, computed once.

mod cache;
mod interned;

use std::sync::{Arc, LazyLock};

use opentelemetry::StringValue;

pub(crate) use interned::Summary;

use crate::sql::{self, Dialect};

/// The longest query text that is recorded, in bytes.
const LONGEST_TEXT: usize = 2048;

/// What is known about the text of a query.
#[derive(Debug)]
pub(crate) struct Statement {
    dialect: Dialect,
    /// The whole text, to be compared with.
    key: Arc<str>,
    text: Arc<str>,
    sanitised: Arc<str>,
    summary: Summary,
    /// The number of rows affected means something: rows are changed, and no other statement
    /// of a script adds the rows that it selects, or the changes before it, to their number.
    pub(crate) writes: bool,
    /// The number of rows returned means something even if it is zero.
    pub(crate) reads: bool,
}

impl Statement {
    /// Looks `text` up, or reads it.
    pub(crate) fn of(text: &str, dialect: Dialect) -> Arc<Self> {
        cache::get(text, dialect)
    }

    fn new(text: &str, dialect: Dialect) -> Self {
        let key: Arc<str> = Arc::from(text);
        let bounded = |text: &str| {
            let cut = &text[..text.floor_char_boundary(LONGEST_TEXT)];
            if cut == text && *key == *cut {
                Arc::clone(&key)
            } else {
                Arc::from(cut)
            }
        };
        let read = sql::read(text, dialect);
        Self {
            dialect,
            // Cut after sanitising: before, a cut could open a literal.
            sanitised: bounded(&sql::sanitise(text, dialect)),
            text: bounded(text),
            summary: Summary::of(read.text),
            writes: read.writes && !(read.is_script && read.reads),
            reads: read.reads,
            key,
        }
    }

    /// A command of the transaction protocol, which has no text of its own.
    fn command(name: &str) -> Arc<Self> {
        let empty: Arc<str> = Arc::from("");
        Arc::new(Self {
            dialect: Dialect::Postgres,
            key: Arc::clone(&empty),
            text: Arc::clone(&empty),
            sanitised: empty,
            summary: Summary::of(name.to_owned()),
            writes: false,
            reads: false,
        })
    }

    /// Returns what to record as `db.query.text`, at most 2 KB.
    ///
    /// With values bound to it, the text as it is: its values are elsewhere. Without, a
    /// value may have been written into it.
    pub(crate) fn text(&self, has_binds: bool) -> Option<StringValue> {
        let text = if has_binds {
            &self.text
        } else {
            &self.sanitised
        };
        (!text.is_empty()).then(|| StringValue::from(Arc::clone(text)))
    }

    /// Says whether it is a command without a text, whose summary is its name.
    pub(crate) fn is_command(&self) -> bool {
        self.key.is_empty()
    }

    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    fn is_of(&self, text: &str, dialect: Dialect) -> bool {
        self.dialect == dialect && *self.key == *text
    }

    /// Returns the bytes that it keeps.
    fn size(&self) -> usize {
        let own = |text: &Arc<str>| {
            if Arc::ptr_eq(text, &self.key) {
                0
            } else {
                text.len()
            }
        };
        self.key.len() + own(&self.text) + own(&self.sanitised)
    }
}

macro_rules! commands {
    ($($function:ident => $name:literal),* $(,)?) => {$(
        #[doc = concat!("Returns the command `", $name, "`.")]
        pub(crate) fn $function() -> Arc<Statement> {
            static COMMAND: LazyLock<Arc<Statement>> =
                LazyLock::new(|| Statement::command($name));
            Arc::clone(&COMMAND)
        }
    )*};
}

commands! {
    begin => "BEGIN",
    commit => "COMMIT",
    rollback => "ROLLBACK",
    savepoint => "SAVEPOINT",
    release_savepoint => "RELEASE SAVEPOINT",
    rollback_to_savepoint => "ROLLBACK TO SAVEPOINT",
}

#[cfg(test)]
mod tests;

//! What a query is called: its operations and the tables they work on.

use super::{
    Dialect,
    lexer::{Kind, Lexer},
};

/// The longest summary, in bytes: the conventions' limit for `db.query.summary`.
const LONGEST: usize = 255;

/// Deeper sub-queries than this are read as part of the one around them.
const DEEPEST: usize = 32;

/// More names of common table expressions than this are taken for tables.
const MOST_CTES: usize = 32;

/// Names the operations and targets of a text, in its order and spelling: `SELECT users
/// orders`, `INSERT audit SELECT users`, `CREATE TABLE posts`.
///
/// Names of common table expressions are left out, and the bodies of views, triggers and
/// procedures too. Statements after the first follow a semicolon. What would make the
/// summary longer than 255 bytes, and all that comes after it, is left out whole. Empty if
/// there is no operation in the text. Takes time in proportion to the text.
///
/// Source: semantic conventions, "Generating a summary of the query".
///
/// ```
/// use throughline_sqlx::sql::{Dialect, summarise};
///
/// let sql = "SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = $1";
/// assert_eq!(summarise(sql, Dialect::Postgres), "SELECT orders customers");
/// ```
pub fn summarise(text: &str, dialect: Dialect) -> String {
    read(text, dialect).text
}

/// A summary, and what it says about the answer to expect.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) text: String,
    /// An operation changes rows: the number of rows affected means something.
    pub(crate) writes: bool,
    /// An operation selects rows.
    pub(crate) reads: bool,
    /// There is more than one statement.
    pub(crate) is_script: bool,
}

/// As [`summarise`], and more.
pub(crate) fn read(text: &str, dialect: Dialect) -> Summary {
    let mut reader = Reader::default();
    let mut tokens = Lexer::new(text, dialect)
        .filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment))
        .peekable();
    while let Some(token) = tokens.next() {
        match token.kind {
            Kind::Word | Kind::QuotedName => {
                let mut name = Name {
                    text: token.text,
                    is_word: token.kind == Kind::Word,
                };
                // `schema . table`
                while tokens
                    .next_if(|next| next.kind == Kind::Punctuation(b'.'))
                    .is_some()
                {
                    let part = tokens.next_if(|n| matches!(n.kind, Kind::Word | Kind::QuotedName));
                    let Some(part) = part else { break };
                    let end = part.start + part.text.len();
                    name.text = text.get(token.start..end).unwrap_or(name.text);
                    name.is_word = false;
                }
                let is_call = tokens.peek().map(|next| next.kind) == Some(Kind::Punctuation(b'('));
                reader.name(&name, is_call);
            }
            Kind::Punctuation(b'(') => reader.open(),
            Kind::Punctuation(b')') => reader.close(),
            Kind::Punctuation(b',') => reader.comma(),
            Kind::Punctuation(b';') => reader.end_statement(),
            _ => reader.value(),
        }
    }
    reader.summary
}

/// A name of one or more parts, as written.
struct Name<'a> {
    text: &'a str,
    /// A single unquoted word can be a keyword.
    is_word: bool,
}

impl<'a> Name<'a> {
    /// The name without quotes around it, if it needs none.
    fn unquoted(&self) -> &'a str {
        let inner = self
            .text
            .get(1..self.text.len().saturating_sub(1))
            .unwrap_or_default();
        let is_plain = !inner.is_empty()
            && inner
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80);
        let is_quoted = self.text.starts_with(['"', '`', '[']);
        if is_quoted && is_plain {
            inner
        } else {
            self.text
        }
    }

    fn is(&self, keyword: &str) -> bool {
        self.is_word && self.text.eq_ignore_ascii_case(keyword)
    }

    fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }
}

/// What the next name is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    /// Nothing of interest, unless it is a keyword.
    #[default]
    Other,
    /// A table, in a list that a comma continues.
    Table,
    /// The one target of the operation, such as that of `INSERT INTO`.
    Target,
    /// The kind of thing that is created, altered or dropped.
    ObjectKind { drops: bool },
    /// The name of that thing.
    Object { has_body: bool },
    /// The name of a common table expression.
    Cte,
}

/// A pair of parentheses, or the statement itself.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    next: Next,
    list: List,
    /// A `FROM` here names tables. Not so in `extract(year FROM at)`.
    is_query: bool,
    /// Inside a `MERGE`, whose branches repeat the names of operations.
    is_merge: bool,
    /// A `USING` here names tables.
    has_using: bool,
}

/// What a comma announces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum List {
    #[default]
    Other,
    Tables,
    Ctes,
}

#[derive(Default)]
struct Reader<'a> {
    summary: Summary,
    /// Something did not fit: nothing may follow it.
    is_full: bool,
    /// A semicolon stands before the next operation.
    separate: bool,
    rest: Rest,
    frame: Frame,
    outer: Vec<Frame>,
    /// Parentheses that were not worth a frame.
    deeper: usize,
    previous: Previous,
    ctes: Vec<&'a str>,
}

/// How much of what follows counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rest {
    #[default]
    Counts,
    /// The statement has been named.
    AfterStatement,
    /// The rest of the text is the body of a routine, semicolons included.
    Never,
}

/// The word before, where it changes what the next one means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Previous {
    #[default]
    Other,
    Distinct,
    For,
    /// `ON`, `DO`, `KEY`, `THEN`: an operation after it is a clause.
    Clause,
    SetOperator,
}

impl<'a> Reader<'a> {
    fn name(&mut self, name: &Name<'a>, is_call: bool) {
        if self.rest != Rest::Counts {
            return;
        }
        let previous = std::mem::replace(&mut self.previous, Previous::of(name));
        match self.frame.next {
            Next::ObjectKind { drops } => return self.object_kind(name, drops),
            Next::Object { has_body }
                if !name.is_any(&["if", "not", "exists", "concurrently", "only"]) =>
            {
                // `CREATE INDEX ON posts (…)` leaves the name to the database.
                if !name.is("on") {
                    self.append(" ", name.unquoted());
                }
                self.rest = if has_body {
                    Rest::Never
                } else {
                    Rest::AfterStatement
                };
                return;
            }
            Next::Cte if !name.is("recursive") => {
                if self.ctes.len() < MOST_CTES {
                    self.ctes.push(name.unquoted());
                }
                self.frame.next = Next::Other;
                return;
            }
            Next::Object { .. } | Next::Cte => return,
            Next::Table | Next::Target => {
                if self.target(name, is_call) {
                    return;
                }
            }
            Next::Other => {}
        }
        self.keyword(name, previous, is_call);
    }

    /// Takes `name` for a table. Returns false if it is the start of something else.
    fn target(&mut self, name: &Name<'a>, is_call: bool) -> bool {
        if name.is_any(&["select", "with", "values"]) {
            return false;
        }
        if name.is_any(&[
            "only",
            "lateral",
            "into",
            "ignore",
            "low_priority",
            "overwrite",
        ]) && !is_call
        {
            return true;
        }
        // `INSERT OR REPLACE INTO`
        let is_conflict = name.is_any(&["or", "abort", "fail", "replace", "rollback"]);
        if self.frame.next == Next::Target && is_conflict && !is_call {
            return true;
        }
        // A function that returns rows is no table; `INSERT INTO t(id)` names one.
        let is_function = is_call && self.frame.next == Next::Table;
        self.frame.next = Next::Other;
        let unquoted = name.unquoted();
        let is_cte = self
            .ctes
            .iter()
            .any(|cte| cte.eq_ignore_ascii_case(unquoted));
        if !is_function && !is_cte {
            self.append(" ", unquoted);
        }
        true
    }

    fn keyword(&mut self, name: &Name<'a>, previous: Previous, is_call: bool) {
        if !name.is_word {
            return;
        }
        // As long as the longest keyword below.
        let mut upper = [0_u8; 13];
        let Some(upper) = upper.get_mut(..name.text.len()) else {
            return;
        };
        upper.copy_from_slice(name.text.as_bytes());
        upper.make_ascii_uppercase();
        match &*upper {
            b"SELECT" => {
                if previous != Previous::SetOperator {
                    self.operation(name.text, Next::Other);
                }
                self.summary.reads = true;
                self.frame.is_query = true;
                self.frame.list = List::Other;
            }
            b"DELETE" | b"INSERT" | b"REPLACE" | b"MERGE" | b"UPDATE" | b"UPSERT" => {
                self.changing_operation(name.text, upper, previous);
            }
            b"FROM" if self.frame.is_query && previous != Previous::Distinct => self.tables(),
            // What a `DELETE` or `MERGE` looks at. That of a join has columns in parentheses.
            b"USING" if self.frame.has_using && !is_call => self.tables(),
            b"JOIN" | b"STRAIGHT_JOIN" => self.frame.next = Next::Table,
            b"APPLY" if self.frame.list == List::Tables => self.frame.next = Next::Table,
            b"WITH" if !self.frame.is_query && self.frame.list != List::Tables => {
                self.frame.next = Next::Cte;
                self.frame.list = List::Ctes;
            }
            b"ALTER" | b"CREATE" | b"DROP" | b"REFRESH" | b"TRUNCATE" if self.is_start() => {
                let drops = &*upper == b"DROP";
                self.operation(name.text, Next::ObjectKind { drops });
            }
            b"CALL" | b"EXEC" | b"EXECUTE" | b"PRAGMA" if self.is_start() => {
                self.operation(name.text, Next::Object { has_body: false });
                self.summary.reads = true;
            }
            b"COPY" if self.is_start() => {
                self.operation(name.text, Next::Target);
                self.summary.writes = true;
            }
            b"EXPLAIN" | b"VALUES" if self.is_start() => {
                self.operation(name.text, Next::Other);
                self.summary.reads = true;
            }
            b"ANALYZE" | b"ATTACH" | b"BEGIN" | b"COMMIT" | b"DETACH" | b"GRANT" | b"LISTEN"
            | b"LOCK" | b"NOTIFY" | b"REINDEX" | b"RELEASE" | b"RESET" | b"REVOKE"
            | b"ROLLBACK" | b"SAVEPOINT" | b"SET" | b"SHOW" | b"START" | b"USE" | b"VACUUM"
                if self.is_start() =>
            {
                self.operation(name.text, Next::Other);
                self.rest = Rest::AfterStatement;
            }
            b"WHERE" | b"GROUP" | b"ORDER" | b"HAVING" | b"LIMIT" | b"WINDOW" | b"UNION"
            | b"INTERSECT" | b"EXCEPT" | b"FETCH" | b"OFFSET" | b"FOR" | b"RETURNING" | b"SET"
            | b"VALUES" => self.frame.list = List::Other,
            _ => {}
        }
    }

    fn tables(&mut self) {
        self.frame.next = Next::Table;
        self.frame.list = List::Tables;
    }

    fn changing_operation(&mut self, text: &str, upper: &[u8], previous: Previous) {
        let is_clause = matches!(previous, Previous::For | Previous::Clause);
        if is_clause || self.frame.is_merge {
            return;
        }
        // `replace(name, 'a', 'b')` is a function, unless a statement starts here.
        if upper == b"REPLACE" && !self.is_start() {
            return;
        }
        self.frame.list = List::Other;
        self.summary.writes = true;
        if upper == b"DELETE" {
            self.operation(text, Next::Other);
            self.frame.is_query = true;
        } else {
            self.operation(text, Next::Target);
        }
        // `UPDATE a, b SET …`, `UPDATE a SET … FROM b`.
        if upper == b"UPDATE" {
            self.frame.list = List::Tables;
            self.frame.is_query = true;
        }
        self.frame.is_merge = upper == b"MERGE";
        self.frame.has_using = matches!(upper, b"MERGE" | b"DELETE");
    }

    fn object_kind(&mut self, name: &Name<'a>, drops: bool) {
        const KINDS: [&str; 28] = [
            "aggregate",
            "assembly",
            "credential",
            "login",
            "package",
            "server",
            "synonym",
            "table",
            "view",
            "index",
            "procedure",
            "function",
            "trigger",
            "database",
            "schema",
            "sequence",
            "user",
            "role",
            "type",
            "extension",
            "domain",
            "policy",
            "rule",
            "collation",
            "publication",
            "subscription",
            "tablespace",
            "event",
        ];
        const MODIFIERS: [&str; 18] = [
            "or",
            "replace",
            "unique",
            "clustered",
            "nonclustered",
            "temp",
            "temporary",
            "global",
            "local",
            "unlogged",
            "materialized",
            "recursive",
            "virtual",
            "fulltext",
            "spatial",
            "foreign",
            "constraint",
            "external",
        ];
        if name.is_any(&KINDS) {
            self.append(" ", name.text);
            let is_routine = name.is_any(&["event", "function", "procedure", "trigger"]);
            self.frame.next = Next::Object {
                has_body: is_routine && !drops,
            };
        } else if !name.is_any(&MODIFIERS) {
            // `TRUNCATE posts`, or a kind of thing that is not known.
            self.append(" ", name.unquoted());
            self.rest = Rest::AfterStatement;
        }
    }

    fn operation(&mut self, name: &str, next: Next) {
        let starts_another = std::mem::take(&mut self.separate);
        self.summary.is_script |= starts_another;
        let separator = if starts_another { "; " } else { " " };
        self.append(separator, name);
        self.frame.next = next;
        self.frame.list = List::Other;
    }

    fn open(&mut self) {
        if self.outer.len() >= DEEPEST {
            self.deeper += 1;
            return;
        }
        let outer = self.frame;
        self.outer.push(outer);
        // `FROM (a JOIN b …)` goes on with the list, `FROM (SELECT …)` finds out by itself.
        self.frame = Frame::default();
        if outer.next == Next::Table {
            self.frame.next = Next::Table;
            self.frame.list = List::Tables;
        }
        if self.previous != Previous::SetOperator {
            self.previous = Previous::Other;
        }
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if let Some(outer) = self.outer.pop() {
            self.frame = outer;
            if matches!(self.frame.next, Next::Table | Next::Target) {
                self.frame.next = Next::Other;
            }
        }
        self.previous = Previous::Other;
    }

    fn comma(&mut self) {
        if self.deeper == 0 {
            match self.frame.list {
                List::Tables => self.frame.next = Next::Table,
                List::Ctes => self.frame.next = Next::Cte,
                List::Other => {}
            }
        }
        self.previous = Previous::Other;
    }

    fn value(&mut self) {
        if matches!(self.frame.next, Next::Table | Next::Target) {
            self.frame.next = Next::Other;
        }
        self.previous = Previous::Other;
    }

    fn end_statement(&mut self) {
        if self.rest == Rest::Never {
            return;
        }
        self.rest = Rest::Counts;
        self.outer.clear();
        self.deeper = 0;
        self.frame = Frame::default();
        self.ctes.clear();
        self.previous = Previous::Other;
        self.separate = !self.summary.text.is_empty();
    }

    /// Says whether a statement may start here.
    fn is_start(&self) -> bool {
        self.summary.text.is_empty() || self.separate
    }

    fn append(&mut self, separator: &str, word: &str) {
        let summary = &mut self.summary.text;
        let separator = if summary.is_empty() { "" } else { separator };
        self.is_full |= summary.len() + separator.len() + word.len() > LONGEST;
        if !self.is_full {
            summary.push_str(separator);
            summary.push_str(word);
        }
    }
}

impl Previous {
    fn of(name: &Name<'_>) -> Self {
        if name.is("distinct") {
            Self::Distinct
        } else if name.is("for") {
            Self::For
        } else if name.is_any(&["on", "do", "key", "then"]) {
            Self::Clause
        } else if name.is_any(&["union", "intersect", "except", "all", "minus"]) {
            Self::SetOperator
        } else {
            Self::Other
        }
    }
}

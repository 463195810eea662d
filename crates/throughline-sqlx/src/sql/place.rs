//! Where in a statement a value must stand, so that `"…"` there can be no name.

use super::lexer::Kind;

/// What came before, as far as it decides what may come next.
#[derive(Debug, Default)]
pub(super) struct Place {
    is_value: bool,
    /// A `BETWEEN` waits for its `AND`.
    between: bool,
    depth: usize,
    list: List,
}

/// A list of values.
#[derive(Clone, Copy, Debug, Default)]
enum List {
    #[default]
    No,
    /// `IN` was read.
    Announced,
    /// In the parentheses of `IN`, at this depth.
    In { depth: usize },
    /// In the rows after `VALUES`, which stands at this depth.
    Values { depth: usize },
}

impl Place {
    /// Says whether the next token must be a value.
    pub(super) fn is_value(&self) -> bool {
        self.is_value
    }

    /// Passes a token that is neither space nor comment.
    pub(super) fn pass(&mut self, kind: Kind, text: &str) {
        self.is_value = match kind {
            Kind::Word => self.word(text),
            Kind::Punctuation(b'=' | b'<' | b'>') => true,
            Kind::Punctuation(b'(') => {
                self.depth += 1;
                if matches!(self.list, List::Announced) {
                    self.list = List::In { depth: self.depth };
                }
                self.is_item()
            }
            Kind::Punctuation(b')') => {
                if matches!(self.list, List::In { depth } if depth == self.depth) {
                    self.list = List::No;
                }
                self.depth = self.depth.saturating_sub(1);
                false
            }
            Kind::Punctuation(b',') => self.is_item(),
            _ => false,
        };
    }

    fn word(&mut self, word: &str) -> bool {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if is("in") {
            self.list = List::Announced;
            return false;
        }
        if is("values") || is("value") {
            self.list = List::Values { depth: self.depth };
            return false;
        }
        // A sub-query in the list, or the clause after the rows.
        let ends_rows = matches!(self.list, List::Values { depth } if depth == self.depth);
        if ends_rows || is("select") {
            self.list = List::No;
        }
        if is("between") {
            self.between = true;
            return true;
        }
        if is("and") {
            return std::mem::take(&mut self.between);
        }
        [
            "like", "glob", "regexp", "match", "escape", "then", "else", "default",
        ]
        .iter()
        .any(|keyword| is(keyword))
    }

    /// Says whether an item of a list of values comes next.
    fn is_item(&self) -> bool {
        match self.list {
            List::In { depth } => depth == self.depth,
            List::Values { depth } => self.depth > depth,
            List::No | List::Announced => false,
        }
    }
}

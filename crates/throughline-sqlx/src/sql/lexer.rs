//! Splitting SQL into tokens, one pass over its bytes.

use super::{dialect::Dialect, place::Place};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// ASCII white space.
    Space,
    /// A comment without the line end that closes it.
    Comment,
    /// A keyword or a plain name.
    Word,
    /// A name in quotes or brackets.
    QuotedName,
    /// A string, a number, or what is left of the text after a quote that nothing closes.
    Literal,
    /// A bind parameter: `?`, `?1`, `$1`, `:name`, `@name`.
    Parameter,
    /// Any other single character.
    Punctuation(u8),
}

/// A piece of the text. The pieces together are the whole text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// Where it starts, in bytes from the start of the whole text.
    pub(super) start: usize,
    pub(super) text: &'a str,
}

/// The tokens of a text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    /// The last token that was neither space nor comment.
    previous: Option<Kind>,
    place: Place,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            dialect,
            previous: None,
            place: Place::default(),
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let (kind, end) = self.token(first);
        // Every end lies behind an ASCII byte, before one, or at the end: on a character
        // boundary. The last arm is for the day on which that stops to be true.
        let text = self.text.get(start..end);
        let (kind, end, text) = match text {
            Some(text) => (kind, end, text),
            None => (Kind::Literal, self.bytes.len(), ""),
        };
        self.at = end;
        if !matches!(kind, Kind::Space | Kind::Comment) {
            self.previous = Some(kind);
            if self.dialect.has_strings_like_names() {
                self.place.pass(kind, text);
            }
        }
        Some(Token { kind, start, text })
    }
}

impl Lexer<'_> {
    fn token(&self, first: u8) -> (Kind, usize) {
        let at = self.at;
        let second = self.bytes.get(at + 1).copied();
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' => (
                Kind::Space,
                self.run(at, |b| b.is_ascii_whitespace() || b == b'\x0b'),
            ),
            b'-' if second == Some(b'-') => (Kind::Comment, self.line_end(at)),
            b'#' if self.dialect == Dialect::MySql => (Kind::Comment, self.line_end(at)),
            // A temporary table: `#own`, `##everyone's`.
            b'#' if self.dialect == Dialect::SqlServer => {
                let name = self.run(at, |b| b == b'#');
                (Kind::Word, self.run(name, is_name_part))
            }
            b'/' if second == Some(b'*') => (Kind::Comment, self.block_comment_end(at)),
            b'\'' => (
                Kind::Literal,
                self.quoted_end(at, self.dialect == Dialect::MySql),
            ),
            b'"' => self.double_quoted(at),
            b'`' => self.quoted_name(at, b'`'),
            b'[' if self.opens_name(second) => self.quoted_name(at, b']'),
            b'$' => self.dollar(at, second),
            b'?' => (Kind::Parameter, self.run(at + 1, |b| b.is_ascii_digit())),
            b':' if second == Some(b':') => (Kind::Punctuation(b':'), at + 2),
            b':' | b'@' if second.is_some_and(is_name_start) => {
                (Kind::Parameter, self.run(at + 1, is_name_part))
            }
            // By its place: `:1`.
            b':' if self.dialect == Dialect::Oracle && self.is_number(at + 1) => {
                (Kind::Parameter, self.run(at + 1, |b| b.is_ascii_digit()))
            }
            b'0'..=b'9' => (Kind::Literal, self.number_end(at)),
            b'.' if second.is_some_and(|b| b.is_ascii_digit()) && self.starts_operand() => {
                (Kind::Literal, self.number_end(at))
            }
            b'+' | b'-' if self.is_number(at + 1) => (Kind::Literal, self.number_end(at + 1)),
            _ if is_name_start(first) => self.word(at, second),
            _ => (Kind::Punctuation(first), at + 1),
        }
    }

    fn word(&self, at: usize, second: Option<u8>) -> (Kind, usize) {
        if second == Some(b'\'') {
            // A string with a prefix: the letter belongs to it.
            match self.bytes[at] {
                b'e' | b'E' => return (Kind::Literal, self.quoted_end(at + 1, true)),
                b'b' | b'B' | b'n' | b'N' | b'x' | b'X' => {
                    let escapes = self.dialect == Dialect::MySql;
                    return (Kind::Literal, self.quoted_end(at + 1, escapes));
                }
                b'q' | b'Q' if self.dialect.has_chosen_quotes() => {
                    return (Kind::Literal, self.chosen_quote_end(at + 1));
                }
                _ => {}
            }
        }
        let is_national = matches!(self.bytes[at], b'n' | b'N')
            && matches!(second, Some(b'q' | b'Q'))
            && self.bytes.get(at + 2) == Some(&b'\'');
        if is_national && self.dialect.has_chosen_quotes() {
            return (Kind::Literal, self.chosen_quote_end(at + 2));
        }
        (Kind::Word, self.run(at, is_name_part))
    }

    /// A `"`: a name in the standard, a string in MySQL. Others take it for a string where no
    /// name fits, which is likely on the right of a comparison and in a list of values.
    fn double_quoted(&self, at: usize) -> (Kind, usize) {
        if self.dialect == Dialect::MySql {
            return (Kind::Literal, self.quoted_end(at, true));
        }
        let (kind, end) = self.quoted_name(at, b'"');
        let is_qualified = self.bytes.get(end) == Some(&b'.');
        if self.place.is_value() && !is_qualified {
            return (Kind::Literal, end);
        }
        (kind, end)
    }

    /// A name in quotes. Without its end it may be anything, so it counts as a literal.
    fn quoted_name(&self, at: usize, close: u8) -> (Kind, usize) {
        let mut end = at + 1;
        loop {
            match self.bytes.get(end) {
                None => return (Kind::Literal, end),
                Some(byte) if *byte == close => {
                    let doubles = close != b']' || self.dialect == Dialect::SqlServer;
                    if !doubles || self.bytes.get(end + 1) != Some(&close) {
                        return (Kind::QuotedName, end + 1);
                    }
                    end += 2;
                }
                Some(_) => end += 1,
            }
        }
    }

    /// Returns the end of the string whose quote is at `at`; a doubled quote is part of it.
    fn quoted_end(&self, at: usize, escapes: bool) -> usize {
        let quote = self.bytes[at];
        let mut end = at + 1;
        loop {
            match self.bytes.get(end) {
                None => return self.bytes.len(),
                Some(b'\\') if escapes => end += 2,
                Some(byte) if *byte == quote => {
                    if self.bytes.get(end + 1) != Some(&quote) {
                        return end + 1;
                    }
                    end += 2;
                }
                Some(_) => end += 1,
            }
        }
    }

    /// Says whether a `[` starts a name. Elsewhere it is the index of an array.
    fn opens_name(&self, second: Option<u8>) -> bool {
        match self.dialect {
            Dialect::Sqlite | Dialect::SqlServer => true,
            Dialect::Other => second.is_some_and(is_name_start),
            Dialect::MySql | Dialect::Oracle | Dialect::Postgres => false,
        }
    }

    /// Returns the end of `q'[…]'`, whose first quote is at `at`: the text chooses what
    /// stands beside the quotes.
    fn chosen_quote_end(&self, at: usize) -> usize {
        let close = match self.bytes.get(at + 1) {
            None => return self.bytes.len(),
            Some(b'[') => b']',
            Some(b'(') => b')',
            Some(b'{') => b'}',
            Some(b'<') => b'>',
            Some(other) => *other,
        };
        let rest = self.bytes.get(at + 2..).unwrap_or_default();
        rest.windows(2)
            .position(|pair| pair == [close, b'\''])
            .map_or(self.bytes.len(), |found| at + 2 + found + 2)
    }

    /// A `$`: a numbered parameter, a named one of SQLite, PostgreSQL's dollar quote, or an
    /// amount of SQL Server.
    fn dollar(&self, at: usize, second: Option<u8>) -> (Kind, usize) {
        if self.dialect == Dialect::SqlServer && self.is_number(at + 1) {
            return (Kind::Literal, self.number_end(at + 1));
        }
        if second.is_some_and(|b| b.is_ascii_digit()) {
            return (Kind::Parameter, self.run(at + 1, |b| b.is_ascii_digit()));
        }
        let tag_end = self.run(at + 1, |b| b != b'$' && is_name_part(b));
        if self.dialect != Dialect::Sqlite && self.bytes.get(tag_end) == Some(&b'$') {
            let tag = &self.text[at..=tag_end];
            let end = self.text[tag_end + 1..]
                .find(tag)
                .map_or(self.bytes.len(), |found| tag_end + 1 + found + tag.len());
            return (Kind::Literal, end);
        }
        if tag_end > at + 1 {
            return (Kind::Parameter, tag_end);
        }
        (Kind::Punctuation(b'$'), at + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.run(at, |b| b != b'\n' && b != b'\r')
    }

    fn block_comment_end(&self, at: usize) -> usize {
        let nests = self.dialect == Dialect::Postgres;
        let mut depth = 1_usize;
        let mut end = at + 2;
        while end < self.bytes.len() {
            match (self.bytes[end], self.bytes.get(end + 1)) {
                (b'*', Some(b'/')) => {
                    end += 2;
                    depth -= 1;
                    if depth == 0 {
                        return end;
                    }
                }
                (b'/', Some(b'*')) if nests => {
                    end += 2;
                    depth += 1;
                }
                _ => end += 1,
            }
        }
        end
    }

    /// Says whether a number starts at `at`.
    fn is_number(&self, at: usize) -> bool {
        match self.bytes.get(at) {
            Some(b'0'..=b'9') => true,
            Some(b'.') => self.bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
            _ => false,
        }
    }

    /// Returns the end of the number at `at`. Letters that touch it belong to it: `0xff`,
    /// `1e9`, and whatever else a typing error made of a value.
    fn number_end(&self, at: usize) -> usize {
        let is_hex = matches!(self.bytes.get(at + 1), Some(b'x' | b'X'));
        let mut end = at;
        while let Some(byte) = self.bytes.get(end) {
            let is_part = match byte {
                b'.' => true,
                b'+' | b'-' => {
                    !is_hex
                        && end > at
                        && matches!(self.bytes[end - 1], b'e' | b'E')
                        && self.bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
                }
                byte => is_name_part(*byte) && *byte != b'$',
            };
            if !is_part {
                break;
            }
            end += 1;
        }
        end
    }

    /// Says whether a value may come next, and not the rest of a name: the dot in `a.5`.
    fn starts_operand(&self) -> bool {
        !matches!(
            self.previous,
            Some(Kind::Word | Kind::QuotedName | Kind::Punctuation(b']'))
        )
    }

    fn run(&self, from: usize, belongs: impl Fn(u8) -> bool) -> usize {
        self.bytes[from..]
            .iter()
            .position(|byte| !belongs(*byte))
            .map_or(self.bytes.len(), |length| from + length)
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_name_part(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

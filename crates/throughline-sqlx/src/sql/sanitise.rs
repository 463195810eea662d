//! SQL without the values in it.

use std::borrow::Cow;

use super::{
    Dialect,
    lexer::{Kind, Lexer},
    secrets::{Secrets, Verdict},
};

/// Replaces each literal by `?` and removes comments.
///
/// Everything else stays as it is, white space included. A list `IN (1, 2, 3)` becomes
/// `IN (?)`, so that queries that differ in their number of values look alike. A literal that
/// nothing closes is replaced up to the end of the text. So is a password that is no literal:
/// `IDENTIFIED BY tiger`. Borrows if there is nothing to do.
///
/// Takes time in proportion to the text, and applied twice gives the same as once.
///
/// Source: semantic conventions, "Sanitization of `db.query.text`".
///
/// ```
/// use throughline_sqlx::sql::{Dialect, sanitise};
///
/// let sql = "SELECT id FROM users WHERE name = 'Ada' AND age IN (36, 37)";
/// assert_eq!(
///     sanitise(sql, Dialect::Postgres),
///     "SELECT id FROM users WHERE name = ? AND age IN (?)",
/// );
/// ```
pub fn sanitise(text: &str, dialect: Dialect) -> Cow<'_, str> {
    let mut output = Output::default();
    let mut list = List::No;
    let mut secrets = Secrets::default();
    let mut changed = false;
    for token in Lexer::new(text, dialect) {
        match token.kind {
            Kind::Comment => {
                output.gap = true;
                changed = true;
                continue;
            }
            Kind::Space => output.space(token.text),
            kind => match (kind, secrets.judge(&token)) {
                (_, Verdict::HideRest) => {
                    changed |= token.text != "?" || token.start + 1 != text.len();
                    output.push("?");
                    break;
                }
                (Kind::Literal, _) | (_, Verdict::Hide) => {
                    changed = true;
                    output.push("?");
                }
                _ => output.push(token.text),
            },
        }
        list = match (list, token.kind) {
            (_, Kind::Word) if token.text.eq_ignore_ascii_case("in") => List::In,
            (list, Kind::Space) => list,
            (List::In, Kind::Punctuation(b'(')) => List::BeforeItem {
                start: output.text.len(),
            },
            (List::BeforeItem { start }, Kind::Literal | Kind::Parameter) => {
                List::AfterItem { start }
            }
            (List::AfterItem { start }, Kind::Punctuation(b',')) => List::BeforeItem { start },
            (List::AfterItem { start }, Kind::Punctuation(b')')) => {
                changed |= &output.text[start..] != "?)";
                output.text.truncate(start);
                output.text.push_str("?)");
                List::No
            }
            _ => List::No,
        };
    }
    if changed {
        Cow::Owned(output.text)
    } else {
        Cow::Borrowed(text)
    }
}

/// How far into a list of values the text is, and where the list starts.
#[derive(Clone, Copy)]
enum List {
    No,
    In,
    BeforeItem { start: usize },
    AfterItem { start: usize },
}

#[derive(Default)]
struct Output {
    text: String,
    /// A comment was left out here.
    gap: bool,
}

impl Output {
    fn space(&mut self, space: &str) {
        self.gap = false;
        self.text.push_str(space);
    }

    fn push(&mut self, token: &str) {
        // What a comment kept apart must not grow together: `a/**/b`, `-/**/-`.
        let touches = self
            .text
            .as_bytes()
            .last()
            .is_some_and(|b| !b.is_ascii_whitespace());
        if self.gap && touches {
            self.text.push(' ');
        }
        self.gap = false;
        self.text.push_str(token);
    }
}

//! Secrets in the texts of errors.

mod secret;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;

use self::value::{end_of_line, end_of_value};
use super::REDACTED;

/// The longest text that [`message`] returns, in bytes.
pub const MAX_MESSAGE_LEN: usize = 1024;

/// Stands at the end of a text that was cut.
const ELLIPSIS: char = '…';

/// How often a text is gone over before it is given up. Two rounds settle what people write.
const MAX_ROUNDS: usize = 8;

/// Scrubs the text of an error, for `exception.message` and the description of a span's status.
///
/// Replaced by `REDACTED`:
///
/// - credentials in URLs and connection strings (`postgres://user:pass@host`, `user:pass@tcp(host)`);
/// - the value after a word that names a secret (`password`, `pwd`, `token`, `secret`, `api_key`, `authorization`, `cookie`,
///   `session_id`, `signature` and the like, in any case and as a part of a longer word) and `=` or `:`, or before a quoted text;
///   it reaches to the closing quote or the next blank, for `authorization` and `cookie` to the end of the line;
/// - what follows `Bearer`, and what follows `Basic` if it looks like Base64;
/// - by their shape: JSON web tokens, keys of AWS, GitHub, GitLab, Slack, Stripe, Google and others, private keys in PEM,
///   hexadecimal numbers of 32 digits and more, and long words that mix capitals, small letters and digits.
///
/// E-mail addresses are left alone, and so are UUIDs: they say who or what, and are no key to anything. A secret that no word
/// announces and that looks like a word cannot be known.
///
/// At most [`MAX_MESSAGE_LEN`] bytes are returned; a longer text is cut at a character and ends in `…`. Applied twice, it changes
/// nothing. Without anything to remove, the text itself is returned. A text that does not settle is replaced whole.
///
/// ```
/// use throughline_core::redact;
///
/// assert_eq!(
///     redact::message("cannot connect to postgres://app:hunter2@db/users"),
///     "cannot connect to postgres://REDACTED:REDACTED@db/users",
/// );
/// ```
pub fn message(text: &str) -> Cow<'_, str> {
    let Some(mut settled) = Scan::new(text).run() else {
        return Cow::Borrowed(text);
    };
    for _ in 0..MAX_ROUNDS {
        match Scan::new(&settled).run() {
            None => return Cow::Owned(settled),
            Some(next) => settled = next,
        }
    }
    Cow::Borrowed(REDACTED)
}

/// One pass over a text. Every step takes at least one character and looks ahead only over what it then takes, or a bounded
/// distance, so that the time is linear.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// What of the text stands in `out` already.
    copied: usize,
    out: String,
    /// Whether anything but a copy stands in `out`.
    changed: bool,
    /// The end of the run without blanks that `at` is in, and the last `@` of it before a `?` or `#`.
    chunk_end: usize,
    last_at_sign: Option<usize>,
    /// The end of the host of the last URL: what is before it was judged already.
    authority_end: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            copied: 0,
            out: String::new(),
            changed: false,
            chunk_end: 0,
            last_at_sign: None,
            authority_end: 0,
        }
    }

    /// Gives the scrubbed text, or `None` when it is the same.
    fn run(mut self) -> Option<String> {
        while let Some(byte) = self.byte(self.at) {
            if self.out.len() + (self.at - self.copied) > MAX_MESSAGE_LEN {
                break;
            }
            self.look_at_chunk();
            if is_word_byte(byte) {
                self.word();
            } else if self.rest().starts_with("://") {
                self.credentials();
            } else {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
        if !self.changed && self.text.len() <= MAX_MESSAGE_LEN {
            return None;
        }
        self.out.push_str(&self.text[self.copied..self.at]);
        if self.out.len() > MAX_MESSAGE_LEN || self.at < self.text.len() {
            let end = self
                .out
                .floor_char_boundary(MAX_MESSAGE_LEN - ELLIPSIS.len_utf8());
            self.out.truncate(end);
            self.out.push(ELLIPSIS);
        }
        Some(self.out)
    }

    fn word(&mut self) {
        let start = self.at;
        let end = start
            + self
                .rest()
                .bytes()
                .take_while(|byte| is_word_byte(*byte))
                .count();
        let word = &self.text[start..end];
        // Where line ends are escaped, a key in PEM hangs on the `n` of a `\\n`.
        let (word, end) = match word.find(secret::PEM_BEGIN.trim_end()) {
            Some(at) if at > 0 => (&word[..at], start + at),
            _ => (word, end),
        };
        if let Some(len) = secret::pem_len(self.rest()) {
            return self.replace(start, start + len);
        }
        if let Some((from, to)) = self.announced(word, end).or_else(|| self.scheme(word, end)) {
            return self.replace(from, to);
        }
        if let Some(to) = self.connection_string(start, end) {
            return self.replace(end + 1, to);
        }
        if let Some(len) = secret::token_len(self.rest(), word) {
            return self.replace(start, start + len);
        }
        self.at = end;
    }

    /// The value behind a word that names a secret.
    fn announced(&self, word: &str, end: usize) -> Option<(usize, usize)> {
        let kind = secret::kind_of(word)?;
        if self.text[end..].starts_with("::")
            && self
                .byte(end + 2)
                .is_some_and(|byte| byte.is_ascii_alphabetic())
        {
            // A path of Rust, as `jsonwebtoken::errors::Error`.
            return None;
        }
        let blanks = self.skip(end, |byte| byte == b' ' || byte == b'\t');
        let closed = self.skip(end, |byte| b" \t\"'`)]\\".contains(&byte));
        let from = match self.byte(closed) {
            Some(b'=') => closed + 1 + usize::from(self.byte(closed + 1) == Some(b'>')),
            Some(b':') => closed + 1 + usize::from(self.byte(closed + 1) == Some(b'=')),
            // `PASSWORD 'x'` of SQL: quoted, and with a blank between.
            _ if blanks > end && matches!(self.byte(blanks), Some(b'"' | b'\'' | b'`')) => blanks,
            _ => return None,
        };
        let from = self.skip(from, |byte| byte == b' ' || byte == b'\t');
        let (from, to) = match (kind, self.byte(from)) {
            (_, Some(b'"' | b'\'' | b'`')) | (secret::Kind::Word, _) => {
                end_of_value(self.text, from)
            }
            (secret::Kind::Line, _) => (from, end_of_line(self.text, from)),
        };
        (from < to).then_some((from, to))
    }

    /// The credentials behind `Bearer` and `Basic`.
    fn scheme(&self, word: &str, end: usize) -> Option<(usize, usize)> {
        let bearer = word.eq_ignore_ascii_case("bearer");
        if !bearer && !word.eq_ignore_ascii_case("basic") {
            return None;
        }
        let from = self.skip(end, |byte| b" \t:=".contains(&byte));
        let to = self.skip(from, |byte| {
            !byte.is_ascii_whitespace() && !b"\"'`<>".contains(&byte)
        });
        let value = &self.text[from..to];
        let is_prose = secret::is_prose(value);
        let secret = if bearer {
            !is_prose
        } else {
            !is_prose && secret::looks_like_base64(value)
        };
        (from > end && from < to && secret).then_some((from, to))
    }

    /// The end of the password in `user:password@`, where `user` has just ended.
    fn connection_string(&self, start: usize, end: usize) -> Option<usize> {
        let to = self
            .last_at_sign
            .filter(|to| self.byte(end) == Some(b':') && *to > end + 1)?;
        let follows_host = self
            .byte(to + 1)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"[(/_".contains(&byte));
        let user = &self.text[start..end];
        let is_mail = ["mailto", "email", "mail", "to", "from"]
            .iter()
            .any(|word| user.eq_ignore_ascii_case(word));
        let is_url = self.text[end..].starts_with("://");
        (start >= self.authority_end && follows_host && !is_mail && !is_url).then_some(to)
    }

    /// The credentials of a URL whose `://` is next.
    fn credentials(&mut self) {
        let from = self.at + 3;
        let host = self.skip(from, |byte| {
            !b"/\\?#".contains(&byte) && !byte.is_ascii_whitespace()
        });
        let authority = &self.text[from..host];
        let to = match self.last_at_sign.filter(|to| *to >= from) {
            Some(to) if authority.contains('@') => Some(to),
            // A password with a `/` in it ends the authority too early. Where an `@` in the path is common, only what cannot
            // be a port is taken for such a password.
            Some(to) if self.path_may_hold_at_sign(self.at) => authority
                .split_once(':')
                .is_some_and(|(_, port)| !is_port(port))
                .then_some(to),
            Some(to) => Some(to),
            // Or with a `?` or `#`.
            None => authority.rfind('@').map(|at| from + at),
        };
        self.authority_end = host;
        match to {
            None => self.at = from,
            Some(to) if &self.text[from..to] == "REDACTED:REDACTED" => self.at = to,
            Some(to) => {
                self.replace(from, to);
                self.out.push(':');
                self.out.push_str(REDACTED);
            }
        }
    }

    /// Says whether the `://` at a place follows a scheme of the web or of files, whose paths hold `@` now and then.
    fn path_may_hold_at_sign(&self, at: usize) -> bool {
        let head = &self.text.as_bytes()[..at];
        ["http", "https", "ws", "wss", "file", "sqlite"]
            .iter()
            .any(|scheme| {
                let start = at.checked_sub(scheme.len());
                start.is_some_and(|start| head[start..].eq_ignore_ascii_case(scheme.as_bytes()))
            })
    }

    /// Puts `REDACTED` in the place of a part of the text and goes on behind it.
    fn replace(&mut self, from: usize, to: usize) {
        if &self.text[from..to] != REDACTED {
            self.out.push_str(&self.text[self.copied..from]);
            self.out.push_str(REDACTED);
            self.copied = to;
            self.changed = true;
        }
        self.at = to;
    }

    fn look_at_chunk(&mut self) {
        if self.at < self.chunk_end {
            return;
        }
        let rest = self.text.as_bytes()[self.at..].iter();
        let (mut len, mut last, mut in_query) = (0, None, false);
        for byte in rest {
            if byte.is_ascii_whitespace() {
                break;
            }
            in_query |= matches!(byte, b'?' | b'#') && last.is_some();
            if *byte == b'@' && !in_query {
                last = Some(self.at + len);
            }
            len += 1;
        }
        self.chunk_end = self.at + len.max(1);
        self.last_at_sign = last;
    }

    fn skip(&self, from: usize, what: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().take_while(|byte| what(**byte)).count()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

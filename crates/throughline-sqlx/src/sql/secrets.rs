//! Secrets that stand in a statement without quotes around them.
//!
//! Some databases take a password as a plain word or as a quoted name, `IDENTIFIED BY tiger`,
//! where no lexer can tell it from any other name. Only the words before it can.

use super::lexer::{Kind, Token};

/// What is to be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be shown.
    Show,
    /// It is a secret.
    Hide,
    /// It is the start of data that goes on to the end of the text.
    HideRest,
}

/// Follows a text from token to token.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    statement: Statement,
    /// Words of the statement so far, as far as they decide its kind.
    words: u8,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Statement {
    #[default]
    New,
    /// `CREATE` or `ALTER` of something that is not known yet.
    Definition,
    /// A statement about users, roles, logins, keys: those that have passwords.
    Account,
    Setting,
    Copy,
    /// What has no secrets but in literals.
    Other,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// After `IDENTIFIED`, or `IDENTIFIED WITH` and the name of a method.
    Identified,
    /// After `IDENTIFIED WITH`.
    Method,
    /// After `IDENTIFIED BY` or `PASSWORD`: the next word is it.
    Secret,
    /// In the name of a setting.
    Setting { is_secret: bool },
    /// In its value.
    Value { is_secret: bool },
    /// After `COPY … FROM STDIN`.
    Stdin,
    /// After the semicolon of it.
    Data,
}

/// More words than this before `USER` or the like, and it is something else.
const MOST_WORDS: u8 = 5;

const WITH_PASSWORDS: [&str; 11] = [
    "certificate",
    "credential",
    "group",
    "key",
    "link",
    "login",
    "mapping",
    "role",
    "server",
    "subscription",
    "user",
];

const WITHOUT_PASSWORDS: [&str; 9] = [
    "function",
    "index",
    "procedure",
    "schema",
    "sequence",
    "table",
    "trigger",
    "type",
    "view",
];

/// What may follow `PASSWORD` and is none.
const PASSWORD_OPTIONS: [&str; 16] = [
    "default",
    "disable",
    "enable",
    "encrypted",
    "expire",
    "expired",
    "for",
    "history",
    "lock",
    "never",
    "null",
    "optional",
    "require",
    "reuse",
    "unbounded",
    "values",
];

const SECRET_SETTINGS: [&str; 9] = [
    "apikey",
    "api_key",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "private",
    "secret",
    "token",
];

impl Secrets {
    /// Judges the next token that is neither space nor comment.
    pub(super) fn judge(&mut self, token: &Token<'_>) -> Verdict {
        if self.state == State::Data {
            return Verdict::HideRest;
        }
        if token.kind == Kind::Punctuation(b';') {
            let is_data = self.state == State::Stdin;
            *self = Self::default();
            if is_data {
                self.state = State::Data;
            }
            return Verdict::Show;
        }
        match self.statement {
            Statement::Other => Verdict::Show,
            Statement::New => {
                self.start(token);
                Verdict::Show
            }
            Statement::Definition => {
                self.define(token);
                Verdict::Show
            }
            Statement::Account => self.account(token),
            Statement::Setting => self.setting(token),
            Statement::Copy => {
                if is(token, "stdin") {
                    self.state = State::Stdin;
                }
                Verdict::Show
            }
        }
    }

    fn start(&mut self, token: &Token<'_>) {
        self.statement = if is_any(token, &["create", "alter"]) {
            Statement::Definition
        } else if is(token, "grant") {
            Statement::Account
        } else if is(token, "set") {
            self.state = State::Setting { is_secret: false };
            Statement::Setting
        } else if is(token, "copy") {
            Statement::Copy
        } else {
            Statement::Other
        };
    }

    fn define(&mut self, token: &Token<'_>) {
        self.words += 1;
        if is_any(token, &WITH_PASSWORDS) {
            self.statement = Statement::Account;
        } else if self.words > MOST_WORDS || is_any(token, &WITHOUT_PASSWORDS) {
            self.statement = Statement::Other;
        }
    }

    fn account(&mut self, token: &Token<'_>) -> Verdict {
        let is_name = matches!(token.kind, Kind::Word | Kind::QuotedName);
        let next = match self.state {
            State::Identified if is_any(token, &["by", "as"]) => State::Secret,
            State::Identified if is_any(token, &["with", "via"]) => State::Method,
            State::Method if is_name => State::Identified,
            State::Secret if token.kind == Kind::Punctuation(b'=') || is(token, "to") => {
                State::Secret
            }
            // `IDENTIFIED BY PASSWORD x`, `IDENTIFIED BY RANDOM PASSWORD`.
            State::Secret if is_any(token, &["password", "random"]) => State::Secret,
            State::Secret if is_any(token, &["values"]) => State::Secret,
            State::Secret if is_name && !is_any(token, &PASSWORD_OPTIONS) => {
                self.state = State::Idle;
                return Verdict::Hide;
            }
            _ if is(token, "identified") => State::Identified,
            _ if is_any(token, &["password", "secret"]) => State::Secret,
            _ => State::Idle,
        };
        self.state = next;
        Verdict::Show
    }

    fn setting(&mut self, token: &Token<'_>) -> Verdict {
        let is_name = matches!(token.kind, Kind::Word | Kind::QuotedName | Kind::Parameter);
        match self.state {
            State::Setting { is_secret } => {
                let is_assigned = token.kind == Kind::Punctuation(b'=') || is(token, "to");
                self.state = if is_assigned {
                    State::Value { is_secret }
                } else {
                    let is_secret = is_secret || is_name && is_secret_name(token.text);
                    State::Setting { is_secret }
                };
                Verdict::Show
            }
            State::Value { .. } if token.kind == Kind::Punctuation(b',') => {
                self.state = State::Setting { is_secret: false };
                Verdict::Show
            }
            // `PASSWORD('…')` is a function of MySQL.
            State::Value { is_secret: true }
                if matches!(token.kind, Kind::Word | Kind::QuotedName)
                    && !is(token, "password") =>
            {
                Verdict::Hide
            }
            _ => Verdict::Show,
        }
    }
}

fn is(token: &Token<'_>, keyword: &str) -> bool {
    token.kind == Kind::Word && token.text.eq_ignore_ascii_case(keyword)
}

fn is_any(token: &Token<'_>, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| is(token, keyword))
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_SETTINGS.iter().any(|secret| name.contains(secret))
}

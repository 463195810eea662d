//! What an error of sqlx means.

use opentelemetry::StringValue;
use sqlx::{
    Error,
    error::{DatabaseError, ErrorKind},
};
use throughline_core::{redact, semconv::error};

use crate::backend::Backend;

/// An error as it is recorded.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    violation: Option<Violation>,
}

/// A constraint that the database upheld.
#[derive(Debug)]
pub(crate) struct Violation {
    /// What it asks for: `unique`, `foreign_key`, `not_null`, `check` or `exclusion`.
    pub(crate) kind: &'static str,
    /// Its name, where the driver gives it.
    pub(crate) constraint: Option<String>,
}

#[derive(Debug)]
enum Kind {
    /// The database's own code.
    Status(StringValue),
    /// What failed on the way to it.
    Other(&'static str),
}

impl Failure {
    /// Reads `error`. That no row was found is an answer, and gives nothing.
    pub(crate) fn of<DB: Backend>(error: &Error) -> Option<Self> {
        if matches!(error, Error::RowNotFound) {
            return None;
        }
        let database = error.as_database_error();
        let kind = database
            .and_then(DB::status_code)
            .map_or(Kind::Other(error_type(error)), |code| {
                Kind::Status(code.into_owned().into())
            });
        let message = match database {
            Some(error) => {
                let message = without_values(error.message(), '\'');
                if quotes_names(error.code().as_deref()) {
                    message
                } else {
                    without_values(&message, '"')
                }
            }
            None => error.to_string(),
        };
        Some(Self {
            kind,
            message: redact::message(&message).into_owned(),
            violation: database.and_then(Violation::of),
        })
    }

    /// Returns the value of `error.type`: the status code, else one of a fixed list.
    pub(crate) fn error_type(&self) -> StringValue {
        match &self.kind {
            Kind::Status(code) => code.clone(),
            Kind::Other(name) => StringValue::from(*name),
        }
    }

    /// Returns the value of `db.response.status_code`.
    pub(crate) fn status_code(&self) -> Option<StringValue> {
        match &self.kind {
            Kind::Status(code) => Some(code.clone()),
            Kind::Other(_) => None,
        }
    }

    /// Returns the constraint that was violated.
    pub(crate) fn violation(&mut self) -> Option<Violation> {
        self.violation.take()
    }

    /// Returns the description of the span's status.
    pub(crate) fn into_message(self) -> String {
        self.message
    }
}

impl Violation {
    fn of(error: &dyn DatabaseError) -> Option<Self> {
        let kind = match error.kind() {
            ErrorKind::UniqueViolation => "unique",
            ErrorKind::ForeignKeyViolation => "foreign_key",
            ErrorKind::NotNullViolation => "not_null",
            ErrorKind::CheckViolation => "check",
            ErrorKind::ExclusionViolation => "exclusion",
            _ => return None,
        };
        Some(Self {
            kind,
            constraint: error.constraint().map(str::to_owned),
        })
    }
}

fn error_type(error: &Error) -> &'static str {
    match error {
        Error::Configuration(_) => "configuration",
        Error::InvalidArgument(_) => "invalid_argument",
        Error::Database(_) => "database",
        Error::Io(cause) => error::transport(cause, &|_| None),
        Error::Tls(_) => error::TLS,
        Error::Protocol(_) => "protocol",
        Error::TypeNotFound { .. } => "type_not_found",
        Error::ColumnIndexOutOfBounds { .. }
        | Error::ColumnNotFound(_)
        | Error::ColumnDecode { .. }
        | Error::Decode(_) => error::DECODE,
        Error::Encode(_) => "encode",
        Error::PoolTimedOut => "pool_timed_out",
        Error::PoolClosed => "pool_closed",
        Error::WorkerCrashed => "worker_crashed",
        Error::InvalidSavePointStatement | Error::BeginFailed => "begin_failed",
        _ => error::OTHER,
    }
}

/// Says whether an error of this code has names in double quotes, and no values.
///
/// PostgreSQL quotes both: the constraint that was violated (class 23) or the column that is
/// not there (class 42), and the text that is no number (class 22). A syntax error (42601)
/// quotes the token that it stumbled on. No other database has codes of that form.
fn quotes_names(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        let is_sqlstate = code.len() == 5;
        is_sqlstate && (code.starts_with("23") || code.starts_with("42") && code != "42601")
    })
}

/// Replaces what stands in quotes by `?`.
///
/// Databases quote the value that they refuse: `Duplicate entry 'ada@example.org' for key`.
/// A quote opens after something that is no letter and closes before something that is none;
/// one that does not close takes the rest.
fn without_values(message: &str, quote: char) -> String {
    let mut output = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = opening_quote(rest, quote) {
        output.push_str(&rest[..start]);
        output.push('?');
        rest = closing_quote(&rest[start + 1..], quote);
    }
    output.push_str(rest);
    output
}

fn opening_quote(text: &str, quote: char) -> Option<usize> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    text.match_indices(quote)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || !is_word(text.as_bytes()[at - 1]))
}

/// Returns what follows the value.
fn closing_quote(text: &str, quote: char) -> &str {
    let is_word =
        |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || char::from(byte) == quote;
    text.match_indices(quote)
        .map(|(at, _)| at + 1)
        .find(|after| {
            text.as_bytes()
                .get(*after)
                .is_none_or(|byte| !is_word(*byte))
        })
        .map_or("", |after| &text[after..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn double_quotes_hold_names_where_the_code_says_so() {
        let message = r#"invalid input for "integer": "se"cret""#;
        assert_eq!(without_values(message, '"'), "invalid input for ?: ?");
        for (code, expected) in [
            (Some("23505"), true),
            (Some("42703"), true),
            (Some("42601"), false),
            (Some("22P02"), false),
            (Some("2067"), false),
            (None, false),
        ] {
            assert_eq!(quotes_names(code), expected, "{code:?}");
        }
    }

    #[test]
    fn values_in_the_database_s_message_are_replaced() {
        let cases = [
            (
                "UNIQUE constraint failed: users.email",
                "UNIQUE constraint failed: users.email",
            ),
            (
                "Duplicate entry 'ada@example.org' for key 'users.email'",
                "Duplicate entry ? for key ?",
            ),
            ("can't read 'O'Brien' here", "can't read ? here"),
            ("near 'secret", "near ?"),
            ("'first' and last", "? and last"),
            ("", ""),
        ];
        for (message, expected) in cases {
            assert_eq!(without_values(message, '\''), expected);
        }
    }
}

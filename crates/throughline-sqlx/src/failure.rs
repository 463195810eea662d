//! What an error of sqlx means.

use opentelemetry::StringValue;
use sqlx::Error;
use throughline_core::{redact, semconv::error};

use crate::backend::Backend;

/// An error as it is recorded.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
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
            Some(error) => without_values(error.message()),
            None => error.to_string(),
        };
        Some(Self {
            kind,
            message: redact::message(&message).into_owned(),
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

    /// Returns the description of the span's status.
    pub(crate) fn into_message(self) -> String {
        self.message
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

/// Replaces what stands in single quotes by `?`.
///
/// Databases quote the value that they refuse: `Duplicate entry 'ada@example.org' for key`.
/// A quote opens after something that is no letter and closes before something that is none;
/// one that does not close takes the rest.
fn without_values(message: &str) -> String {
    let mut output = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = opening_quote(rest) {
        output.push_str(&rest[..start]);
        output.push('?');
        rest = closing_quote(&rest[start + 1..]);
    }
    output.push_str(rest);
    output
}

fn opening_quote(text: &str) -> Option<usize> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    text.match_indices('\'')
        .map(|(at, _)| at)
        .find(|at| *at == 0 || !is_word(text.as_bytes()[at - 1]))
}

/// Returns what follows the value.
fn closing_quote(text: &str) -> &str {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'\'';
    text.match_indices('\'')
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
            assert_eq!(without_values(message), expected);
        }
    }
}

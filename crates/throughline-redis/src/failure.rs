//! What an error of redis means.

use std::{error::Error, sync::Arc};

use opentelemetry::StringValue;
use redis::{Arg, Cmd, ErrorKind, RedisError, ServerError};
use throughline_core::{redact, semconv::error};

use crate::command::{Class, Named};

/// The codes that Redis itself answers with. Only they label metrics.
const CODES: &[&str] = &[
    "ASK",
    "BUSY",
    "BUSYGROUP",
    "BUSYKEY",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "DENIED",
    "ERR",
    "EXECABORT",
    "INPROG",
    "INVALIDOBJ",
    "IOERR",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOGOODSLAVE",
    "NOGROUP",
    "NOMASTERLINK",
    "NOPERM",
    "NOPROTO",
    "NOQUORUM",
    "NOREPLICAS",
    "NOSCRIPT",
    "NOSUB",
    "NOTBUSY",
    "NOTREADY",
    "OOM",
    "READONLY",
    "STALE",
    "SYNTAX",
    "TRYAGAIN",
    "UNBLOCKED",
    "UNKILLABLE",
    "WRONGPASS",
    "WRONGTYPE",
];

/// The longest code of another kind, such as one of a module or script.
const LONGEST_CODE: usize = 24;

/// Redis repeats the arguments of a command that it does not know behind these words.
const BEFORE_ARGUMENTS: &str = "with args beginning with";

/// An error as it is recorded.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

#[derive(Clone, Debug)]
enum Kind {
    /// A code of Redis.
    Known(&'static str),
    /// Another code.
    Foreign(Arc<str>),
    /// An answer that has no code, or one that repeats an argument.
    Malformed,
    /// What failed on the way to the server.
    Other(&'static str),
}

impl Failure {
    /// Reads an error that the client returned.
    pub(crate) fn of(failed: &RedisError, commands: &mut dyn Iterator<Item = &Cmd>) -> Self {
        let kind = match failed.code() {
            Some(code) => Kind::of_code(code),
            None => Kind::Other(error_type(failed)),
        };
        // What is not an answer of the server names addresses and causes, and no argument.
        let is_answer = !matches!(kind, Kind::Other(_));
        let detail = if is_answer {
            failed.detail().unwrap_or_default().to_owned()
        } else {
            failed.to_string()
        };
        Self::new(kind, &detail, commands)
    }

    /// Reads an error that the server answered with.
    pub(crate) fn of_answer(
        answer: &ServerError,
        commands: &mut dyn Iterator<Item = &Cmd>,
    ) -> Self {
        let kind = Kind::of_code(answer.code());
        Self::new(kind, answer.details().unwrap_or_default(), commands)
    }

    fn new(mut kind: Kind, detail: &str, commands: &mut dyn Iterator<Item = &Cmd>) -> Self {
        let detail = detail
            .find(BEFORE_ARGUMENTS)
            .map_or(detail, |at| &detail[..at]);
        let (mut repeats_message, mut repeats_code) = (false, false);
        let foreign = match &kind {
            Kind::Foreign(code) => Some(Arc::clone(code)),
            Kind::Known(_) | Kind::Malformed | Kind::Other(_) => None,
        };
        // What a script says, and what a code announces that nobody knows, may be anything; a
        // refusal says who the user is.
        let mut is_free_text = match kind {
            Kind::Foreign(_) | Kind::Malformed => true,
            Kind::Known(code) => code == "NOPERM",
            Kind::Other(_) => false,
        };
        for cmd in commands {
            let named = Named::of(cmd);
            // A module says where it stumbled over an argument.
            let is_of_module = named.command.is_none() || named.label.text.contains('.');
            is_free_text |= is_of_module || named.class() == Class::Script;
            for argument in cmd.args_iter().skip(1) {
                let Arg::Simple(argument) = argument else {
                    continue;
                };
                repeats_message |= argument.len() >= 3 && contains(detail, argument);
                repeats_code |= foreign
                    .as_ref()
                    .is_some_and(|code| code.as_bytes() == argument);
            }
        }
        if repeats_code {
            kind = Kind::Malformed;
        }
        let message = if is_free_text || repeats_message {
            String::new()
        } else {
            redact::message(&without_values(detail)).trim().to_owned()
        };
        let message = match (&kind, message.is_empty()) {
            (Kind::Other(_) | Kind::Malformed, _) => message,
            (kind, true) => kind.text().to_owned(),
            (kind, false) => format!("{}: {message}", kind.text()),
        };
        Self { kind, message }
    }

    /// Says whether the server does not know the script, after which it is loaded.
    pub(crate) fn is_missing_script(&self) -> bool {
        matches!(self.kind, Kind::Known("NOSCRIPT"))
    }

    /// Returns the value of `error.type`: the status code, else one of a fixed list.
    pub(crate) fn error_type(&self) -> StringValue {
        self.kind.value()
    }

    /// Returns the value of `db.response.status_code`.
    pub(crate) fn status_code(&self) -> Option<StringValue> {
        match &self.kind {
            Kind::Known(_) | Kind::Foreign(_) => Some(self.kind.value()),
            Kind::Malformed | Kind::Other(_) => None,
        }
    }

    /// Returns the label of metrics, one of a fixed list.
    pub(crate) fn label(&self) -> &'static str {
        match &self.kind {
            Kind::Known(text) | Kind::Other(text) => text,
            Kind::Foreign(_) | Kind::Malformed => error::OTHER,
        }
    }

    /// Returns the description of the span's status.
    pub(crate) fn into_message(self) -> String {
        self.message
    }
}

impl Kind {
    fn of_code(code: &str) -> Self {
        if let Some(known) = CODES.iter().find(|known| **known == code) {
            return Self::Known(known);
        }
        let is_code = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        if (2..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(is_code) {
            Self::Foreign(code.into())
        } else {
            Self::Malformed
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Known(text) | Self::Other(text) => text,
            Self::Foreign(text) => text,
            Self::Malformed => error::OTHER,
        }
    }

    fn value(&self) -> StringValue {
        match self {
            Self::Known(text) | Self::Other(text) => StringValue::from(*text),
            Self::Foreign(text) => StringValue::from(Arc::clone(text)),
            Self::Malformed => StringValue::from(error::OTHER),
        }
    }
}

fn error_type(failed: &RedisError) -> &'static str {
    match failed.kind() {
        ErrorKind::Io => transport(failed),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => error::DECODE,
        ErrorKind::AuthenticationFailed => "authentication_failed",
        ErrorKind::InvalidClientConfig => "configuration",
        ErrorKind::Client => "client",
        ErrorKind::MasterNameNotFoundBySentinel => "master_not_found",
        ErrorKind::NoValidReplicasFoundBySentinel => "replica_not_found",
        ErrorKind::EmptySentinelList => "no_sentinel",
        ErrorKind::ClusterConnectionNotFound => "cluster_connection_not_found",
        ErrorKind::RESP3NotSupported => "resp3_not_supported",
        _ => error::OTHER,
    }
}

fn transport(failed: &RedisError) -> &'static str {
    // redis shares its causes, and what is shared hides its type from a walk.
    let shared = failed
        .source()
        .and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let class = shared.map_or(error::OTHER, |cause| error::transport(&**cause, &|_| None));
    if class != error::OTHER {
        class
    } else if failed.is_connection_refusal() {
        error::CONNECT_REFUSED
    } else if failed.is_timeout() {
        error::TIMEOUT
    } else if failed.is_connection_dropped() {
        error::CLOSED
    } else {
        error::OTHER
    }
}

/// Replaces what stands in quotes by `?`, of each kind up to the last of its kind.
fn without_values(message: &str) -> String {
    let mut output = message.to_owned();
    for quote in ['\'', '"', '`'] {
        let (Some(start), Some(end)) = (output.find(quote), output.rfind(quote)) else {
            continue;
        };
        // One that does not close takes the rest.
        let end = if start == end { output.len() } else { end + 1 };
        output.replace_range(start..end, "?");
    }
    output
}

fn contains(text: &str, part: &[u8]) -> bool {
    text.as_bytes()
        .windows(part.len())
        .any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use redis::{cmd, make_extension_error};

    use super::*;

    fn failure(code: &str, detail: &str, command: &Cmd) -> Failure {
        let failed = make_extension_error(code.to_owned(), Some(detail.to_owned()));
        Failure::of(&failed, &mut std::iter::once(command))
    }

    #[test]
    fn a_message_has_no_values() {
        let mut command = cmd("SET");
        command.arg("user:ada").arg("hunter2");
        let cases = [
            (
                "WRONGTYPE",
                "Operation against a key",
                "WRONGTYPE",
                "WRONGTYPE: Operation against a key",
            ),
            (
                "BUSYGROUP",
                "Consumer Group name already exists",
                "BUSYGROUP",
                "BUSYGROUP: Consumer Group name already exists",
            ),
            (
                "ERR",
                "unknown command 'x', with args beginning with: 'y' z",
                "ERR",
                "ERR: unknown command ?,",
            ),
            ("ERR", "bad value hunter2", "ERR", "ERR"),
            ("OUT_OF_STOCK", "", "OUT_OF_STOCK", "OUT_OF_STOCK"),
            ("ada@example.org", "is not welcome", "_OTHER", ""),
            (
                "WRONGPASS",
                "it's 'not' right",
                "WRONGPASS",
                "WRONGPASS: it? right",
            ),
        ];
        for (code, detail, error_type, message) in cases {
            let failure = failure(code, detail, &command);
            assert_eq!(failure.error_type().as_str(), error_type);
            assert_eq!(failure.into_message(), message);
        }
    }

    #[test]
    fn what_others_than_redis_say_is_left_out() {
        let cases = [
            ("EVAL", "ERR", "no user ada"),
            ("FT.SEARCH", "ERR", "syntax error near ada"),
            ("JSON.GET", "ERR", "no path near ada"),
            ("GET", "NOPERM", "User ada has no permissions"),
            ("GET", "NOVELTY", "ada"),
        ];
        for (command, code, detail) in cases {
            let message = failure(code, detail, &cmd(command)).into_message();
            assert_eq!(message, code, "{command}");
        }
    }

    #[test]
    fn a_code_that_repeats_an_argument_is_none() {
        let mut command = cmd("EVAL");
        command
            .arg("return redis.error_reply(ARGV[1])")
            .arg(0)
            .arg("TOPSECRET");
        let failure = failure("TOPSECRET", "", &command);
        assert_eq!(failure.error_type().as_str(), "_OTHER");
        assert_eq!(failure.into_message(), "");
    }

    #[test]
    fn codes_that_nobody_knows_do_not_label_metrics() {
        let failure = failure("OUT_OF_STOCK", "", &cmd("FCALL"));
        assert_eq!(failure.label(), "_OTHER");
    }
}

//! Recording an error on a span.

use std::{error::Error, fmt};

use opentelemetry::{
    Context, KeyValue, StringValue,
    trace::{Status, TraceContextExt as _},
};

use crate::{
    outcome::Outcome,
    redact,
    semconv::{attr, error::type_name_of, event},
};

/// How far a chain of causes is followed. Real chains have about five links; a chain may be a
/// circle.
const MAX_CAUSES: usize = 16;

/// Stands at the end of a text that was cut.
const ELLIPSIS: char = '…';

/// Records `error` on the span of `context` and returns the outcome that it means.
///
/// The span gets an `exception` event with the error's type and message, the type as
/// `error.type`, and an error status that says the message. The message has its secrets
/// removed, see [`redact::message`](crate::redact::message). Nothing is formatted if
/// nobody records.
///
/// The message is what the error says of itself; [`record_error_with_causes`] adds why.
///
/// Source: semantic conventions, "Recording errors" and "Exceptions on spans".
pub fn record_error<E: fmt::Display + ?Sized>(context: &Context, error: &E) -> Outcome {
    record(context, type_name_of::<E>(), || {
        redact::message(&error.to_string()).into_owned()
    })
}

/// Records `error` like [`record_error`], with a message that goes on with its causes.
///
/// The causes are those of [`Error::source`], 16 at most, each after a colon: `cannot save the
/// order: connection closed: timed out`. One that the text before it ends with already is left
/// out, because many errors say their cause themselves. Each has its secrets removed on its
/// own. The whole is at most [`MAX_MESSAGE_LEN`](redact::MAX_MESSAGE_LEN) bytes long; a longer
/// one is cut and ends in `…`.
///
/// The type is that of `error`, not of a cause; a `dyn Error` has none, and is `_OTHER`.
pub fn record_error_with_causes<E: Error + ?Sized>(context: &Context, error: &E) -> Outcome {
    record(context, type_name_of::<E>(), || message_with_causes(error))
}

fn record(
    context: &Context,
    error_type: &'static str,
    message: impl FnOnce() -> String,
) -> Outcome {
    let error_type = StringValue::from(error_type);
    let span = context.span();
    if span.is_recording() {
        let message = message();
        span.add_event(
            event::EXCEPTION,
            vec![
                KeyValue::new(attr::EXCEPTION_TYPE, error_type.clone()),
                KeyValue::new(attr::EXCEPTION_MESSAGE, message.clone()),
            ],
        );
        span.set_attribute(KeyValue::new(attr::ERROR_TYPE, error_type.clone()));
        span.set_status(Status::error(message));
    }
    Outcome::Error(error_type)
}

fn message_with_causes<E: Error + ?Sized>(error: &E) -> String {
    let mut said = error.to_string();
    let mut message = redact::message(&said).into_owned();
    let mut cause = error.source();
    for _ in 0..MAX_CAUSES {
        let Some(error) = cause.filter(|_| message.len() <= redact::MAX_MESSAGE_LEN) else {
            break;
        };
        let text = error.to_string();
        if !said.ends_with(&text) {
            message.push_str(": ");
            // Not the whole message: `bad token: expired` would read as a secret and its name.
            message.push_str(&redact::message(&text));
            said = text;
        }
        cause = error.source();
    }
    if message.len() > redact::MAX_MESSAGE_LEN {
        let end = redact::MAX_MESSAGE_LEN - ELLIPSIS.len_utf8();
        message.truncate(message.floor_char_boundary(end));
        message.push(ELLIPSIS);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it says, and its cause.
    #[derive(Debug)]
    struct Link(String, Option<Box<Link>>);

    impl fmt::Display for Link {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Error for Link {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    /// An error that is its own cause.
    #[derive(Debug)]
    struct Circle;

    impl fmt::Display for Circle {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // Differs each time, so that it is never a repetition.
            static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
            let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            write!(f, "{count} round")
        }
    }

    impl Error for Circle {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Circle)
        }
    }

    fn chain(texts: &[&str]) -> Link {
        let (first, causes) = texts.split_first().unwrap();
        let cause = (!causes.is_empty()).then(|| Box::new(chain(causes)));
        Link((*first).to_owned(), cause)
    }

    #[test]
    fn a_message_goes_on_with_what_its_causes_add() {
        let table: [(&[&str], &str); 7] = [
            (&["payment failed"], "payment failed"),
            (
                &["payment failed", "no connection", "timed out"],
                "payment failed: no connection: timed out",
            ),
            // Each of these says its causes itself.
            (&["a: b: c", "b: c", "c"], "a: b: c"),
            (&["a", "b: c", "c", "d"], "a: b: c: d"),
            (&["a", ""], "a"),
            (
                &["no connection", "postgres://app:hunter2@db refused"],
                "no connection: postgres://REDACTED:REDACTED@db refused",
            ),
            (
                &["bad client token", "expired"],
                "bad client token: expired",
            ),
        ];
        for (texts, expected) in table {
            assert_eq!(message_with_causes(&chain(texts)), expected);
        }
    }

    #[test]
    fn a_circle_of_causes_ends() {
        let message = message_with_causes(&Circle);
        assert_eq!(message.matches(" round").count(), 1 + MAX_CAUSES);
    }

    #[test]
    fn a_long_chain_is_cut_at_a_character() {
        let long = "ä".repeat(400);
        let other = "ö".repeat(400);
        let message = message_with_causes(&chain(&[&long, &other]));
        assert!(
            message.len() <= redact::MAX_MESSAGE_LEN,
            "{}",
            message.len()
        );
        assert!(message.ends_with("ö…"), "{message}");
    }
}

//! Recording an error on a span.

use std::fmt;

use opentelemetry::{
    Context, KeyValue, StringValue,
    trace::{Status, TraceContextExt as _},
};

use crate::{
    outcome::Outcome,
    redact,
    semconv::{attr, error::type_name_of, event},
};

/// Records `error` on the span of `context` and returns the outcome that it means.
///
/// The span gets an `exception` event with the error's type and message, the type as
/// `error.type`, and an error status that says the message. The message has its secrets
/// removed, see [`redact::message`](crate::redact::message). Nothing is formatted if
/// nobody records.
///
/// Source: semantic conventions, "Recording errors" and "Exceptions on spans".
pub fn record_error<E: fmt::Display + ?Sized>(context: &Context, error: &E) -> Outcome {
    let error_type = StringValue::from(type_name_of::<E>());
    let span = context.span();
    if span.is_recording() {
        let message = error.to_string();
        let message = redact::message(&message).into_owned();
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

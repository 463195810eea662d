//! How an operation ended.

use opentelemetry::StringValue;

/// How an operation ended: one value that decides status, `error.type` and metric labels.
///
/// Two of the endings look alike on the wire and are kept apart: a client that left before
/// it got an answer, and one that left in the middle of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The answer's body failed. The value is its `error.type`.
    BodyError(StringValue),
    /// The work was dropped by its owner, which is no failure: a lost race in `select!`, a
    /// hedged request that came second.
    Cancelled,
    /// The client left before the response head was ready.
    ClientGoneBeforeHead,
    /// The client left after the head and before the last byte of the body.
    ClientGoneMidBody,
    /// The work went to its end.
    Completed,
    /// The work failed. The value is its `error.type`: a type name, or a code such as `500`.
    Error(StringValue),
    /// The work panicked. The panic goes on to whoever catches it.
    Panicked,
    /// The work took longer than it was allowed to.
    TimedOut,
    /// The connection was handed over to another protocol.
    Upgraded,
}

impl Outcome {
    /// Returns the value of `throughline.outcome`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::BodyError(_) => "body_error",
            Self::Cancelled => "cancelled",
            Self::ClientGoneBeforeHead => "client_gone_before_head",
            Self::ClientGoneMidBody => "client_gone_mid_body",
            Self::Completed => "completed",
            Self::Error(_) => "error",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::Upgraded => "upgraded",
        }
    }

    /// Returns the value of `error.type`, if this is an error.
    ///
    /// The set of values is bounded as long as the error types are: it labels metrics.
    pub fn error_type(&self) -> Option<StringValue> {
        match self {
            Self::BodyError(error) | Self::Error(error) => Some(error.clone()),
            Self::ClientGoneBeforeHead | Self::ClientGoneMidBody => {
                Some(StringValue::from(self.as_str()))
            }
            Self::Panicked => Some(StringValue::from("panic")),
            Self::TimedOut => Some(StringValue::from("timeout")),
            Self::Cancelled | Self::Completed | Self::Upgraded => None,
        }
    }

    /// Says whether the span's status becomes an error.
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::Cancelled | Self::Completed | Self::Upgraded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_an_error_type_exactly_if_it_is_an_error() {
        let all = [
            (
                Outcome::BodyError("reset".into()),
                "body_error",
                Some("reset"),
            ),
            (Outcome::Cancelled, "cancelled", None),
            (
                Outcome::ClientGoneBeforeHead,
                "client_gone_before_head",
                Some("client_gone_before_head"),
            ),
            (
                Outcome::ClientGoneMidBody,
                "client_gone_mid_body",
                Some("client_gone_mid_body"),
            ),
            (Outcome::Completed, "completed", None),
            (Outcome::Error("500".into()), "error", Some("500")),
            (Outcome::Panicked, "panicked", Some("panic")),
            (Outcome::TimedOut, "timed_out", Some("timeout")),
            (Outcome::Upgraded, "upgraded", None),
        ];
        for (outcome, name, error_type) in all {
            assert_eq!(outcome.as_str(), name);
            let found = outcome.error_type();
            assert_eq!(
                found.as_ref().map(StringValue::as_str),
                error_type,
                "{name}"
            );
            assert_eq!(outcome.is_error(), error_type.is_some(), "{name}");
        }
    }
}

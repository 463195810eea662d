//! What can go wrong in either service, and the answer each failure becomes.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::payments::Declined;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed request.
///
/// The message is shown to the caller; the source, which may hold internals, is not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Declined(#[from] Declined),
    #[error("a user with this email address exists")]
    EmailTaken,
    #[error("{0}")]
    Invalid(&'static str),
    #[error("the password could not be processed")]
    Password(#[from] argon2::password_hash::Error),
    #[error("the payments service failed")]
    Payments(#[from] reqwest::Error),
    #[error("the system has no random bytes to give")]
    Randomness(#[from] getrandom::Error),
    #[error("a background task ended early")]
    Task(#[from] tokio::task::JoinError),
    #[error("the client token is missing, expired or not ours")]
    Token,
    #[error("there is no user {0}")]
    UnknownUser(i64),
    #[error("the email address or the password is wrong")]
    WrongCredentials,

    #[error(transparent)]
    Body(#[from] JsonRejection),
    #[error(transparent)]
    Path(#[from] PathRejection),
    #[error(transparent)]
    Query(#[from] QueryRejection),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Token | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::UnknownUser(_) => StatusCode::NOT_FOUND,
            Self::EmailTaken => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Body(rejection) => rejection.status(),
            Self::Path(rejection) => rejection.status(),
            Self::Query(rejection) => rejection.status(),
            Self::Declined(_) | Self::Payments(_) => StatusCode::BAD_GATEWAY,
            Self::Database(_) | Self::Password(_) | Self::Randomness(_) | Self::Task(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

/// Answers with problem details (RFC 9457).
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Problem {
            title: &'static str,
            status: u16,
            detail: String,
        }

        let status = self.status();
        // What the service could not do is an error of its span; what the caller did wrong is not.
        if status.is_server_error() {
            throughline::current().error_with_causes(&self);
        }
        let problem = Problem {
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.to_string(),
        };
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, content_type, axum::Json(problem)).into_response()
    }
}

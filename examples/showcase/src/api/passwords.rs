//! Password hashes. Argon2 takes tens of milliseconds of CPU, so it runs off the async threads.

use argon2::Argon2;
use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _};
use throughline::{span, spawn_blocking};

use crate::error::{Error, Result};

pub(super) async fn hash(password: String) -> Result<String> {
    let hash = spawn_blocking(move || {
        span("argon2").call_value(|| Argon2::default().hash_password(password.as_bytes()))
    })
    .await??;
    Ok(hash.to_string())
}

pub(super) async fn verify(password: String, hash: String) -> Result<()> {
    spawn_blocking(move || {
        // That the password is another one is not a failure of Argon2.
        span("argon2").call_value(|| Argon2::default().verify_password(password.as_bytes(), &*hash))
    })
    .await?
    .map_err(|error| match error {
        HashError::PasswordInvalid => Error::WrongCredentials,
        other => other.into(),
    })
}

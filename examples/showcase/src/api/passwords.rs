//! Password hashes. Argon2 takes tens of milliseconds of CPU, so it runs off the async threads.

use argon2::Argon2;
use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _};
use tokio::task;

use crate::error::{Error, Result};

pub(super) async fn hash(password: String) -> Result<String> {
    let hash = task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()))
        .await??;
    Ok(hash.to_string())
}

pub(super) async fn verify(password: String, hash: String) -> Result<()> {
    task::spawn_blocking(move || Argon2::default().verify_password(password.as_bytes(), &*hash))
        .await?
        .map_err(|error| match error {
            HashError::PasswordInvalid => Error::WrongCredentials,
            other => other.into(),
        })
}

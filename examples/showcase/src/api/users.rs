//! `POST /api/users`, and users by id through the cache.

use axum::extract::State;
use axum::http::StatusCode;
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use throughline::span;

use super::{App, passwords};
use crate::database::{Database, on};
use crate::error::{Error, Result};
use crate::extract::Json;

/// The most recently used users by id.
pub(crate) type UserCache = Cache<i64, User>;

#[derive(Clone, FromRow, Serialize)]
pub(crate) struct User {
    id: i64,
    name: String,
    email: String,
}

// No `Debug`: it holds a password.
#[derive(Deserialize)]
pub(super) struct NewUser {
    name: String,
    email: String,
    password: String,
}

impl NewUser {
    fn validate(&self) -> Result<()> {
        let (account, domain) = self.email.split_once('@').unwrap_or_default();
        if self.name.trim().is_empty() || self.name.len() > 100 {
            return Err(Error::Invalid("the name must have 1 to 100 bytes"));
        }
        if account.is_empty() || domain.is_empty() || self.email.len() > 254 {
            return Err(Error::Invalid("the email address is not valid"));
        }
        if self.password.len() < 12 || self.password.len() > 1_000 {
            return Err(Error::Invalid("the password must have 12 to 1000 bytes"));
        }
        Ok(())
    }
}

pub(super) async fn create(
    State(app): State<App>,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, axum::Json<User>)> {
    new.validate()?;
    let hash = span("hash_password")
        .run(passwords::hash(new.password))
        .await?;
    let user = insert(&app.database, &new.name, &new.email, &hash).await?;
    throughline::current().set("user.id", user.id);
    Ok((StatusCode::CREATED, axum::Json(user)))
}

/// Finds a user in the cache, or else in the database.
pub(super) async fn find(app: &App, id: i64) -> Result<User> {
    let cached = app.users.get(&id).await;
    throughline::current()
        .set("user.id", id)
        .set("cache.hit", cached.is_some());
    if let Some(user) = cached {
        return Ok(user);
    }
    let user = select(&app.database, id)
        .await?
        .ok_or(Error::UnknownUser(id))?;
    app.users.insert(id, user.clone()).await;
    Ok(user)
}

async fn insert(database: &Database, name: &str, email: &str, hash: &str) -> Result<User> {
    insert_row(database, name, email, hash)
        .await
        .map(|id| User {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
        })
        .map_err(|error| match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() => Error::EmailTaken,
            _ => error.into(),
        })
}

/// Returns the new id, for which MySQL has a way of its own.
async fn insert_row(database: &Database, name: &str, email: &str, hash: &str) -> sqlx::Result<i64> {
    if let Database::MySql(pool) = database {
        let sql = "INSERT INTO users (name, email, password_hash) VALUES (?, ?, ?)";
        let query = sqlx::query(sql).bind(name).bind(email).bind(hash);
        let id = query.execute(pool).await?.last_insert_id();
        return Ok(i64::try_from(id).unwrap_or(i64::MAX));
    }
    let text = "INSERT INTO users (name, email, password_hash) VALUES (?, ?, ?) RETURNING id";
    on!(database, text, |sql, pool| {
        let query = sqlx::query_scalar(sql).bind(name).bind(email).bind(hash);
        query.fetch_one(pool).await
    })
}

async fn select(database: &Database, id: i64) -> sqlx::Result<Option<User>> {
    let text = "SELECT id, name, email FROM users WHERE id = ?";
    on!(database, text, |sql, pool| {
        sqlx::query_as(sql).bind(id).fetch_optional(pool).await
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_needs_a_name_an_address_and_a_long_password() {
        let long = "p".repeat(12);
        for (name, email, password, valid) in [
            ("Ada", "ada@example.com", long.as_str(), true),
            (" ", "ada@example.com", &long, false),
            ("Ada", "example.com", &long, false),
            ("Ada", "@example.com", &long, false),
            ("Ada", "ada@", &long, false),
            ("Ada", "ada@example.com", &long[1..], false),
        ] {
            let new = NewUser {
                name: name.to_owned(),
                email: email.to_owned(),
                password: password.to_owned(),
            };
            assert_eq!(
                new.validate().is_ok(),
                valid,
                "{name:?} {email:?} {password:?}"
            );
        }
    }
}

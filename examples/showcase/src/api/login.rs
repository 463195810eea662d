//! `POST /api/login`: four steps, one after the other, each a span.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use throughline::span;
use throughline::sqlx::SqlitePool;

use super::{App, Tokens, passwords, tokens::Claims};
use crate::error::{Error, Result};
use crate::extract::Json;

// No `Debug`: it holds a password.
#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
}

#[derive(FromRow, Serialize)]
pub(super) struct Session {
    #[serde(rename = "session")]
    id: String,
    expires_at: String,
}

pub(super) async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<axum::Json<Session>> {
    let client = span("validate_token").call(|| validate_token(&app.tokens, &headers))?;
    throughline::current().set("client.id", client.sub);

    let user = span("query_user")
        .run(query_user(&app.database, &credentials.email))
        .await?;
    throughline::current().set("user.id", user.id);

    span("compare_hash")
        .run(compare_hash(credentials.password, user.password_hash))
        .await?;
    let session = span("create_session")
        .run(create_session(&app.database, user.id))
        .await?;
    Ok(axum::Json(session))
}

#[derive(FromRow)]
struct Account {
    id: i64,
    password_hash: Option<String>,
}

fn validate_token(tokens: &Tokens, headers: &HeaderMap) -> Result<Claims> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or(Error::Token)?;
    tokens.validate(token)
}

async fn query_user(database: &SqlitePool, email: &str) -> Result<Account> {
    sqlx::query_as("SELECT id, password_hash FROM users WHERE email = ?")
        .bind(email)
        .fetch_optional(database)
        .await?
        .ok_or(Error::WrongCredentials)
}

async fn compare_hash(password: String, hash: Option<String>) -> Result<()> {
    let hash = hash.ok_or(Error::WrongCredentials)?;
    passwords::verify(password, hash).await
}

async fn create_session(database: &SqlitePool, user: i64) -> Result<Session> {
    let session = sqlx::query_as(
        "INSERT INTO sessions (id, user_id, expires_at)
         VALUES (lower(hex(randomblob(16))), ?, datetime('now', '+1 day'))
         RETURNING id, expires_at",
    )
    .bind(user)
    .fetch_one(database)
    .await?;
    Ok(session)
}

//! `POST /api/login`: four steps, one after the other, each a span.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use jsonwebtoken::get_current_timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use throughline::span;

use super::{App, Tokens, passwords, tokens::Claims};
use crate::database::{Database, on};
use crate::error::{Error, Result};
use crate::extract::Json;

// No `Debug`: it holds a password.
#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize)]
pub(super) struct Session {
    #[serde(rename = "session")]
    id: String,
    /// Seconds since 1970.
    expires_at: i64,
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

async fn query_user(database: &Database, email: &str) -> Result<Account> {
    let text = "SELECT id, password_hash FROM users WHERE email = ?";
    let found = on!(database, text, |sql, pool| {
        sqlx::query_as(sql).bind(email).fetch_optional(pool).await
    });
    found?.ok_or(Error::WrongCredentials)
}

async fn compare_hash(password: String, hash: Option<String>) -> Result<()> {
    let hash = hash.ok_or(Error::WrongCredentials)?;
    passwords::verify(password, hash).await
}

async fn create_session(database: &Database, user: i64) -> Result<Session> {
    let session = Session {
        id: random_id()?,
        expires_at: in_a_day(),
    };
    let text = "INSERT INTO sessions (id, user_id, expires_at) VALUES (?, ?, ?)";
    on!(database, text, |sql, pool| {
        let query = sqlx::query(sql).bind(&session.id).bind(user);
        query.bind(session.expires_at).execute(pool).await?;
    });
    Ok(session)
}

fn random_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn in_a_day() -> i64 {
    let tomorrow = get_current_timestamp() + 86_400;
    i64::try_from(tomorrow).unwrap_or(i64::MAX)
}

//! `GET /health`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::App;
use crate::error::Result;

pub(super) async fn health(State(app): State<App>) -> Result<Json<Value>> {
    sqlx::query("SELECT 1").execute(&app.database).await?;
    Ok(Json(json!({ "status": "ok" })))
}

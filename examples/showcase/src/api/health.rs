//! `GET /health`: how the service is doing, and whether its tracing works.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use throughline::sdk::Health as Telemetry;

use super::App;
use crate::error::Result;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
    /// `tracing` and `metrics`.
    #[serde(flatten)]
    telemetry: Telemetry,
}

pub(super) async fn health(State(app): State<App>) -> Result<Json<Health>> {
    sqlx::query("SELECT 1").execute(&app.database).await?;
    Ok(Json(Health {
        status: "ok",
        telemetry: Telemetry::of_process(),
    }))
}

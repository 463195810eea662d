//! `GET /health`: how the service is doing, and whether its tracing works.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use throughline::sdk::Health as Telemetry;

use super::App;
use crate::database::on;
use crate::error::Result;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
    /// `tracing` and `metrics`.
    #[serde(flatten)]
    telemetry: Telemetry,
}

pub(super) async fn health(State(app): State<App>) -> Result<Json<Health>> {
    on!(&app.database, "SELECT 1", |sql, pool| {
        sqlx::query(sql).execute(pool).await?;
    });
    Ok(Json(Health {
        status: "ok",
        telemetry: Telemetry::of_process(),
    }))
}

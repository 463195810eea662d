//! `POST /api/payments`: checks the payment and has the `payments` service charge it.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::payments_client::Receipt;
use super::{App, users};
use crate::error::{Error, Result};
use crate::extract::Json;

#[derive(Deserialize)]
pub(super) struct Payment {
    user_id: i64,
    amount_cents: u64,
}

pub(super) async fn pay(
    State(app): State<App>,
    Json(payment): Json<Payment>,
) -> Result<(StatusCode, axum::Json<Receipt>)> {
    if payment.amount_cents == 0 {
        return Err(Error::Invalid("the amount must be over 0"));
    }
    users::find(&app, payment.user_id).await?;
    let receipt = app.payments.charge(payment.amount_cents).await?;
    Ok((StatusCode::CREATED, axum::Json(receipt)))
}

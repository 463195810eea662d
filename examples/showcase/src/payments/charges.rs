//! `POST /charges`: has the card network approve a charge, then books it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use throughline::span;

use super::card_network;
use super::ledger::Ledger;
use crate::error::Result;
use crate::extract::Json;

#[derive(Deserialize)]
pub(super) struct NewCharge {
    amount_cents: u64,
}

#[derive(Serialize)]
pub(super) struct Receipt {
    charge: u64,
    amount_cents: u64,
}

pub(super) async fn create(
    State(ledger): State<Arc<Ledger>>,
    Json(new): Json<NewCharge>,
) -> Result<(StatusCode, axum::Json<Receipt>)> {
    span("authorize")
        .attribute("payment.amount_cents", new.amount_cents)
        .run(card_network::authorize(new.amount_cents))
        .await?;
    let charge = span("book").call_value(|| ledger.book(new.amount_cents));
    let receipt = Receipt {
        charge,
        amount_cents: new.amount_cents,
    };
    Ok((StatusCode::CREATED, axum::Json(receipt)))
}

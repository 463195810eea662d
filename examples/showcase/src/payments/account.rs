//! `GET /balance` and `GET /disputes`: what the ledger and the card network know of the account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use throughline::span;

use super::card_network::{self, Dispute};
use super::ledger::Ledger;

#[derive(Serialize)]
pub(super) struct Balance {
    amount_cents: u64,
}

pub(super) async fn balance(State(ledger): State<Arc<Ledger>>) -> Json<Balance> {
    span("settle").run_value(card_network::settle()).await;
    Json(Balance {
        amount_cents: ledger.balance(),
    })
}

pub(super) async fn disputes() -> Json<Vec<Dispute>> {
    let disputes = span("list_disputes").run_value(card_network::disputes());
    Json(disputes.await)
}

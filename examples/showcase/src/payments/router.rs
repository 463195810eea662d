//! Where the handlers are mounted.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::ledger::Ledger;
use super::{account, charges};

pub(crate) fn router() -> Router {
    Router::new()
        .route("/charges", post(charges::create))
        .route("/balance", get(account::balance))
        .route("/disputes", get(account::disputes))
        .with_state(Arc::new(Ledger::default()))
}

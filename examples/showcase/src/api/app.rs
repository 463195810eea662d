//! What the handlers share, and where they are mounted.

use axum::Router;
use axum::routing::{get, post};

use super::{
    PaymentsClient, Tokens, UserCache, dashboard, export, health, login, payments, posts, users,
};
use crate::database::Database;

/// The state of the service; clones share everything.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) users: UserCache,
    pub(crate) payments: PaymentsClient,
    pub(crate) tokens: Tokens,
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/api/users", post(users::create))
        .route("/api/users/{id}/posts", get(posts::list))
        .route("/api/login", post(login::login))
        .route("/api/dashboard", get(dashboard::show))
        .route("/api/payments", post(payments::pay))
        .route("/api/export", get(export::export))
        .route("/health", get(health::health))
        .with_state(app)
}

//! The `api` service: users, logins, posts, payments.

mod app;
mod dashboard;
mod export;
mod health;
mod login;
mod passwords;
mod payments;
mod payments_client;
mod posts;
mod tokens;
mod users;

pub(crate) use app::{App, router};
pub(crate) use payments_client::PaymentsClient;
pub(crate) use tokens::Tokens;
pub(crate) use users::UserCache;

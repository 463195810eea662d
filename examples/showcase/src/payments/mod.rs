//! The `payments` service: charges cards and keeps the balance.

mod account;
mod card_network;
mod charges;
mod ledger;
mod router;

pub(crate) use card_network::Declined;
pub(crate) use router::router;

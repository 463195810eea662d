//! Stands in for a card network, which is far away and takes its time.

use std::time::Duration;

use serde::Serialize;
use tokio::time;

const ROUND_TRIP: Duration = Duration::from_millis(25);
const LIMIT_CENTS: u64 = 100_000;

#[derive(Serialize)]
pub(super) struct Dispute {
    charge: u64,
    reason: &'static str,
}

/// The card network does not approve a charge.
#[derive(Debug, thiserror::Error)]
#[error("the card network refuses charges over the limit")]
pub(crate) struct Declined;

/// Declines more than 1,000.00.
pub(super) async fn authorize(amount_cents: u64) -> Result<(), Declined> {
    time::sleep(ROUND_TRIP).await;
    if amount_cents > LIMIT_CENTS {
        return Err(Declined);
    }
    Ok(())
}

pub(super) async fn settle() {
    time::sleep(ROUND_TRIP).await;
}

pub(super) async fn disputes() -> Vec<Dispute> {
    time::sleep(ROUND_TRIP).await;
    vec![Dispute {
        charge: 1,
        reason: "not received",
    }]
}

//! A payment service that uses throughline with every feature off.
//!
//! Without features there is the vocabulary of `throughline-core` and nothing that records:
//! spans by hand, the current span, spawned work, propagation and redaction. This crate uses each
//! of them, so that it stops to build when one needs a feature, and its tests say that the
//! service does the same work whether or not somebody listens.

use std::fmt;

use throughline::JoinSetExt as _;
use tokio::task::{JoinError, JoinSet};

/// What a customer gets for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the payment.
    pub payment: u32,
    /// What was paid, in cents.
    pub cents: u32,
}

/// A payment of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the amount is zero")
    }
}

impl std::error::Error for Declined {}

/// Charges the amount inside a span.
///
/// # Errors
///
/// Fails with [`Declined`] when the amount is zero, which the span records.
pub async fn pay(payment: u32, cents: u32) -> Result<Receipt, Declined> {
    throughline::span("process_payment")
        .attribute("payment.id", payment)
        .run(async { check(cents) })
        .await?;
    throughline::current().set("payment.cents", cents);
    Ok(Receipt { payment, cents })
}

/// Checks the amount inside a span, without any future.
///
/// # Errors
///
/// Fails with [`Declined`] when the amount is zero.
pub fn check(cents: u32) -> Result<(), Declined> {
    throughline::span("check_amount").call(|| if cents == 0 { Err(Declined) } else { Ok(()) })
}

/// Adds up amounts in tasks that keep the trace.
///
/// # Errors
///
/// Fails when a task is cancelled or panics.
pub async fn total(amounts: Vec<u32>) -> Result<u32, JoinError> {
    let mut tasks = JoinSet::new();
    for cents in amounts {
        tasks.spawn_traced(async move { cents });
    }
    let amounts = throughline::spawn(tasks.join_all()).await?;
    throughline::spawn_blocking(move || amounts.into_iter().sum()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_payment_succeeds_and_fails_as_it_does_without_spans() {
        let receipt = Receipt {
            payment: 7,
            cents: 120,
        };
        assert_eq!(pay(7, 120).await, Ok(receipt));
        assert_eq!(pay(7, 0).await, Err(Declined));
    }

    #[tokio::test]
    async fn spawned_work_comes_to_its_end() {
        assert_eq!(total(vec![1, 20, 300]).await.unwrap(), 321);
    }

    #[tokio::test]
    async fn nothing_is_recorded_and_no_trace_is_made_up() {
        let inside = throughline::span("process_payment").run_value(async {
            let current = throughline::current();
            (current.is_recording(), current.trace_id())
        });
        assert_eq!(inside.await, (false, None));
    }
}

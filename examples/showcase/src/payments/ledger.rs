//! The book of charges.

use std::sync::{Mutex, PoisonError};

/// What was charged, in order; a charge's number is its place, from 1.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Totals>);

#[derive(Clone, Copy, Default)]
struct Totals {
    charges: u64,
    amount_cents: u64,
}

impl Ledger {
    /// Adds a charge and returns its number.
    pub(super) fn book(&self, amount_cents: u64) -> u64 {
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        totals.charges += 1;
        totals.amount_cents += amount_cents;
        totals.charges
    }

    pub(super) fn balance(&self) -> u64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .amount_cents
    }
}

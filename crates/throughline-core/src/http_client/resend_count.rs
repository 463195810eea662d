//! How often a request was sent before.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// The count that all attempts at one request share: `http.request.resend_count`.
///
/// It belongs into the extensions of a request before anything clones the request. Clones
/// share it, so that the attempts number themselves, whoever makes them. A request that is a
/// template for others, not for retries, must not have one: they would count as one request.
///
/// Source: HTTP spans, `http.request.resend_count`.
#[derive(Clone, Debug, Default)]
pub struct ResendCount(Arc<AtomicU32>);

impl ResendCount {
    /// Makes a count for a request that was not sent yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts an attempt, and returns how many there were before it.
    pub fn next(&self) -> u32 {
        let earlier = self.0.fetch_add(1, Ordering::Relaxed);
        if earlier == u32::MAX {
            // Stays at its end instead of starting anew.
            self.0.store(u32::MAX, Ordering::Relaxed);
        }
        earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_their_count() {
        let first = ResendCount::new();
        let second = first.clone();
        assert_eq!([first.next(), second.next(), first.next()], [0, 1, 2]);
        assert_eq!(ResendCount::new().next(), 0);
    }
}

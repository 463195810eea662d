//! One clock for spans and metrics.

use std::time::{Duration, Instant, SystemTime};

/// The start of an operation, on the wall clock and on the monotonic one.
///
/// A span's end is its start plus the monotonic time in between. So a clock that is set back
/// meanwhile does not make it negative, and the span's duration equals the one in the
/// histogram, as the conventions ask for.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    wall: SystemTime,
    monotonic: Instant,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self {
            wall: opentelemetry::time::now(),
            monotonic: Instant::now(),
        }
    }

    /// Returns the wall clock's time at the start.
    pub fn started_at(&self) -> SystemTime {
        self.wall
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.monotonic.elapsed()
    }

    /// Returns the wall clock's time `elapsed` after the start.
    pub fn at(&self, elapsed: Duration) -> SystemTime {
        self.wall.checked_add(elapsed).unwrap_or(self.wall)
    }
}

//! Makes a number of calls in one scenario: `client SCENARIO REQUESTS`.
//!
//! `cargo xtask bench client` counts the instructions that each call takes.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

mod scenario;

use std::env;

use scenario::{NAMES, Scenario};

/// Fewer than the queue of a batch processor holds.
const AT_ONCE: u64 = 1_000;

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [name, requests] = &arguments[..] else {
        panic!("usage: client SCENARIO REQUESTS; scenarios: {NAMES:?}");
    };
    let scenario = Scenario::new(name).unwrap_or_else(|| panic!("no scenario but {NAMES:?}"));
    let mut left: u64 = requests.parse().expect("a number of requests");
    while left > 0 {
        let now = left.min(AT_ONCE);
        scenario.call(now);
        scenario.flush();
        left -= now;
    }
}

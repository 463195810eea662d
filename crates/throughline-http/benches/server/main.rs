//! Serves a number of requests in one scenario: `server SCENARIO REQUESTS`.
//!
//! `cargo xtask bench server` counts the instructions that each request takes.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

mod scenario;

use std::env;

use scenario::{NAMES, Scenario};

/// Fewer than the queue of a batch processor holds.
const BEFORE_FLUSH: u64 = 500;

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [name, requests] = &arguments[..] else {
        panic!("usage: server SCENARIO REQUESTS; scenarios: {NAMES:?}");
    };
    let mut scenario = Scenario::new(name).unwrap_or_else(|| panic!("no scenario but {NAMES:?}"));
    let requests: u64 = requests.parse().expect("a number of requests");
    for served in 1..=requests {
        let request = scenario.requests(1);
        scenario.serve(request);
        if served % BEFORE_FLUSH == 0 {
            scenario.flush();
        }
    }
}

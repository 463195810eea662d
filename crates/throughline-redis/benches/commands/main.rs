//! Sends a number of commands in one scenario: `commands SCENARIO COMMANDS`.
//!
//! `cargo xtask bench commands` counts the instructions that each takes.

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
    let [name, commands] = &arguments[..] else {
        panic!("usage: commands SCENARIO COMMANDS; scenarios: {NAMES:?}");
    };
    let mut scenario = Scenario::new(name).unwrap_or_else(|| panic!("no scenario but {NAMES:?}"));
    let mut left: u64 = commands.parse().expect("a number of commands");
    while left > 0 {
        let now = left.min(AT_ONCE);
        scenario.send(now);
        scenario.flush();
        left -= now;
    }
}

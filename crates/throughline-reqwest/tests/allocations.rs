//! What tracing adds to the allocations of a call, on the thread that makes it.

#![expect(clippy::unwrap_used, reason = "the set-up of a test")]

#[path = "../benches/client/scenario.rs"]
mod scenario;

use scenario::{NAMES, Scenario};

/// How many calls are counted, after as many that are not.
const CALLS: u64 = 100;

/// Returns the allocations of one call, once everything is warm.
///
/// The smallest of many: whether the answer is there when it is asked for decides about an
/// allocation or two inside hyper.
fn count(name: &str) -> u64 {
    let scenario = Scenario::new(name).unwrap();
    scenario.call(CALLS);
    let counts = (0..CALLS).map(|_| allocation_counter::measure(|| scenario.call(1)).count_total);
    counts.min().unwrap()
}

#[track_caller]
fn assert_adds_at_most(budget: u64, name: &str) {
    let (with, without) = (count(name), count("bare"));
    assert!(
        with <= without + budget,
        "{name} makes {with} allocations, bare {without}: more than {budget} added"
    );
}

#[test]
fn a_sampled_call_costs_six_allocations() {
    assert_adds_at_most(6, "sampled");
}

#[test]
fn a_call_that_is_not_sampled_costs_three_allocations() {
    assert_adds_at_most(3, "unsampled");
}

#[test]
fn every_scenario_makes_its_calls() {
    for name in NAMES {
        let scenario = Scenario::new(name).unwrap();
        scenario.call(2);
        scenario.flush();
    }
}

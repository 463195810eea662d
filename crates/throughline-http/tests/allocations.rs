//! What the server layer adds to the allocations of a request, on the thread that serves it.

#![expect(clippy::unwrap_used, reason = "the set-up of a test")]

#[path = "../benches/server/scenario.rs"]
mod scenario;

use scenario::{NAMES, Scenario};

/// How many requests are counted, after as many that are not.
const REQUESTS: u64 = 200;

/// Returns the allocations of one request, once everything is warm.
///
/// The smallest of many, since now and then a table grows or a provider is looked for.
fn count(name: &str) -> u64 {
    let mut scenario = Scenario::new(name).unwrap();
    let warm_up = scenario.requests(REQUESTS);
    scenario.serve(warm_up);
    let counts = (0..REQUESTS).map(|_| {
        let requests = scenario.requests(1);
        allocation_counter::measure(|| scenario.serve(requests)).count_total
    });
    counts.min().unwrap()
}

#[track_caller]
fn assert_adds_at_most(budget: u64, name: &str, baseline: &str) {
    let (with, without) = (count(name), count(baseline));
    assert!(
        with <= without + budget,
        "{name} makes {with} allocations, {baseline} {without}: more than {budget} added"
    );
}

#[test]
fn axum_takes_two_allocations_for_a_layer_that_does_nothing() {
    assert_adds_at_most(2, "identity", "bare");
}

#[test]
fn a_sampled_request_costs_eight_allocations() {
    assert_adds_at_most(8, "sampled", "bare");
}

#[test]
fn a_request_that_is_not_sampled_costs_four_allocations() {
    assert_adds_at_most(4, "unsampled", "bare");
}

#[test]
fn a_request_that_the_sampler_drops_costs_as_little() {
    assert_adds_at_most(5, "dropped_by_sampler", "bare");
}

#[test]
fn a_sampled_stream_costs_eight_allocations() {
    assert_adds_at_most(8, "streamed", "streamed_bare");
}

#[test]
fn without_a_provider_the_layer_allocates_nothing() {
    assert_adds_at_most(0, "no_provider_root", "identity");
}

#[test]
fn without_a_provider_a_remote_parent_costs_one_allocation() {
    assert_adds_at_most(1, "no_provider", "identity");
}

#[test]
fn every_scenario_serves_its_requests() {
    for name in NAMES {
        let mut scenario = Scenario::new(name).unwrap();
        let requests = scenario.requests(2);
        scenario.serve(requests);
        scenario.flush();
    }
}

//! The benches of the repository, their scenarios and what each may cost.

/// A bench program and what is measured with it.
#[derive(Debug)]
pub(super) struct Suite {
    /// The crate that the bench belongs to.
    pub(super) package: &'static str,
    /// Its bench target.
    pub(super) bench: &'static str,
    /// How many requests the shorter of the two runs serves.
    pub(super) requests: u64,
    /// The scenario whose cost is taken from that of every other.
    pub(super) baseline: &'static str,
    pub(super) scenarios: &'static [Scenario],
}

/// One way of serving requests.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// How many instructions a request may cost over the baseline, on the thread that serves it.
    pub(super) budget: u64,
}

pub(super) const SUITES: &[Suite] = &[];

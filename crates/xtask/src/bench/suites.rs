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

pub(super) const SUITES: &[Suite] = &[
    Suite {
        package: "throughline-http",
        bench: "server",
        requests: 2_000,
        baseline: "bare",
        scenarios: &[
            Scenario {
                name: "identity",
                budget: 1_000,
            },
            Scenario {
                name: "sampled",
                budget: 10_800,
            },
            Scenario {
                name: "unsampled",
                budget: 5_900,
            },
            Scenario {
                name: "no_provider",
                budget: 3_500,
            },
            Scenario {
                name: "dropped_by_sampler",
                budget: 6_100,
            },
        ],
    },
    Suite {
        package: "throughline-http",
        bench: "server",
        requests: 2_000,
        baseline: "streamed_bare",
        scenarios: &[Scenario {
            name: "streamed",
            budget: 11_500,
        }],
    },
    Suite {
        package: "throughline-reqwest",
        bench: "client",
        requests: 2_000,
        baseline: "bare",
        scenarios: &[
            Scenario {
                name: "sampled",
                budget: 9_000,
            },
            Scenario {
                name: "unsampled",
                budget: 4_200,
            },
        ],
    },
    Suite {
        package: "throughline-redis",
        bench: "commands",
        requests: 2_000,
        baseline: "bare",
        scenarios: &[
            Scenario {
                name: "sampled",
                budget: 6_400,
            },
            Scenario {
                name: "unsampled",
                budget: 3_700,
            },
        ],
    },
];

//! Builds the benches, measures their scenarios and prints the costs beside the budgets.

use std::{io::BufReader, path::PathBuf, process::Stdio};

use anyhow::{Context as _, bail};
use cargo_metadata::Message;
use clap::Args;

use super::{
    callgrind::{self, Instructions},
    suites::{SUITES, Scenario, Suite},
};
use crate::repo;

/// What `cargo xtask bench` is asked to do.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Measures only the scenarios whose `bench/scenario` contains this text
    filter: Option<String>,
    /// Serves this many requests in the shorter of the two runs
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
}

/// Instructions per request.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    main: f64,
    others: f64,
}

/// One row of the table.
#[derive(Debug)]
struct Row {
    name: String,
    cost: Cost,
    added: Cost,
    budget: u64,
}

/// Measures every scenario that the filter lets through.
///
/// Fails when one costs more than its budget, and when there is none to measure.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for suite in SUITES {
        let scenarios = selection(suite, options.filter.as_deref());
        if !scenarios.is_empty() {
            rows.extend(measure_suite(suite, &scenarios, options.requests)?);
        }
    }
    if rows.is_empty() {
        bail!("no scenario to measure");
    }
    println!("{}", table(&rows));
    let over = rows.iter().filter(|row| row.is_over()).count();
    if over > 0 {
        bail!(
            "{over} of {} scenarios cost more than their budget",
            rows.len()
        );
    }
    Ok(())
}

fn selection<'a>(suite: &'a Suite, filter: Option<&str>) -> Vec<&'a Scenario> {
    let is_selected = |scenario: &&Scenario| {
        filter.is_none_or(|text| format!("{}/{}", suite.bench, scenario.name).contains(text))
    };
    suite.scenarios.iter().filter(is_selected).collect()
}

fn measure_suite(
    suite: &Suite,
    scenarios: &[&Scenario],
    requests: Option<u64>,
) -> anyhow::Result<Vec<Row>> {
    let program = build(suite)?;
    let requests = requests.unwrap_or(suite.requests);
    let measure = |scenario: &str| {
        let count = |requests| {
            callgrind::count(&program, scenario, requests)
                .with_context(|| format!("failed to measure {}/{scenario}", suite.bench))
        };
        Ok::<_, anyhow::Error>(per_request(
            count(requests)?,
            count(2 * requests)?,
            requests,
        ))
    };

    let baseline = measure(suite.baseline)?;
    scenarios
        .iter()
        .map(|scenario| {
            let cost = measure(scenario.name)?;
            Ok(Row {
                name: format!("{}/{}", suite.bench, scenario.name),
                cost,
                added: cost.over(baseline),
                budget: scenario.budget,
            })
        })
        .collect()
}

/// Builds the bench with the bench profile and returns its program.
fn build(suite: &Suite) -> anyhow::Result<PathBuf> {
    let mut command = repo::cargo(["bench", "--no-run", "--locked", "--all-features"]);
    command.args(["--package", suite.package, "--bench", suite.bench]);
    command.arg("--message-format=json-render-diagnostics");
    println!("==== {}", repo::display(&command));

    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().expect("its output is piped");
    let mut program = None;
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(artifact) = message?
            && artifact.target.is_bench()
        {
            program = artifact.executable.map(PathBuf::from);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("failed to build the bench {}: {status}", suite.bench);
    }
    program.with_context(|| format!("cargo built no program for the bench {}", suite.bench))
}

/// Returns the cost of each of the requests that the longer run served more.
#[expect(
    clippy::cast_precision_loss,
    reason = "a count of instructions stays far below 2^53"
)]
fn per_request(short: Instructions, long: Instructions, requests: u64) -> Cost {
    let each = |short: u64, long: u64| (long as f64 - short as f64) / requests as f64;
    Cost {
        main: each(short.main, long.main),
        others: each(short.others, long.others),
    }
}

impl Cost {
    fn over(self, baseline: Self) -> Self {
        Self {
            main: self.main - baseline.main,
            others: self.others - baseline.others,
        }
    }
}

impl Row {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of instructions stays far below 2^53"
    )]
    fn is_over(&self) -> bool {
        self.added.main > self.budget as f64
    }
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let title = "\nInstructions per request; \"added\" is over the baseline.\n".to_owned();
    let header = format!(
        "{:<width$}  {:>10}  {:>10}  {:>10}  {:>14}",
        "scenario", "all", "added", "budget", "other threads"
    );
    let lines = rows.iter().map(|row| {
        let verdict = if row.is_over() { "  OVER" } else { "" };
        format!(
            "{:<width$}  {:>10.0}  {:>10.0}  {:>10}  {:>14.0}{verdict}",
            row.name, row.cost.main, row.added.main, row.budget, row.added.others
        )
    });
    [title, header]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: Suite = Suite {
        package: "throughline-http",
        bench: "server",
        requests: 1000,
        baseline: "identity",
        scenarios: &[
            Scenario {
                name: "sampled",
                budget: 8000,
            },
            Scenario {
                name: "unsampled",
                budget: 3500,
            },
        ],
    };

    fn row(added: f64) -> Row {
        let cost = |main| Cost { main, others: 0.0 };
        Row {
            name: "server/sampled".to_owned(),
            cost: cost(10_000.0),
            added: cost(added),
            budget: 8000,
        }
    }

    #[test]
    fn the_start_of_the_program_is_not_part_of_a_request() {
        let start = 1_000_000;
        let run = |requests: u64| Instructions {
            main: start + requests * 250,
            others: start + requests * 30,
        };
        let expected = Cost {
            main: 250.0,
            others: 30.0,
        };
        assert_eq!(per_request(run(100), run(200), 100), expected);
    }

    #[test]
    fn a_scenario_is_over_its_budget_only_when_it_costs_more() {
        for (added, over) in [
            (7999.0, false),
            (8000.0, false),
            (8000.5, true),
            (-3.0, false),
        ] {
            assert_eq!(row(added).is_over(), over, "{added}");
        }
    }

    #[test]
    fn the_table_marks_what_is_over_its_budget() {
        let text = table(&[row(7999.0), row(8001.0)]);
        let lines: Vec<_> = text.lines().skip(4).collect();
        assert_eq!(
            lines,
            [
                "server/sampled       10000        7999        8000               0",
                "server/sampled       10000        8001        8000               0  OVER",
            ]
        );
    }

    #[test]
    fn scenarios_are_selected_by_a_part_of_their_name() {
        let names = |filter| {
            let selected = selection(&SUITE, filter);
            selected
                .iter()
                .map(|scenario| scenario.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(None), ["sampled", "unsampled"]);
        assert_eq!(names(Some("server/")), ["sampled", "unsampled"]);
        assert_eq!(names(Some("/sampled")), ["sampled"]);
        assert_eq!(names(Some("client")), Vec::<&str>::new());
    }

    #[test]
    fn every_budget_of_the_repository_names_its_suite_and_scenario_once() {
        let mut names: Vec<_> = SUITES
            .iter()
            .flat_map(|suite| {
                suite
                    .scenarios
                    .iter()
                    .map(|scenario| (suite.bench, scenario.name))
            })
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

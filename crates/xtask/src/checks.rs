//! `cargo xtask test`: the checks a change must pass, in the order of their cost.
//!
//! Every check that builds selects the same packages with the same features, so that the
//! dependencies are checked once and compiled once for all of them.

use std::{
    fmt::Write as _,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::{features, repo, servers};

/// What `cargo xtask test` is asked to do.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Runs only these checks, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Check>,
    /// Runs the remaining checks after one has failed
    #[arg(long)]
    keep_going: bool,
}

/// One check; the order of the variants is the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Check {
    /// The sources are formatted
    Fmt,
    /// Clippy has nothing to say, with every feature on
    Clippy,
    /// The unit tests and the tests in tests/it pass
    Tests,
    /// The examples in the documentation compile and pass
    Doctests,
    /// The documentation builds without a warning
    Docs,
    /// Each published crate builds without a warning with each of its features alone
    Features,
}

/// How a check ended.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Passed(Duration),
    Failed(Duration, String),
    NotRun,
}

/// Runs the checks asked for, each timed, and ends with a summary.
///
/// Ctrl-C ends the command that runs, and with it the run; servers that were started are stopped.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    static INTERRUPTED: AtomicBool = AtomicBool::new(false);
    // Not to end at once leaves the time to stop the servers.
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .context("failed to listen for Ctrl-C")?;

    let mut verdicts = Vec::new();
    let mut failed = false;
    for check in selection(&options.only) {
        let interrupted = INTERRUPTED.load(Ordering::Relaxed);
        let verdict = if interrupted || failed && !options.keep_going {
            Verdict::NotRun
        } else {
            timed(check)
        };
        failed |= matches!(verdict, Verdict::Failed(..));
        verdicts.push((check, verdict));
    }
    print!("{}", summary(&verdicts));
    if verdicts
        .iter()
        .any(|(_, verdict)| !matches!(verdict, Verdict::Passed(_)))
    {
        bail!("not every check passed");
    }
    Ok(())
}

/// Orders the checks asked for; none asked for means all.
fn selection(only: &[Check]) -> Vec<Check> {
    Check::value_variants()
        .iter()
        .copied()
        .filter(|check| only.is_empty() || only.contains(check))
        .collect()
}

fn timed(check: Check) -> Verdict {
    let start = Instant::now();
    let outcome = check.run();
    let elapsed = start.elapsed();
    match outcome {
        Ok(()) => {
            println!("==== {} passed in {}", check.name(), seconds(elapsed));
            Verdict::Passed(elapsed)
        }
        Err(error) => {
            println!("==== {} FAILED: {error:#}", check.name());
            Verdict::Failed(elapsed, format!("{error:#}"))
        }
    }
}

fn summary(verdicts: &[(Check, Verdict)]) -> String {
    let mut text = String::from("\n");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (check, verdict) in verdicts {
        let line = match verdict {
            Verdict::Passed(elapsed) => {
                passed += 1;
                format!("passed   {}", seconds(*elapsed))
            }
            Verdict::Failed(elapsed, error) => {
                failed += 1;
                format!("FAILED   {}  {error}", seconds(*elapsed))
            }
            Verdict::NotRun => {
                skipped += 1;
                "not run".to_owned()
            }
        };
        writeln!(text, "{:<9} {line}", check.name()).expect("a string takes all that is written");
    }
    write!(text, "checks: {passed} passed, {failed} failed").expect("a string takes it");
    if skipped > 0 {
        write!(text, ", {skipped} skipped").expect("a string takes it");
    }
    text.push('\n');
    text
}

fn seconds(elapsed: Duration) -> String {
    format!("{:>6.1} s", elapsed.as_secs_f64())
}

impl Check {
    fn run(self) -> anyhow::Result<()> {
        match self {
            Check::Fmt => execute(&mut repo::cargo(["fmt", "--all", "--check"]))
                .context("`cargo fmt --all` repairs it"),
            Check::Clippy => execute(&mut clippy()),
            Check::Tests => tests(),
            Check::Doctests => execute(&mut doctests()),
            Check::Docs => execute(&mut docs()),
            Check::Features => features::of_workspace(&repo::metadata()?)
                .iter()
                .try_for_each(|set| execute(&mut feature(set))),
        }
    }

    fn name(self) -> String {
        self.to_possible_value()
            .expect("no variant is hidden from the command line")
            .get_name()
            .to_owned()
    }
}

fn clippy() -> Command {
    let mut command = repo::cargo(["clippy", "--workspace", "--all-targets", "--all-features"]);
    command.args(["--locked", "--", "-D", "warnings"]);
    command
}

fn tests() -> anyhow::Result<()> {
    let provided = servers::provide()?;
    let nextest = repo::program("cargo-nextest", &cargo_bin());
    let mut command = test_command(nextest.is_some());
    command.envs(provided.urls());
    execute(&mut command)
}

fn test_command(with_nextest: bool) -> Command {
    let mut command = if with_nextest {
        repo::cargo(["nextest", "run", "--profile", "ci"])
    } else {
        repo::cargo(["test", "--no-fail-fast"])
    };
    command.args(["--workspace", "--all-features", "--locked"]);
    command.args(["--lib", "--bins", "--tests"]);
    command
}

/// Returns the folder of cargo's own programs, which need not be on `PATH`.
fn cargo_bin() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    home.into_iter().map(|home| home.join("bin")).collect()
}

fn doctests() -> Command {
    repo::cargo(["test", "--workspace", "--doc", "--all-features", "--locked"])
}

fn docs() -> Command {
    let mut command = repo::cargo([
        "doc",
        "--workspace",
        "--no-deps",
        "--all-features",
        "--locked",
    ]);
    command.env("RUSTDOCFLAGS", "-Dwarnings");
    command
}

/// Clippy rather than `cargo check`: it makes a warning fail without a change to the flags of the
/// dependencies, which would build them anew.
fn feature(set: &features::FeatureSet) -> Command {
    let mut command = repo::cargo([
        "clippy",
        "--quiet",
        "--locked",
        "--lib",
        "--no-default-features",
    ]);
    command.args(["--package", &set.package]);
    if let Some(feature) = &set.feature {
        command.args(["--features", feature]);
    }
    command.args(["--", "-D", "warnings"]);
    command
}

fn execute(command: &mut Command) -> anyhow::Result<()> {
    let line = repo::display(command);
    println!("\n==== {line}");
    let status = command
        .status()
        .with_context(|| format!("failed to start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_run_in_their_own_order_whatever_order_they_are_asked_for_in() {
        let asked = [Check::Docs, Check::Fmt];
        assert_eq!(selection(&asked), [Check::Fmt, Check::Docs]);
        assert_eq!(selection(&[]), Check::value_variants());
    }

    #[test]
    fn the_summary_counts_what_passed_what_failed_and_what_did_not_run() {
        let second = Duration::from_secs(1);
        let passed = [(Check::Fmt, Verdict::Passed(second))];
        assert!(summary(&passed).ends_with("\nchecks: 1 passed, 0 failed\n"));

        let failed = [
            (Check::Fmt, Verdict::Passed(second)),
            (Check::Clippy, Verdict::Failed(second, "why".to_owned())),
            (Check::Tests, Verdict::NotRun),
        ];
        let text = summary(&failed);
        assert!(
            text.contains("clippy    FAILED      1.0 s  why\n"),
            "{text}"
        );
        assert!(
            text.ends_with("\nchecks: 1 passed, 1 failed, 1 skipped\n"),
            "{text}"
        );
    }

    #[test]
    fn a_feature_is_checked_alone() {
        let mut set = features::FeatureSet {
            package: "throughline-http".to_owned(),
            feature: Some("axum".to_owned()),
        };
        let line = repo::display(&feature(&set));
        assert!(
            line.ends_with(
                "--no-default-features --package throughline-http --features axum -- -D warnings"
            ),
            "{line}"
        );
        set.feature = None;
        assert!(!repo::display(&feature(&set)).contains("--features"));
    }

    #[test]
    fn the_tests_are_the_same_with_and_without_nextest() {
        for with_nextest in [true, false] {
            let line = repo::display(&test_command(with_nextest));
            assert!(
                line.ends_with("--workspace --all-features --locked --lib --bins --tests"),
                "{line}"
            );
        }
    }

    #[test]
    fn a_command_that_fails_is_named_in_the_error() {
        let error = execute(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c exit 3` ended with exit status: 3"
        );
        execute(&mut Command::new("true")).unwrap();
    }
}

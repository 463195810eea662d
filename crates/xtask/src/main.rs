//! Tasks of the repository: `cargo xtask test`, `cargo xtask bench`, `cargo xtask servers`.
#![expect(
    clippy::print_stdout,
    reason = "a command line tool talks to its user on the standard output"
)]

mod bench;
mod checks;
mod features;
mod repo;
mod servers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Tasks of the throughline repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Runs every check that a change must pass, in the order of their cost
    Test(checks::Options),
    /// Counts instructions per request under callgrind and compares them with the budgets
    Bench(bench::Options),
    /// Says for each server the tests can use where it is, or how to get it
    Servers,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test(options) => checks::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Servers => {
            servers::describe();
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

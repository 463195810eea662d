//! Measures all subjects and prints one Markdown table.
//!
//! ```text
//! cargo run --release --manifest-path tests/peers/Cargo.toml -- [--instructions] [--rounds N]
//! ```

mod measure;
mod table;

use peers::{Caller, find, serve_loopback, serve_once, subjects, take_orders};

use measure::{allocations, cpu, instructions};
use table::Row;

/// How many times every subject serves [`cpu::REQUESTS`] requests, one subject after the other.
const ROUNDS: usize = 150;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // How this program starts itself.
        ["loopback"] => serve_loopback(),
        ["orders", subject, caller] => take_orders(find(subject)?, Caller::parse(caller)?),
        ["once", subject, caller, requests] => {
            serve_once(find(subject)?, Caller::parse(caller)?, requests.parse()?)
        }

        [] => compare(ROUNDS, false),
        ["--instructions"] => compare(ROUNDS, true),
        ["--rounds", rounds] => compare(rounds.parse()?, false),
        ["--instructions", "--rounds", rounds] => compare(rounds.parse()?, true),
        _ => anyhow::bail!("usage: peers [--instructions] [--rounds N]"),
    }
}

fn compare(rounds: usize, with_instructions: bool) -> anyhow::Result<()> {
    let mut rows: Vec<_> = subjects().map(Row::new).collect();

    let program = allocations::build()?;
    for row in &mut rows {
        for caller in Caller::ALL {
            row.cell(caller).allocations = Some(allocations::count(&program, row.subject, caller)?);
        }
    }
    for caller in Caller::ALL {
        for (row, ratio) in rows.iter_mut().zip(cpu::ratios(rounds, caller)?) {
            row.cell(caller).cpu = Some(ratio);
        }
    }
    if with_instructions {
        for row in &mut rows {
            for caller in Caller::ALL {
                eprintln!("counting instructions of {}, {caller}", row.subject.name);
                row.cell(caller).instructions = Some(instructions::count(row.subject, caller)?);
            }
        }
    }
    println!("{}", table::render(&rows));
    Ok(())
}

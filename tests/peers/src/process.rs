//! A process that runs one subject, as it is told on its standard input.

use std::io::Write as _;

use rustix::time::{ClockId, clock_gettime};

use crate::subject::{Caller, Run, Subject};

/// Serves as many requests as each line of standard input says, and answers with the CPU time
/// that they took, in nanoseconds. Checks at the end that every span was delivered.
///
/// # Errors
///
/// Fails when the subject cannot be set up or lost spans.
pub fn take_orders(subject: &Subject, caller: Caller) -> anyhow::Result<()> {
    let mut run = (subject.make)(caller)?;
    let mut served = 0;
    let mut output = std::io::stdout();
    for line in std::io::stdin().lines() {
        let requests = line?.trim().parse()?;
        run.prepare(requests);
        let start = cpu_time();
        run.run();
        run.flush();
        writeln!(output, "{}", cpu_time() - start)?;
        output.flush()?;
        served += requests;
    }
    check(subject, caller, served, &*run)
}

/// How many requests are served between two flushes: fewer than the queue of a batch processor
/// holds.
const BEFORE_FLUSH: usize = 500;

/// Serves `requests` requests, each made right before it is served, as a server does.
///
/// # Errors
///
/// Fails when the subject cannot be set up or lost spans.
pub fn serve_once(subject: &Subject, caller: Caller, requests: usize) -> anyhow::Result<()> {
    let mut run = (subject.make)(caller)?;
    for served in 1..=requests {
        run.prepare(1);
        run.run();
        if served % BEFORE_FLUSH == 0 {
            run.flush();
        }
    }
    run.flush();
    check(subject, caller, requests, &*run)
}

/// Fails when spans were lost, or made where nobody asked for them.
fn check(subject: &Subject, caller: Caller, served: usize, run: &dyn Run) -> anyhow::Result<()> {
    let expected = match caller {
        Caller::Sampled if subject.traces => served as u64,
        _ => 0,
    };
    let delivered = run.delivered();
    anyhow::ensure!(
        delivered == expected,
        "{}, {caller}: {delivered} spans were delivered, not {expected}",
        subject.name
    );
    Ok(())
}

/// The CPU time of all threads of this process, in nanoseconds.
fn cpu_time() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

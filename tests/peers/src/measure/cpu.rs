//! CPU time, as a ratio to the baseline within one interleaved run.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::Context as _;
use peers::{Caller, Subject, subjects};

/// How many requests are served at a time. A batch processor's queue holds more than that.
const REQUESTS: usize = 1_000;

/// What the first rounds cost is not counted.
const WARM_UP: usize = 5;

/// CPU time over that of the baseline, in the same round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    /// The first and third quartile.
    pub(crate) quartiles: (f64, f64),
}

/// Runs every subject once in each round and returns their ratios, in the order of the subjects.
pub(crate) fn ratios(rounds: usize, caller: Caller) -> anyhow::Result<Vec<Ratio>> {
    let all: Vec<_> = subjects().collect();
    let mut workers = all
        .iter()
        .map(|subject| Worker::start(subject, caller))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut times = vec![Vec::with_capacity(rounds); all.len()];
    for round in 0..WARM_UP + rounds {
        for (worker, times) in workers.iter_mut().zip(&mut times) {
            let time = worker.serve(REQUESTS)?;
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    workers.into_iter().try_for_each(Worker::stop)?;

    let baseline = |subject: &Subject| {
        let index = all.iter().position(|each| each.name == subject.baseline);
        index.with_context(|| format!("no baseline {}", subject.baseline))
    };
    all.iter()
        .zip(&times)
        .map(|(subject, own)| {
            let bare = &times[baseline(subject)?];
            Ok(Ratio::of(
                own.iter().zip(bare).map(|(own, bare)| own / bare),
            ))
        })
        .collect()
}

/// A process that serves one subject.
struct Worker {
    name: &'static str,
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn start(subject: &Subject, caller: Caller) -> anyhow::Result<Self> {
        let mut process = Command::new(env::current_exe()?)
            .args(["orders", subject.name, caller.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take().context("its input is piped")?;
        let answers = process.stdout.take().context("its output is piped")?;
        Ok(Self {
            name: subject.name,
            process,
            orders,
            answers: BufReader::new(answers),
        })
    }

    /// Returns the CPU time in nanoseconds.
    fn serve(&mut self, requests: usize) -> anyhow::Result<f64> {
        writeln!(self.orders, "{requests}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        answer
            .trim()
            .parse()
            .with_context(|| format!("{} answered {answer:?}", self.name))
    }

    fn stop(mut self) -> anyhow::Result<()> {
        drop(self.orders);
        let status = self.process.wait()?;
        anyhow::ensure!(status.success(), "{} failed", self.name);
        Ok(())
    }
}

impl Ratio {
    fn of(ratios: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<_> = ratios.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
        Self {
            median: at(2),
            quartiles: (at(1), at(3)),
        }
    }
}

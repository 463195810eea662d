//! Instructions, counted by callgrind.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use peers::{Caller, Subject};

/// How many requests the shorter of two runs serves. The longer serves twice as many; the
/// difference leaves out the start.
const REQUESTS: u64 = 2_000;

/// Instructions of each request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Instructions {
    /// On the thread that serves it.
    pub(crate) own: f64,
    /// On all other threads.
    pub(crate) others: f64,
}

/// Counts the instructions of each request.
pub(crate) fn count(subject: &Subject, caller: Caller) -> anyhow::Result<Instructions> {
    let short = run(subject, caller, REQUESTS)?;
    let long = run(subject, caller, 2 * REQUESTS)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let each = |short: u64, long: u64| (long as f64 - short as f64) / REQUESTS as f64;
    Ok(Instructions {
        own: each(short.0, long.0),
        others: each(short.1, long.1),
    })
}

/// Returns what the main thread and what all others executed.
fn run(subject: &Subject, caller: Caller, requests: u64) -> anyhow::Result<(u64, u64)> {
    let folder = tempfile::tempdir()?;
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--separate-threads=yes"])
        .arg(format!(
            "--callgrind-out-file={}",
            folder.path().join("out").display()
        ))
        .arg(env::current_exe()?)
        .args(["once", subject.name, caller.name(), &requests.to_string()])
        .stdin(Stdio::null())
        .output()
        .context("failed to start valgrind")?;
    anyhow::ensure!(
        output.status.success(),
        "{} failed under valgrind: {}",
        subject.name,
        String::from_utf8_lossy(&output.stderr)
    );
    read(folder.path())
}

/// Adds up the profiles, of which each thread has one.
fn read(folder: &Path) -> anyhow::Result<(u64, u64)> {
    let (mut main, mut others) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let profile = fs::read_to_string(entry?.path())?;
        let field = |name| profile.lines().find_map(|line| line.strip_prefix(name));
        let (Some(thread), Some(total)) = (field("thread: "), field("totals: ")) else {
            continue;
        };
        let total: u64 = total.trim().parse()?;
        if thread.trim() == "1" {
            main += total;
        } else {
            others += total;
        }
    }
    anyhow::ensure!(main > 0, "callgrind wrote no profile of the main thread");
    Ok((main, others))
}

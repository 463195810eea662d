//! Runs a program under callgrind and reads how many instructions each of its threads took.

use std::{
    ffi::OsString,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::repo;

/// The instructions of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Instructions {
    /// On the main thread.
    pub(super) main: u64,
    /// On all other threads together.
    pub(super) others: u64,
}

/// Counts the instructions of `program scenario requests`.
pub(super) fn count(program: &Path, scenario: &str, requests: u64) -> anyhow::Result<Instructions> {
    let Some(valgrind) = repo::program("valgrind", &[]) else {
        bail!("valgrind is not installed: run `apt-get install valgrind`");
    };
    let folder = tempfile::tempdir().context("failed to make a temporary folder")?;
    let output = Command::new(valgrind)
        .args(["--quiet", "--tool=callgrind", "--separate-threads=yes"])
        .arg({
            let mut option = OsString::from("--callgrind-out-file=");
            option.push(folder.path().join("out"));
            option
        })
        .arg(program)
        .arg(scenario)
        .arg(requests.to_string())
        .stdin(Stdio::null())
        .output()
        .context("failed to start valgrind")?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("it ended with {} under valgrind: {errors}", output.status);
    }
    read(folder.path())
}

/// Adds up the files that callgrind writes, one for each thread.
fn read(folder: &Path) -> anyhow::Result<Instructions> {
    let mut sum = Instructions::default();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        // Beside the files of the threads lies an empty one with the plain name.
        if text.is_empty() {
            continue;
        }
        let (thread, instructions) = profile(&text)
            .with_context(|| format!("{} is no callgrind profile", path.display()))?;
        if thread == 1 {
            sum.main += instructions;
        } else {
            sum.others += instructions;
        }
    }
    if sum.main == 0 {
        bail!("callgrind wrote no profile of the main thread");
    }
    Ok(sum)
}

/// Reads the number of the thread and its instructions from a profile.
fn profile(text: &str) -> Option<(u32, u64)> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.split_whitespace().next())
    };
    Some((
        field("thread:")?.parse().ok()?,
        field("summary:")
            .or_else(|| field("totals:"))?
            .parse()
            .ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 7\n\
        cmd:  ./server sampled 1000\npart: 1\nthread: 2\n\nevents: Ir\nsummary: 606599\n\n\
        fn=(1) main\n102 3\n\ntotals: 606599\n";

    #[test]
    fn a_profile_names_its_thread_and_its_instructions() {
        assert_eq!(profile(PROFILE), Some((2, 606_599)));
    }

    #[test]
    fn the_total_stands_in_for_a_missing_summary() {
        let text = PROFILE.replace("summary: 606599\n", "");
        assert_eq!(profile(&text), Some((2, 606_599)));
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        for text in [
            "",
            "thread: 1\n",
            "summary: 5\n",
            "thread: 1\nsummary: five\n",
        ] {
            assert_eq!(profile(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_main_thread_is_kept_apart_from_the_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("out"), "").unwrap();
        for (thread, instructions) in [(1, 100), (2, 20), (3, 3)] {
            let text = format!("thread: {thread}\nevents: Ir\nsummary: {instructions}\n");
            fs::write(folder.path().join(format!("out-0{thread}")), text).unwrap();
        }
        let read = read(folder.path()).unwrap();
        assert_eq!((read.main, read.others), (100, 23));
    }

    #[test]
    fn a_run_without_a_profile_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_err());
    }

    #[test]
    fn a_real_run_counts_and_a_failing_one_is_an_error() {
        if repo::program("valgrind", &[]).is_none() {
            println!("skipped: valgrind is not installed");
            return;
        }
        let echo = repo::program("echo", &[]).unwrap();
        let counted = count(&echo, "scenario", 1).unwrap();
        assert!(counted.main > 10_000, "{counted:?}");
        assert_eq!(counted.others, 0);

        let fails = repo::program("false", &[]).unwrap();
        assert!(count(&fails, "scenario", 1).is_err());
    }
}

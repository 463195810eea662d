//! Heap allocations, counted by the program `allocations`.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use peers::{Caller, Subject};

/// Builds the counting program, which lies beside this one.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--quiet",
            "--bin",
            "allocations",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .status()?;
    anyhow::ensure!(
        built.success(),
        "failed to build the program that counts allocations"
    );
    Ok(env::current_exe()?.with_file_name("allocations"))
}

/// Returns the allocations of each request on the thread that serves it.
pub(crate) fn count(counter: &Path, subject: &Subject, caller: Caller) -> anyhow::Result<f64> {
    let counted = Command::new(counter)
        .args([subject.name, caller.name()])
        .output()?;
    anyhow::ensure!(
        counted.status.success(),
        "failed to count the allocations of {}: {}",
        subject.name,
        String::from_utf8_lossy(&counted.stderr)
    );
    Ok(String::from_utf8(counted.stdout)?.trim().parse()?)
}

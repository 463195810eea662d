//! Heap allocations, counted by the program `allocations`.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use peers::{Caller, Subject};

/// Builds the counting program, beside this one.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let this = env::current_exe()?;
    let target = this
        .ancestors()
        .nth(2)
        .context("this program lies in a target folder")?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--bin", "allocations"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .arg("--target-dir")
        .arg(target)
        .status()?;
    anyhow::ensure!(
        built.success(),
        "failed to build the program that counts allocations"
    );
    Ok(this.with_file_name("allocations"))
}

/// Returns the allocations of each request on the thread that serves it.
pub(crate) fn count(program: &Path, subject: &Subject, caller: Caller) -> anyhow::Result<f64> {
    let counted = Command::new(program)
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

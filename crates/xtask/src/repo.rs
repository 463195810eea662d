//! Where the repository is, and the cargo that runs in it.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand};

/// Returns the folder of the workspace manifest.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the manifest of xtask is two folders below the root")
}

/// Starts a command line for the cargo that runs this task, in the root.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments).current_dir(root());
    command
}

/// Reads the manifests of the workspace, without the dependencies.
pub(crate) fn metadata() -> anyhow::Result<Metadata> {
    MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .context("failed to read the workspace with `cargo metadata`")
}

/// Finds an installed program on `PATH`, then in `folders`.
pub(crate) fn program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(folders.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Writes a command line as a person would type it.
pub(crate) fn display(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(key, value)| {
        Some(format!(
            "{}={}",
            key.to_string_lossy(),
            value?.to_string_lossy()
        ))
    });
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    variables
        .chain([program])
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        assert!(root().join("Cargo.toml").is_file());
        assert!(root().join("crates/xtask/Cargo.toml").is_file());
    }

    #[test]
    fn a_command_is_shown_with_its_variables_and_without_the_path_of_its_program() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D");
        assert_eq!(display(&command), "RUSTDOCFLAGS=-D cargo doc --no-deps");
    }

    #[test]
    fn a_program_is_found_on_the_path_and_in_the_folders_named() {
        assert!(program("sh", &[]).is_some());
        assert_eq!(program("no-such-program-here", &[]), None);

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("no-such-program-here");
        std::fs::write(&file, "").unwrap();
        let found = program("no-such-program-here", &[folder.path().to_owned()]);
        assert_eq!(found, Some(file));
    }
}

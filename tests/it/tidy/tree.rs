//! The files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file by its path from the root, with `/` between the parts.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// Returns the folder of the workspace manifest.
pub(super) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the tests are two folders below the root")
        .to_owned()
}

/// Reads a file that has to be there.
pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads every file below `folder` whose path ends with `suffix`.
pub(super) fn files(folder: &str, suffix: &str) -> Vec<File> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let absolute = entry.unwrap().path();
            let path = absolute.strip_prefix(&root).unwrap();
            let path = path.to_string_lossy().replace('\\', "/");
            if absolute.is_dir() {
                let is_built = path.ends_with("/target") || path.contains("/.");
                if !is_built {
                    folders.push(absolute);
                }
            } else if path.ends_with(suffix) {
                let text = fs::read_to_string(&absolute).unwrap();
                files.push(File { path, text });
            }
        }
    }
    assert!(!files.is_empty(), "no {suffix} file below {folder}");
    files
}

/// Reads every Rust source of the repository.
pub(super) fn sources() -> Vec<File> {
    let folders = ["crates", "examples", "tests"];
    folders
        .into_iter()
        .flat_map(|folder| files(folder, ".rs"))
        .collect()
}

/// Fails with one line for each violation.
#[track_caller]
pub(super) fn assert_none(rule: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{rule}\n  {}\n",
        violations.join("\n  ")
    );
}

//! Which crate may depend on which.

use std::collections::BTreeMap;

use cargo_metadata::{Dependency, DependencyKind, MetadataCommand, Package};

use super::tree;

const FACADE: &str = "throughline";
const CORE: &str = "throughline-core";
const SDK: &str = "throughline-sdk";
const TESTING: &str = "throughline-testing";

/// A crate, and the only crates of the workspace that may depend on it outside of their tests.
const RESERVED: [(&str, &[&str]); 2] = [
    ("opentelemetry_sdk", &[SDK, TESTING]),
    ("opentelemetry-otlp", &[SDK]),
];

/// What core must be usable without: runtimes, servers, clients.
const NOT_IN_CORE: [&str; 8] = [
    "axum",
    "hyper",
    "hyper-util",
    "reqwest",
    "sqlx",
    "tonic",
    "tower",
    "tower-http",
];

#[test]
fn core_depends_on_no_crate_of_the_workspace_and_on_no_server_or_client() {
    let packages = packages();
    let forbidden = released(package(&packages, CORE))
        .filter(|dependency| is_ours(&dependency.name) || NOT_IN_CORE.contains(&&*dependency.name));
    tree::assert_none("core must not depend on", &names(forbidden));
}

#[test]
fn core_needs_no_runtime_unless_a_feature_asks_for_it() {
    let packages = packages();
    let required = released(package(&packages, CORE))
        .filter(|dependency| dependency.name == "tokio" && !dependency.optional);
    tree::assert_none("must be optional in core", &names(required));
}

#[test]
fn every_crate_but_the_facade_depends_on_core_alone() {
    let violations: Vec<_> = packages()
        .iter()
        .filter(|package| is_ours(&package.name) && *package.name != FACADE)
        .flat_map(|package| {
            released(package)
                .filter(|dependency| is_ours(&dependency.name) && dependency.name != CORE)
                .map(|dependency| edge(package, dependency))
        })
        .collect();
    tree::assert_none("crates meet in the facade only", &violations);
}

#[test]
fn only_examples_and_tests_depend_on_the_facade() {
    let root = tree::root();
    let violations: Vec<_> = packages()
        .iter()
        .filter(|package| {
            package
                .manifest_path
                .starts_with(root.join("crates").to_str().unwrap())
        })
        .flat_map(|package| {
            let all = package.dependencies.iter();
            all.filter(|dependency| dependency.name == FACADE)
                .map(|dependency| edge(package, dependency))
        })
        .collect();
    tree::assert_none("the facade is for applications", &violations);
}

#[test]
fn the_sdk_and_otlp_stay_in_the_crates_they_are_reserved_for() {
    let packages = packages();
    for (reserved, allowed) in RESERVED {
        let violations: Vec<_> = packages
            .iter()
            .filter(|package| !allowed.contains(&package.name.as_str()))
            .flat_map(|package| {
                released(package)
                    .filter(|dependency| dependency.name == reserved)
                    .map(|dependency| edge(package, dependency))
            })
            .collect();
        tree::assert_none(
            "reserved for throughline-sdk and throughline-testing",
            &violations,
        );
    }
}

#[test]
fn a_crate_lies_in_a_folder_of_its_own_name_and_takes_the_lints_of_the_workspace() {
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true\n"),
            "{} does not take the lints of the workspace",
            package.name
        );
        let folder = package
            .manifest_path
            .parent()
            .and_then(|folder| folder.file_name());
        assert_eq!(folder, Some(package.name.as_str()));
    }
}

#[test]
fn types_that_meet_in_signatures_have_one_version() {
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    let lock = tree::read("Cargo.lock");
    for (name, version) in locked(&lock) {
        versions.entry(name).or_default().push(version);
    }
    assert!(
        versions.contains_key("opentelemetry"),
        "the lock file can be read"
    );

    let shared = ["http", "http-body", "tower-layer", "tower-service"];
    let violations: Vec<_> = versions
        .iter()
        .filter(|(name, _)| name.contains("opentelemetry") || shared.contains(name))
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name}: {}", versions.join(", ")))
        .collect();
    tree::assert_none("more than one version in Cargo.lock", &violations);
}

#[test]
fn a_lock_file_is_read_as_names_and_versions() {
    let lock = "version = 4\n\n[[package]]\nname = \"http\"\nversion = \"1.5.0\"\nsource = \"r\"\n\
        dependencies = [\n \"bytes\",\n]\n\n[[package]]\nname = \"http\"\nversion = \"0.2.12\"\n";
    let expected = [("http", "1.5.0"), ("http", "0.2.12")];
    assert_eq!(locked(lock).collect::<Vec<_>>(), expected);
}

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .current_dir(tree::root())
        .no_deps()
        .exec()
        .unwrap();
    metadata.packages
}

fn package<'a>(packages: &'a [Package], name: &str) -> &'a Package {
    let found = packages.iter().find(|package| *package.name == name);
    found.unwrap_or_else(|| panic!("no crate {name}"))
}

fn is_ours(name: &str) -> bool {
    name == FACADE || name.starts_with("throughline-")
}

/// The dependencies that a user of the crate gets, too.
fn released(package: &Package) -> impl Iterator<Item = &Dependency> {
    let all = package.dependencies.iter();
    all.filter(|dependency| dependency.kind != DependencyKind::Development)
}

fn names<'a>(dependencies: impl Iterator<Item = &'a Dependency>) -> Vec<String> {
    dependencies
        .map(|dependency| dependency.name.clone())
        .collect()
}

fn edge(package: &Package, dependency: &Dependency) -> String {
    format!("{} depends on {}", package.name, dependency.name)
}

fn locked(lock: &str) -> impl Iterator<Item = (&str, &str)> {
    lock.split("[[package]]").skip(1).filter_map(|package| {
        let field = |key| {
            let value = package.lines().find_map(|line| line.strip_prefix(key))?;
            Some(value.trim_matches('"'))
        };
        Some((field("name = ")?, field("version = ")?))
    })
}

//! Documents that must agree with the code.

use std::collections::BTreeSet;

use throughline_core::semconv::{attr, event, metric};

use super::tree;

/// The crates that describe calls; core has the names, and resources are a matter of the SDK.
const INSTRUMENTATION: [&str; 4] = [
    "crates/throughline-http/",
    "crates/throughline-redis/",
    "crates/throughline-reqwest/",
    "crates/throughline-sqlx/",
];

#[test]
fn the_readme_of_the_repository_is_that_of_the_facade() {
    assert!(
        tree::read("README.md") == tree::read("crates/throughline/README.md"),
        "README.md and crates/throughline/README.md differ"
    );
}

#[test]
fn the_code_in_the_readme_is_compiled_with_the_facade() {
    let facade = tree::read("crates/throughline/src/lib.rs");
    assert!(
        facade.contains("include_str!(\"../README.md\")"),
        "it is the facade's documentation"
    );
}

#[test]
fn every_name_that_is_emitted_has_a_row_and_every_row_a_name() {
    let declared: BTreeSet<_> = [attr::ALL, metric::ALL, event::ALL]
        .concat()
        .into_iter()
        .collect();
    let text = tree::read("docs/attributes.md");
    let documented: BTreeSet<_> = rows(&text).collect();

    let difference = |left: &BTreeSet<&str>, right: &BTreeSet<&str>| {
        left.difference(right)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    tree::assert_none(
        "not in docs/attributes.md",
        &difference(&declared, &documented),
    );
    tree::assert_none(
        "not a name that is emitted",
        &difference(&documented, &declared),
    );
}

#[test]
fn names_of_attributes_come_from_the_conventions_and_nowhere_else() {
    let violations: Vec<_> = tree::files("crates", ".rs")
        .iter()
        .filter(|file| {
            INSTRUMENTATION
                .iter()
                .any(|folder| file.path.starts_with(folder))
        })
        .flat_map(|file| {
            let literals = released_lines(&file.path, &file.text).filter(|line| names_inline(line));
            literals.map(|line| format!("{}: {}", file.path, line.trim()))
        })
        .collect();
    tree::assert_none("an attribute's name is written out", &violations);
}

#[test]
fn a_row_is_a_line_of_a_table_that_begins_with_a_name() {
    let text = "# Names\n\n| Name | Type |\n|---|---|\n| `http.route` | string |\n\
        | `http.request.header.<key>` | string[] |\nA `word` in a text.\n";
    assert_eq!(
        rows(text).collect::<Vec<_>>(),
        ["http.route", "http.request.header"]
    );
}

#[test]
fn an_attribute_named_by_a_literal_is_found_outside_of_tests_and_documentation() {
    let text = "//! KeyValue::new(\"a\", 1)\nspan.set(KeyValue::new(attr::A, 1));\n\
        span.set(KeyValue::new(\"b\", 1));\n#[cfg(test)]\nmod tests {\nKeyValue::new(\"c\", 1)\n";
    let found: Vec<_> = released_lines("x/src/y.rs", text)
        .filter(|line| names_inline(line))
        .collect();
    assert_eq!(found, ["span.set(KeyValue::new(\"b\", 1));"]);
    assert_eq!(released_lines("x/src/tests.rs", text).count(), 0);
}

/// Reads the names in the first column; `.<key>` at the end of one stands for many names.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some(name.strip_suffix(".<key>").unwrap_or(name))
    })
}

/// The lines of code that are part of the built crate.
fn released_lines<'a>(path: &str, text: &'a str) -> impl Iterator<Item = &'a str> {
    let is_test =
        path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/benches/");
    let code = if is_test { "" } else { text };
    code.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn names_inline(line: &str) -> bool {
    ["KeyValue::new(\"", "Key::from_static_str(\""]
        .iter()
        .any(|call| line.contains(call))
}

//! Rules on the text of the sources.

use super::tree::{self, File};

const LONGEST_FILE: usize = 700;

/// Names that say nothing of what is inside.
const DRAWERS: [&str; 6] = ["common", "helper", "helpers", "misc", "util", "utils"];

/// The crate that may read the environment, and the tool that has nothing else to be told by.
const READ_ENVIRONMENT: [&str; 2] = ["crates/throughline-sdk/", "crates/xtask/"];

/// What is not written anywhere, in parts so that this file does not contain it.
const FORBIDDEN: [(&str, &str); 6] = [
    (
        concat!("#[", "ignore"),
        "a test that does not run is no test",
    ),
    (concat!("```", "ignore"), "an example compiles"),
    (concat!("```rust,", "ignore"), "an example compiles"),
    (concat!("todo", "!("), "what is not done is not there"),
    (
        concat!("unimplemented", "!("),
        "what is not done is not there",
    ),
    (
        concat!("[", "allow("),
        "`expect` with a reason goes away with its reason",
    ),
];

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    check(&tree::sources(), |file| {
        let lines = file.text.lines().count();
        (lines > LONGEST_FILE).then(|| format!("{lines} lines, {LONGEST_FILE} are allowed"))
    });
}

#[test]
fn a_module_root_holds_documentation_modules_and_re_exports() {
    let mut roots = tree::files("crates", "/src/lib.rs");
    roots.extend(tree::files("crates", "/mod.rs"));
    check(&roots, |file| {
        item(&file.text).map(|line| format!("has an item: {line}"))
    });
}

#[test]
fn a_re_export_names_what_it_exports() {
    check(&tree::files("crates", ".rs"), |file| {
        let glob = file.text.lines().find(|line| is_glob_re_export(line));
        glob.map(|line| format!("re-exports whatever is there: {line}"))
    });
}

#[test]
fn no_folder_or_file_is_a_drawer() {
    check(&tree::sources(), |file| {
        let drawer = drawer(&file.path)?;
        Some(format!("`{drawer}` does not say what is inside"))
    });
}

#[test]
fn every_file_says_first_what_it_is() {
    check(&tree::sources(), |file| {
        let is_exempt = file.path.ends_with("/tests.rs") || file.path.contains("/tests/");
        (!is_exempt && !begins_with_documentation(&file.text))
            .then(|| "does not begin with `//!`".to_owned())
    });
}

#[test]
fn what_is_forbidden_is_not_written() {
    let mut files = tree::sources();
    for folder in ["crates", "docs", "examples"] {
        files.extend(tree::files(folder, ".md"));
    }
    check(&files, |file| forbidden(&file.text));
}

#[test]
fn only_the_sdk_reads_the_environment() {
    check(&tree::files("crates", ".rs"), |file| {
        // A test or a benchmark is a program: it has arguments and an environment.
        let is_library = file.path.contains("/src/");
        let may = !is_library
            || READ_ENVIRONMENT
                .iter()
                .any(|folder| file.path.starts_with(folder));
        let line = if may {
            None
        } else {
            environment_read(&file.text)
        };
        line.map(|line| format!("reads the environment: {line}"))
    });
}

#[test]
fn every_file_of_the_test_binary_is_a_module_of_it() {
    let main = tree::read("tests/it/main.rs");
    check(&tree::files("tests/it", ".rs"), |file| {
        let forgotten = !is_module_of(&file.path, &main);
        forgotten.then(|| "is not a module of tests/it/main.rs".to_owned())
    });
}

#[test]
fn items_are_found_in_a_module_root() {
    let allowed = "//! Docs.\n#![expect(x, reason = \"y\")]\nmod a;\npub mod b;\n\
        pub use a::{\n    A,\n};\npub const URL: &str = \"u\";\n#[cfg(test)]\nmod tests;\n";
    assert_eq!(item(allowed), None);
    for line in [
        "fn f() {}",
        "pub fn f() {",
        "pub(crate) async fn f() {",
        "pub const fn f() {",
        "impl A {",
        "impl<T> A<T> {",
        "pub struct A;",
        "enum A {",
        "pub trait A {",
        "macro_rules! a {",
    ] {
        assert_eq!(item(&format!("//! Docs.\n{line}\n")), Some(line));
    }
}

#[test]
fn glob_re_exports_are_found() {
    assert!(is_glob_re_export("pub use a::*;"));
    assert!(is_glob_re_export("    pub(crate) use a::b::*;"));
    assert!(!is_glob_re_export("use super::*;"));
    assert!(!is_glob_re_export("pub use a::{A, B};"));
}

#[test]
fn drawers_are_found_as_file_and_as_folder() {
    assert_eq!(drawer("crates/x/src/utils.rs"), Some("utils"));
    assert_eq!(drawer("crates/x/src/common/mod.rs"), Some("common"));
    assert_eq!(drawer("crates/x/src/commonly.rs"), None);
}

#[test]
fn documentation_comes_before_any_code() {
    for text in [
        "//! Docs.\nfn f() {}\n",
        "#![doc = include_str!(\"../README.md\")]\nmod a;\n",
        "#![cfg_attr(docsrs, feature(doc_cfg))]\n//! Docs.\n",
        "#![expect(\n    x,\n    reason = \"y\"\n)]\n//! Docs.\n",
    ] {
        assert!(begins_with_documentation(text), "{text}");
    }
    for text in [
        "",
        "use a::b;\n//! Docs.\n",
        "// A comment.\n",
        "#![no_std]\nmod a;\n",
    ] {
        assert!(!begins_with_documentation(text), "{text}");
    }
}

#[test]
fn each_forbidden_text_is_found() {
    for (text, why) in FORBIDDEN {
        let line = format!("    {text}x)");
        assert_eq!(
            forbidden(&format!("fine\n{line}\n")),
            Some(format!("{why}: {}", line.trim()))
        );
    }
    assert_eq!(forbidden("#[expect(x)]\n```no_run\n```text\n"), None);
}

#[test]
fn reading_the_environment_is_found_in_every_spelling() {
    for line in [
        "let x = std::env::var(\"X\");",
        "use std::env;",
        "use std::{env, fs};",
        "    env::var_os(\"X\")",
        "use std::env::{self, VarError};",
    ] {
        assert_eq!(environment_read(line), Some(line));
    }
    for line in [
        "// std::env is read elsewhere",
        "/// `std::env::var`",
        "env!(\"CARGO_PKG_VERSION\")",
        "my_env::var()",
        "let environment = 1;",
    ] {
        assert_eq!(environment_read(line), None);
    }
}

#[test]
fn a_forgotten_test_file_is_found() {
    let main = "//! Docs.\nmod a;\n#[cfg(unix)]\nmod b;\n";
    for path in [
        "tests/it/main.rs",
        "tests/it/a.rs",
        "tests/it/b/mod.rs",
        "tests/it/b/c.rs",
    ] {
        assert!(is_module_of(path, main), "{path}");
    }
    for path in ["tests/it/c.rs", "tests/it/c/mod.rs", "tests/it/ab.rs"] {
        assert!(!is_module_of(path, main), "{path}");
    }
}

#[track_caller]
fn check(files: &[File], rule: impl Fn(&File) -> Option<String>) {
    let violations: Vec<_> = files
        .iter()
        .filter_map(|file| Some(format!("{}: {}", file.path, rule(file)?)))
        .collect();
    tree::assert_none("", &violations);
}

/// Finds the first item at the left margin that is neither a module nor a re-export.
///
/// Constants are let through: they are data, not logic.
fn item(text: &str) -> Option<&str> {
    const ITEMS: [&str; 6] = ["enum", "fn", "impl", "struct", "trait", "union"];
    const BEFORE: [&str; 3] = ["async", "const", "unsafe"];
    text.lines().find(|line| {
        let is_indented = line.starts_with(|first: char| !first.is_alphabetic());
        let mut words = line
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .filter(|word| !["pub", "crate", "super", "in"].contains(word))
            .skip_while(|word| word.is_empty() || BEFORE.contains(word));
        let first = words.next().unwrap_or_default();
        !is_indented && (ITEMS.contains(&first) || line.starts_with("macro_rules!"))
    })
}

fn is_glob_re_export(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("pub") && line.contains(" use ") && line.ends_with("::*;")
}

fn drawer(path: &str) -> Option<&str> {
    path.split('/')
        .map(|part| part.trim_end_matches(".rs"))
        .find(|part| DRAWERS.contains(part))
}

/// Tells whether documentation comes first, but for attributes of the file.
fn begins_with_documentation(text: &str) -> bool {
    let mut in_attribute = false;
    for line in text.lines() {
        if line.starts_with("//!") || line.starts_with("#![doc") {
            return true;
        }
        if line.starts_with("#![") {
            in_attribute = !line.ends_with(']');
        } else if in_attribute {
            in_attribute = !line.starts_with(")]");
        } else if !line.is_empty() {
            return false;
        }
    }
    false
}

fn forbidden(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (_, why) = FORBIDDEN.iter().find(|(text, _)| line.contains(text))?;
        Some(format!("{why}: {}", line.trim()))
    })
}

fn environment_read(text: &str) -> Option<&str> {
    text.lines().find(|line| {
        let is_comment = line.trim_start().starts_with("//");
        let is_import = line.contains("use std::{") || line.contains("use std::env");
        let mut words = line.match_indices("env").map(|(at, word)| {
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
            let (before, after) = (&line[..at], &line[at + word.len()..]);
            let is_word = !before.ends_with(is_part) && !after.starts_with(is_part);
            is_word && (after.starts_with("::") || is_import)
        });
        !is_comment && words.any(|is_read| is_read)
    })
}

fn is_module_of(path: &str, main: &str) -> bool {
    let inside = path.trim_start_matches("tests/it/");
    let module = inside
        .split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs");
    module == "main" || main.lines().any(|line| line == format!("mod {module};"))
}

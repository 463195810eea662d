//! Traced PostgreSQL and MariaDB: the spans of real servers, and of servers that fail.
//!
//! `cargo xtask test` finds or starts both. Each test has a database of its own.

#![expect(clippy::unwrap_used, reason = "the set-up of a test")]

mod databases;
mod endings;
mod hostile;
mod mariadb;
mod postgres;
mod refusals;

use throughline_testing::Collector;

/// What tells the queries of these tests from each other.
const SHOWN: &[&str] = &[
    "db.response.returned_rows",
    "db.response.status_code",
    "db.rows_affected",
    "error.type",
    "throughline.db.constraint",
    "throughline.db.violation",
    "throughline.outcome",
];

/// Looks for a value in all that was collected: names, attributes, events, status.
#[track_caller]
fn assert_nowhere(collector: &Collector, secret: &str) {
    let all = format!("{:?}", collector.spans());
    assert!(!all.contains(secret), "{secret} is in {all}");
}

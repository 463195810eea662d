//! Traced SQLite: the spans, attributes and metrics of real queries.

#![expect(clippy::unwrap_used, reason = "the set-up of a test")]

mod code;
mod metrics;
mod queries;
mod streams;
mod transactions;

use sqlx::sqlite::SqlitePoolOptions;
use throughline_core::semconv::Conventions;
use throughline_sqlx::SqlitePool;
use throughline_testing::Collector;

/// A database in memory with two users, on a pool of one connection. Nothing of its set-up
/// is in the collector.
async fn database(collector: &Collector) -> SqlitePool {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    sqlx::raw_sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
         INSERT INTO users (name) VALUES ('Ada'), ('Grace');",
    )
    .execute(&pool)
    .await
    .unwrap();
    SqlitePool::new(pool).with_telemetry(collector.telemetry())
}

/// The users' names, read behind the collector's back.
async fn names(pool: &SqlitePool) -> Vec<String> {
    sqlx::query_scalar("SELECT name FROM users ORDER BY id")
        .fetch_all(pool.untraced())
        .await
        .unwrap()
}

/// What tells the queries of these tests from each other.
const SHOWN: &[&str] = &[
    "db.query.text",
    "db.response.returned_rows",
    "db.rows_affected",
    "error.type",
    "throughline.outcome",
];

fn collector_with(conventions: Conventions) -> Collector {
    Collector::builder()
        .telemetry(|telemetry| telemetry.with_conventions(conventions))
        .build()
}

//! The SQLite database in memory, with its schema and first rows.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use throughline::sqlx::SqlitePool;

/// Opens a fresh database that lives as long as the pool.
pub(crate) async fn open() -> sqlx::Result<SqlitePool> {
    // All connections share one cache. Without `read_uncommitted`, a reader there locks its tables,
    // and a slow export would hold up every writer.
    let options = "sqlite::memory:"
        .parse::<SqliteConnectOptions>()?
        .pragma("read_uncommitted", "true");
    // The database is gone with its last connection, so one always stays open.
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    sqlx::raw_sql(include_str!("schema.sql"))
        .execute(&pool)
        .await?;
    sqlx::raw_sql(include_str!("seed.sql"))
        .execute(&pool)
        .await?;
    // Traced from here on: no request waits for the set-up.
    Ok(SqlitePool::new(pool))
}

//! The executors of SQLite.

super::executors!(
    sqlx_sqlite::Sqlite,
    SqlitePool,
    SqliteConnection,
    SqliteTransaction
);

//! Traced sqlx pools, connections and transactions.
//!
//! Wrap the pool once and import the types from here; queries stay as they are. `&pool`,
//! `&mut conn`, `&mut *conn` and `&mut *tx` are executors, so `query!`, `query_as!`,
//! `QueryBuilder` and code that is generic over [`sqlx::Executor`] go on working.
//!
//! ```
//! # #[cfg(feature = "sqlite")] {
//! use throughline_sqlx::{SqliteConnection, SqlitePool};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> sqlx::Result<()> {
//! let pool = SqlitePool::connect("sqlite::memory:").await?;
//!
//! let mut tx = pool.begin().await?;
//! sqlx::raw_sql("CREATE TABLE users (name TEXT)").execute(&mut *tx).await?;
//! add(&mut tx, "Ada").await?;
//! tx.commit().await?;
//!
//! // One connection type, wherever the connection comes from.
//! async fn add(conn: &mut SqliteConnection<'_>, name: &str) -> sqlx::Result<()> {
//!     sqlx::query("INSERT INTO users VALUES (?)").bind(name).execute(&mut *conn).await?;
//!     Ok(())
//! }
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
//!
//! # Spans
//!
//! Each query is one client span, named by its summary: `SELECT users`. It starts at the
//! first poll and ends at the last row, at an error, or when the stream is dropped; dropped
//! before its end it says `throughline.outcome` = `cancelled`. It is current while the driver
//! works. `BEGIN`, `COMMIT`, `ROLLBACK` and their savepoint forms are spans too. A
//! transaction that is dropped open leaves the event `throughline.db.rollback_on_drop` on the
//! span that is current then: sqlx rolls it back later, when the connection is used next.
//!
//! | attribute | when |
//! | --- | --- |
//! | `db.system.name` | always |
//! | `db.namespace`, `server.address`, `server.port` | known from the connect options; not for SQLite |
//! | `db.query.text` | always for a query: as it is with values bound to it, else [sanitised](sql::sanitise); at most 2 KB |
//! | `db.query.summary` | an [operation](sql::summarise) was found in the text |
//! | `db.operation.name` | transaction commands, `PREPARE`, `DESCRIBE` |
//! | `db.response.returned_rows` | the query returns rows |
//! | `db.rows_affected` | the query changes rows, and the driver said how many |
//! | `db.response.status_code` | the database refused: SQLSTATE, MySQL error number, SQLite result code |
//! | `error.type` | an error: the status code, else what failed. No row found is no error |
//! | `throughline.db.violation` | a constraint was violated: `unique`, `foreign_key`, `not_null`, `check`, `exclusion` |
//! | `throughline.db.constraint` | its name, which PostgreSQL tells |
//! | `throughline.db.acquire_ms` | a query on the pool waited more than 1 ms for a connection |
//! | `throughline.outcome` | `cancelled` |
//!
//! Bound values are never recorded. `db.client.operation.duration` is measured for each of
//! these, sampled or not.
//!
//! # Features
//!
//! `sqlite`, `postgres`, `mysql`: one for each database. The runtime, TLS and whether SQLite
//! is bundled are chosen on sqlx itself.

#![cfg_attr(
    not(any(feature = "mysql", feature = "postgres", feature = "sqlite")),
    expect(dead_code, reason = "no database was chosen that would use it")
)]

mod backend;
mod connection;
mod describe;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod executor;
mod failure;
mod instruments;
mod operation;
mod pool;
mod source;
mod split;
pub mod sql;
mod statement;
mod transaction;

pub use backend::{Backend, Target};
pub use connection::{Connection, PoolConnection};
pub use pool::Pool;
pub use transaction::Transaction;

#[cfg(feature = "mysql")]
pub use self::executor::mysql::{MySqlConnection, MySqlPool, MySqlTransaction};
#[cfg(feature = "postgres")]
pub use self::executor::postgres::{PgConnection, PgPool, PgTransaction};
#[cfg(feature = "sqlite")]
pub use self::executor::sqlite::{SqliteConnection, SqlitePool, SqliteTransaction};

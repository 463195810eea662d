//! The database: SQLite in memory, or the server that `DATABASE_URL` names.

mod open;
mod placeholders;

use throughline::sqlx::{MySqlPool, PgPool, SqlitePool};

pub(crate) use open::open;
pub(crate) use placeholders::numbered;

/// The pool of the one database that there is; clones share it.
#[derive(Clone)]
pub(crate) enum Database {
    MySql(MySqlPool),
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// Runs a query of sqlx on whichever database there is.
///
/// A service on one database writes the query and the pool, and none of this.
macro_rules! on {
    ($database:expr, $text:expr, |$sql:ident, $pool:ident| $run:expr) => {
        match $database {
            $crate::database::Database::MySql($pool) => {
                let $sql = $text;
                $run
            }
            $crate::database::Database::Postgres($pool) => {
                let $sql = $crate::database::numbered($text);
                $run
            }
            $crate::database::Database::Sqlite($pool) => {
                let $sql = $text;
                $run
            }
        }
    };
}

pub(crate) use on;

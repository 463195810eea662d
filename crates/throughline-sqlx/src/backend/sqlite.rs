//! SQLite.

use std::borrow::Cow;

use sqlx::error::DatabaseError;
use sqlx_sqlite::{Sqlite, SqliteConnectOptions, SqliteQueryResult};

use super::{Backend, Target, sealed::Sealed};
use crate::sql::Dialect;

impl Sealed for Sqlite {}

impl Backend for Sqlite {
    const SYSTEM: &'static str = "sqlite";
    const DIALECT: Dialect = Dialect::Sqlite;

    /// A file in the process: no server, and the path is nobody's business.
    fn target(_options: &SqliteConnectOptions) -> Target {
        Target::default()
    }

    fn rows_affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }

    /// The extended result code, such as `2067` for a unique constraint.
    fn status_code(error: &dyn DatabaseError) -> Option<Cow<'_, str>> {
        error.code()
    }
}

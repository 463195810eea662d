//! PostgreSQL.

use std::borrow::Cow;

use sqlx::error::DatabaseError;
use sqlx_postgres::{PgConnectOptions, PgQueryResult, Postgres};

use super::{Backend, Target, sealed::Sealed};
use crate::sql::Dialect;

impl Sealed for Postgres {}

impl Backend for Postgres {
    const SYSTEM: &'static str = "postgresql";
    const DIALECT: Dialect = Dialect::Postgres;

    fn target(options: &PgConnectOptions) -> Target {
        // Without a name, the server takes the user's.
        let namespace = options.get_database().unwrap_or(options.get_username());
        let host = options.get_host();
        let (address, port) = match options.get_socket() {
            Some(path) => (path.to_string_lossy(), None),
            // The folder of a socket, which is what libpq's default is.
            None if host.starts_with('/') => (Cow::Borrowed(host), None),
            None => (Cow::Borrowed(host), Some(options.get_port())),
        };
        Target {
            namespace: Some(namespace.into()),
            address: Some(address.into()),
            port,
        }
    }

    fn rows_affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    /// The SQLSTATE, such as `23505` for a unique constraint.
    fn status_code(error: &dyn DatabaseError) -> Option<Cow<'_, str>> {
        error.code()
    }
}

//! MySQL and MariaDB.

use std::borrow::Cow;

use sqlx::error::DatabaseError;
use sqlx_mysql::{MySql, MySqlConnectOptions, MySqlDatabaseError, MySqlQueryResult};

use super::{Backend, Target, sealed::Sealed};
use crate::sql::Dialect;

impl Sealed for MySql {}

impl Backend for MySql {
    const SYSTEM: &'static str = "mysql";
    const DIALECT: Dialect = Dialect::MySql;

    fn target(options: &MySqlConnectOptions) -> Target {
        let (address, port) = match options.get_socket() {
            Some(path) => (path.to_string_lossy(), None),
            None => (Cow::Borrowed(options.get_host()), Some(options.get_port())),
        };
        Target {
            namespace: options.get_database().map(Into::into),
            address: Some(address.into()),
            port,
        }
    }

    fn rows_affected(result: &MySqlQueryResult) -> u64 {
        result.rows_affected()
    }

    /// The vendor's number, such as `1062` for a duplicate entry, and not the SQLSTATE.
    ///
    /// Source: semantic conventions for MySQL, `db.response.status_code`.
    fn status_code(error: &dyn DatabaseError) -> Option<Cow<'_, str>> {
        let error = error.try_downcast_ref::<MySqlDatabaseError>()?;
        Some(Cow::Owned(error.number().to_string()))
    }
}

//! Whose SQL it is.

/// Whose SQL it is, where databases read the same bytes differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// MySQL and MariaDB: `"…"` is a string, a backslash escapes, `#` starts a comment.
    MySql,
    /// Oracle: `q'[…]'` is a string.
    Oracle,
    /// PostgreSQL: `$tag$…$tag$` is a string, `E'…'` has escapes, comments nest.
    Postgres,
    /// SQLite: `[…]` is a name, `"…"` where a value stands may be a string.
    Sqlite,
    /// SQL Server: as SQLite; `#own` is a table, `$1.50` an amount.
    SqlServer,
    /// Any other: the standard, and the most careful reading where databases differ.
    Other,
}

impl Dialect {
    /// Returns the dialect of a database by its `db.system.name`.
    #[must_use]
    pub fn of_system(system: &str) -> Self {
        match system {
            "mariadb" | "mysql" => Self::MySql,
            "oracle" | "oracle.db" => Self::Oracle,
            "aws.redshift" | "cockroachdb" | "postgres" | "postgresql" | "redshift" => {
                Self::Postgres
            }
            "sqlite" => Self::Sqlite,
            "microsoft.sql_server" | "mssql" | "sqlserver" => Self::SqlServer,
            _ => Self::Other,
        }
    }

    /// Says whether `"…"` may be a name or a string, which the place decides.
    pub(super) fn has_strings_like_names(self) -> bool {
        matches!(self, Self::Sqlite | Self::SqlServer | Self::Other)
    }

    /// Says whether a string may choose its own quotes: `q'[…]'`.
    pub(super) fn has_chosen_quotes(self) -> bool {
        matches!(self, Self::Oracle | Self::Other)
    }
}

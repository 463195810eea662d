//! The databases that can be traced, and what each says about itself.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{borrow::Cow, sync::Arc};

use sqlx::{Connection, Database, error::DatabaseError};

use crate::sql::Dialect;

/// A database whose queries can be traced.
///
/// Implemented for each database whose feature is on, and for no other.
pub trait Backend: Database + sealed::Sealed {
    /// The value of `db.system.name`.
    #[doc(hidden)]
    const SYSTEM: &'static str;

    /// How its SQL is read.
    #[doc(hidden)]
    const DIALECT: Dialect;

    /// Says which database the options lead to.
    #[doc(hidden)]
    fn target(options: &<Self::Connection as Connection>::Options) -> Target;

    /// Returns the number of rows that a statement changed.
    #[doc(hidden)]
    fn rows_affected(result: &Self::QueryResult) -> u64;

    /// Returns the value of `db.response.status_code`.
    #[doc(hidden)]
    fn status_code(error: &dyn DatabaseError) -> Option<Cow<'_, str>>;
}

/// The database at the other end of a connection.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// `db.namespace`.
    pub namespace: Option<Arc<str>>,
    /// `server.address`: a host name, an address, or the path of a socket.
    pub address: Option<Arc<str>>,
    /// `server.port`.
    pub port: Option<u16>,
}

mod sealed {
    /// Keeps [`Backend`](super::Backend) to this crate.
    #[expect(unnameable_types, reason = "nobody else may implement it")]
    pub trait Sealed {}
}

#[cfg(test)]
mod tests;

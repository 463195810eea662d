//! The traced connection.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use futures_core::future::BoxFuture;
use sqlx::{Acquire, Connection as _, Database, SqlSafeStr};
use sqlx_core::transaction::TransactionManager as _;
use throughline_core::{context::Attached, telemetry::Telemetry};

use crate::{
    backend::{Backend, Target},
    operation::Operation,
    source::Source,
    statement::{self, Statement},
    transaction::Transaction,
};

/// A traced connection, wherever it comes from: a pool, a transaction, a plain reference.
///
/// `&mut conn` is an [`sqlx::Executor`]. A function that takes `&mut Connection` takes what
/// [`PoolConnection`] and [`Transaction`] dereference to.
pub struct Connection<'c, DB: Database> {
    inner: Inner<'c, DB>,
    pub(crate) source: Arc<Source>,
}

enum Inner<'c, DB: Database> {
    Pool(sqlx::pool::PoolConnection<DB>),
    Transaction(sqlx::Transaction<'c, DB>),
    Borrowed(&'c mut DB::Connection),
}

impl<'c, DB: Backend> Connection<'c, DB> {
    /// Traces a connection that belongs to no pool.
    ///
    /// Its spans do not say which server it leads to; use [`Pool::wrap`](crate::Pool::wrap)
    /// where a pool knows.
    pub fn new(connection: &'c mut DB::Connection) -> Self {
        Self::borrowed(connection, Source::new::<DB>(Target::default(), None))
    }

    /// Sends the spans and metrics of this connection to `telemetry`.
    #[must_use]
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        let source = Source::new::<DB>(self.source.target.clone(), Some(telemetry));
        Self {
            inner: self.inner,
            source,
        }
    }

    /// Starts a transaction, or, inside one, sets a savepoint.
    ///
    /// The span is called `BEGIN` or `SAVEPOINT`.
    pub async fn begin(&mut self) -> sqlx::Result<Transaction<'_, DB>> {
        let is_nested = DB::TransactionManager::get_transaction_depth(self.raw_ref()) > 0;
        let known = if is_nested {
            statement::savepoint()
        } else {
            statement::begin()
        };
        let source = Arc::clone(&self.source);
        let mut running = Operation::new(&source, known, false).start();
        let future = self.raw().begin();
        let begun = Attached::new(future, running.context()).await;
        let transaction = running.settle::<DB, _>(begun)?;
        Ok(Transaction::new(transaction, source))
    }

    /// Starts a transaction with a statement of its own, such as `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// [`sqlx::Error::InvalidSavePointStatement`] inside a transaction.
    pub async fn begin_with(
        &mut self,
        statement: impl SqlSafeStr,
    ) -> sqlx::Result<Transaction<'_, DB>> {
        let sql = statement.into_sql_str();
        let known = Statement::of(sql.as_str(), DB::DIALECT);
        let source = Arc::clone(&self.source);
        let mut running = Operation::new(&source, known, false).start();
        let future = self.raw().begin_with(sql);
        let begun = Attached::new(future, running.context()).await;
        let transaction = running.settle::<DB, _>(begun)?;
        Ok(Transaction::new(transaction, source))
    }

    /// Returns sqlx's own connection. What is executed on it is not traced.
    pub fn untraced(&mut self) -> &mut DB::Connection {
        self.raw()
    }
}

impl<'c, DB: Database> Connection<'c, DB> {
    pub(crate) fn borrowed(connection: &'c mut DB::Connection, source: Arc<Source>) -> Self {
        Self {
            inner: Inner::Borrowed(connection),
            source,
        }
    }

    pub(crate) fn of_transaction(
        transaction: sqlx::Transaction<'c, DB>,
        source: Arc<Source>,
    ) -> Self {
        Self {
            inner: Inner::Transaction(transaction),
            source,
        }
    }

    pub(crate) fn raw(&mut self) -> &mut DB::Connection {
        match &mut self.inner {
            Inner::Pool(connection) => connection,
            Inner::Transaction(transaction) => transaction,
            Inner::Borrowed(connection) => connection,
        }
    }

    pub(crate) fn raw_ref(&self) -> &DB::Connection {
        match &self.inner {
            Inner::Pool(connection) => connection,
            Inner::Transaction(transaction) => transaction,
            Inner::Borrowed(connection) => connection,
        }
    }

    /// Returns the transaction, if that is what it was made of.
    pub(crate) fn into_transaction(self) -> Option<sqlx::Transaction<'c, DB>> {
        match self.inner {
            Inner::Transaction(transaction) => Some(transaction),
            Inner::Pool(_) | Inner::Borrowed(_) => None,
        }
    }
}

impl<DB: Database> fmt::Debug for Connection<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Passes on sqlx's own connection and transactions, which are not traced.
impl<'t, DB: Database> Acquire<'t> for &'t mut Connection<'_, DB> {
    type Database = DB;
    type Connection = &'t mut DB::Connection;

    fn acquire(self) -> BoxFuture<'t, sqlx::Result<Self::Connection>> {
        Box::pin(std::future::ready(Ok(self.raw())))
    }

    fn begin(self) -> BoxFuture<'t, sqlx::Result<sqlx::Transaction<'t, DB>>> {
        Box::pin(self.raw().begin())
    }
}

/// A traced connection of a pool, to which it returns when it is dropped.
///
/// Dereferences to [`Connection`].
pub struct PoolConnection<DB: Database>(Connection<'static, DB>);

impl<DB: Database> PoolConnection<DB> {
    pub(crate) fn new(connection: sqlx::pool::PoolConnection<DB>, source: Arc<Source>) -> Self {
        Self(Connection {
            inner: Inner::Pool(connection),
            source,
        })
    }
}

impl<DB: Backend> PoolConnection<DB> {
    /// Closes the connection instead of giving it back. As
    /// [`sqlx::pool::PoolConnection::close`].
    pub async fn close(self) -> sqlx::Result<()> {
        match self.0.inner {
            Inner::Pool(connection) => connection.close().await,
            Inner::Transaction(_) | Inner::Borrowed(_) => Ok(()),
        }
    }

    /// Closes the connection when it is dropped. As
    /// [`sqlx::pool::PoolConnection::close_on_drop`].
    pub fn close_on_drop(&mut self) {
        if let Inner::Pool(connection) = &mut self.0.inner {
            connection.close_on_drop();
        }
    }
}

impl<DB: Database> Deref for PoolConnection<DB> {
    type Target = Connection<'static, DB>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<DB: Database> DerefMut for PoolConnection<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<DB: Database> fmt::Debug for PoolConnection<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PoolConnection").field(&self.0).finish()
    }
}

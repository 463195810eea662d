//! The traced pool.

use std::{fmt, ops::Deref, sync::Arc};

use futures_core::future::BoxFuture;
use sqlx::{Acquire, Database, SqlSafeStr, SqlStr};
use throughline_core::{context::Attached, telemetry::Telemetry};

use crate::{
    backend::Backend,
    connection::{Connection, PoolConnection},
    operation::{Operation, Running},
    source::Source,
    statement::{self, Statement},
    transaction::Transaction,
};

/// A traced [`sqlx::Pool`]. Clones share everything.
///
/// `&pool` is an [`sqlx::Executor`]. Everything else of the inner pool is there by
/// dereference: `size`, `close`, `options`, `PgListener::connect_with(&pool)`.
///
/// Code that is generic over [`sqlx::Acquire`], such as `Migrator::run(&pool)`, works and is
/// not traced: that trait hands out sqlx's own connections.
pub struct Pool<DB: Database> {
    pub(crate) inner: sqlx::Pool<DB>,
    pub(crate) source: Arc<Source>,
}

impl<DB: Backend> Pool<DB> {
    /// Wraps a pool.
    ///
    /// Spans go to the [current](Telemetry::current) telemetry of each query.
    pub fn new(pool: sqlx::Pool<DB>) -> Self {
        let source = Source::new::<DB>(DB::target(&pool.connect_options()), None);
        Self {
            inner: pool,
            source,
        }
    }

    /// Opens a pool with sqlx's default options.
    ///
    /// # Errors
    ///
    /// As [`sqlx::Pool::connect`].
    pub async fn connect(url: &str) -> sqlx::Result<Self> {
        sqlx::Pool::connect(url).await.map(Self::new)
    }

    /// Opens a pool with these connect options. As [`sqlx::Pool::connect_with`].
    pub async fn connect_with(
        options: <DB::Connection as sqlx::Connection>::Options,
    ) -> sqlx::Result<Self> {
        sqlx::Pool::connect_with(options).await.map(Self::new)
    }

    /// Makes a pool that connects when it is first used. As [`sqlx::Pool::connect_lazy`].
    pub fn connect_lazy(url: &str) -> sqlx::Result<Self> {
        sqlx::Pool::connect_lazy(url).map(Self::new)
    }

    /// Makes a pool that connects when it is first used. As
    /// [`sqlx::Pool::connect_lazy_with`].
    pub fn connect_lazy_with(options: <DB::Connection as sqlx::Connection>::Options) -> Self {
        Self::new(sqlx::Pool::connect_lazy_with(options))
    }

    /// Sends the spans and metrics of this pool to `telemetry`.
    ///
    /// Connections that were taken before keep to the one they had.
    #[must_use]
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        let source = Source::new::<DB>(self.source.target.clone(), Some(telemetry));
        Self {
            inner: self.inner,
            source,
        }
    }

    /// Takes a connection from the pool. As [`sqlx::Pool::acquire`].
    pub fn acquire(
        &self,
    ) -> impl Future<Output = sqlx::Result<PoolConnection<DB>>> + Send + use<DB> {
        let acquire = self.inner.acquire();
        let source = Arc::clone(&self.source);
        async move { Ok(PoolConnection::new(acquire.await?, source)) }
    }

    /// Takes a connection if one is idle. As [`sqlx::Pool::try_acquire`].
    pub fn try_acquire(&self) -> Option<PoolConnection<DB>> {
        let connection = self.inner.try_acquire()?;
        Some(PoolConnection::new(connection, Arc::clone(&self.source)))
    }

    /// Takes a connection and starts a transaction on it.
    ///
    /// The span `BEGIN` covers both.
    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, DB>> {
        self.begin_traced(statement::begin(), None).await
    }

    /// Starts a transaction with a statement of its own, such as `BEGIN IMMEDIATE`.
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> sqlx::Result<Transaction<'static, DB>> {
        let sql = statement.into_sql_str();
        let known = Statement::of(sql.as_str(), DB::DIALECT);
        self.begin_traced(known, Some(sql)).await
    }

    /// Starts a transaction if a connection is idle.
    pub async fn try_begin(&self) -> sqlx::Result<Option<Transaction<'static, DB>>> {
        let Some(connection) = self.inner.try_acquire() else {
            return Ok(None);
        };
        let running = Operation::new(&self.source, statement::begin(), false).start();
        self.begin_on(connection, running, None).await.map(Some)
    }

    /// Starts a transaction with a statement of its own, if a connection is idle.
    pub async fn try_begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> sqlx::Result<Option<Transaction<'static, DB>>> {
        let Some(connection) = self.inner.try_acquire() else {
            return Ok(None);
        };
        let sql = statement.into_sql_str();
        let known = Statement::of(sql.as_str(), DB::DIALECT);
        let running = Operation::new(&self.source, known, false).start();
        self.begin_on(connection, running, Some(sql))
            .await
            .map(Some)
    }

    async fn begin_traced(
        &self,
        known: Arc<Statement>,
        sql: Option<SqlStr>,
    ) -> sqlx::Result<Transaction<'static, DB>> {
        let mut running = Operation::new(&self.source, known, false).start();
        let acquired = Attached::new(self.inner.acquire(), running.context()).await;
        let connection = acquired.inspect_err(|error| running.fail::<DB>(error))?;
        running.acquired();
        self.begin_on(connection, running, sql).await
    }

    async fn begin_on(
        &self,
        connection: sqlx::pool::PoolConnection<DB>,
        mut running: Running,
        sql: Option<SqlStr>,
    ) -> sqlx::Result<Transaction<'static, DB>> {
        let future = sqlx::Transaction::begin(connection, sql);
        let begun = Attached::new(future, running.context()).await;
        let transaction = running.settle::<DB, _>(begun)?;
        Ok(Transaction::new(transaction, Arc::clone(&self.source)))
    }

    /// Traces a connection that did not come from this pool, as if it had.
    pub fn wrap<'c>(&self, connection: &'c mut DB::Connection) -> Connection<'c, DB> {
        Connection::borrowed(connection, Arc::clone(&self.source))
    }

    /// Returns the pool without tracing.
    pub fn untraced(&self) -> &sqlx::Pool<DB> {
        &self.inner
    }
}

impl<DB: Backend> From<sqlx::Pool<DB>> for Pool<DB> {
    fn from(pool: sqlx::Pool<DB>) -> Self {
        Self::new(pool)
    }
}

impl<DB: Database> Deref for Pool<DB> {
    type Target = sqlx::Pool<DB>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl<DB: Database> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            source: Arc::clone(&self.source),
        }
    }
}

impl<DB: Database> fmt::Debug for Pool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Passes on sqlx's own connections and transactions, which are not traced.
impl<'a, DB: Database> Acquire<'a> for &'_ Pool<DB> {
    type Database = DB;
    type Connection = sqlx::pool::PoolConnection<DB>;

    fn acquire(self) -> BoxFuture<'a, sqlx::Result<Self::Connection>> {
        Acquire::acquire(&self.inner)
    }

    fn begin(self) -> BoxFuture<'a, sqlx::Result<sqlx::Transaction<'a, DB>>> {
        Acquire::begin(&self.inner)
    }
}

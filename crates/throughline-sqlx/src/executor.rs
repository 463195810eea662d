//! The executors, one pair for each database.
//!
//! Each is written out for its database by a macro, and not generic over all of them: the
//! bound that would say "its connection is an executor for each lifetime" makes the compiler
//! lose `Send` for the futures of axum handlers and spawned tasks.
//!
//! Only what the trait requires is implemented. Its other methods build on these, so a query
//! is traced once, whichever way it comes.

#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use sqlx::{Database, Either};

use crate::{backend::Backend, operation::Running};

/// What a driver's stream gives.
pub(crate) type Item<DB> =
    sqlx::Result<Either<<DB as Database>::QueryResult, <DB as Database>::Row>>;

/// Counts what the driver gave.
pub(crate) fn observe<DB: Backend>(running: &mut Running, item: &Item<DB>) {
    match item {
        Ok(Either::Left(result)) => running.count_affected(DB::rows_affected(result)),
        Ok(Either::Right(_)) => running.count_row(),
        Err(error) => running.fail::<DB>(error),
    }
}

/// Counts the row of an answer that has at most one.
pub(crate) fn settle_optional<DB: Backend>(
    running: &mut Running,
    result: sqlx::Result<Option<DB::Row>>,
) -> sqlx::Result<Option<DB::Row>> {
    if let Ok(Some(_)) = &result {
        running.count_row();
    }
    running.settle::<DB, _>(result)
}

/// Implements the executors of one database, and names its types.
macro_rules! executors {
    ($database:ty, $pool:ident, $connection:ident, $transaction:ident) => {
        use std::pin::pin;

        use futures_core::{future::BoxFuture, stream::BoxStream};
        use futures_util::StreamExt as _;
        use sqlx::{Database, Describe, Execute, Executor, SqlStr};
        use throughline_core::context::Attached;

        use crate::{
            executor::{Item, observe, settle_optional},
            operation::Operation,
            split::Split,
        };

        #[doc = concat!("A traced [`sqlx`] pool of `", stringify!($database), "`.")]
        pub type $pool = crate::Pool<$database>;

        #[doc = concat!("A traced [`sqlx`] connection of `", stringify!($database), "`.")]
        pub type $connection<'c> = crate::Connection<'c, $database>;

        #[doc = concat!("A traced [`sqlx`] transaction of `", stringify!($database), "`.")]
        pub type $transaction<'c> = crate::Transaction<'c, $database>;

        type Prepared = sqlx::Result<<$database as Database>::Statement>;
        type Row = <$database as Database>::Row;
        type TypeInfo = <$database as Database>::TypeInfo;

        impl<'p> Executor<'p> for &'_ $pool {
            type Database = $database;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Item<$database>>
            where
                'p: 'e,
                E: 'q + Execute<'q, $database>,
            {
                let (operation, query) = Split::<$database>::of(query, &self.source);
                let pool = self.inner.clone();
                Box::pin(async_stream::stream! {
                    let mut running = operation.start();
                    // Pinned where it is: it is large, and would be moved twice.
                    let acquire = pin!(pool.acquire());
                    match Attached::new(acquire, running.context()).await {
                        Err(error) => {
                            running.fail::<$database>(&error);
                            yield Err(error);
                        }
                        Ok(mut connection) => {
                            running.acquired();
                            let rows = connection.fetch_many(query);
                            let mut rows = pin!(Attached::new(rows, running.context()));
                            while let Some(item) = rows.next().await {
                                observe::<$database>(&mut running, &item);
                                yield item;
                            }
                            running.complete();
                        }
                    }
                })
            }

            fn fetch_optional<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> BoxFuture<'e, sqlx::Result<Option<Row>>>
            where
                'p: 'e,
                E: 'q + Execute<'q, $database>,
            {
                let (operation, query) = Split::<$database>::of(query, &self.source);
                let pool = self.inner.clone();
                Box::pin(async move {
                    let mut running = operation.start();
                    // Pinned where it is: it is large, and would be moved twice.
                    let acquire = pin!(pool.acquire());
                    let acquired = Attached::new(acquire, running.context()).await;
                    let mut connection =
                        acquired.inspect_err(|error| running.fail::<$database>(error))?;
                    running.acquired();
                    let row = connection.fetch_optional(query);
                    let row = Attached::new(row, running.context()).await;
                    settle_optional::<$database>(&mut running, row)
                })
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [TypeInfo],
            ) -> BoxFuture<'e, Prepared>
            where
                'p: 'e,
            {
                let operation = Operation::with_verb(&self.source, sql.as_str(), "PREPARE");
                let pool = self.inner.clone();
                Box::pin(async move {
                    let mut running = operation.start();
                    // Pinned where it is: it is large, and would be moved twice.
                    let acquire = pin!(pool.acquire());
                    let acquired = Attached::new(acquire, running.context()).await;
                    let mut connection =
                        acquired.inspect_err(|error| running.fail::<$database>(error))?;
                    running.acquired();
                    let prepared = connection.prepare_with(sql, parameters);
                    let prepared = Attached::new(prepared, running.context()).await;
                    running.settle::<$database, _>(prepared)
                })
            }

            fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<$database>>>
            where
                'p: 'e,
            {
                let operation = Operation::with_verb(&self.source, sql.as_str(), "DESCRIBE");
                let pool = self.inner.clone();
                Box::pin(async move {
                    let mut running = operation.start();
                    // Pinned where it is: it is large, and would be moved twice.
                    let acquire = pin!(pool.acquire());
                    let acquired = Attached::new(acquire, running.context()).await;
                    let mut connection =
                        acquired.inspect_err(|error| running.fail::<$database>(error))?;
                    running.acquired();
                    let described = connection.describe(sql);
                    let described = Attached::new(described, running.context()).await;
                    running.settle::<$database, _>(described)
                })
            }
        }

        impl<'t> Executor<'t> for &'t mut $connection<'_> {
            type Database = $database;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Item<$database>>
            where
                't: 'e,
                E: 'q + Execute<'q, $database>,
            {
                let (operation, query) = Split::<$database>::of(query, &self.source);
                let connection = self.raw();
                Box::pin(async_stream::stream! {
                    let mut running = operation.start();
                    let rows = connection.fetch_many(query);
                    let mut rows = pin!(Attached::new(rows, running.context()));
                    while let Some(item) = rows.next().await {
                        observe::<$database>(&mut running, &item);
                        yield item;
                    }
                    running.complete();
                })
            }

            fn fetch_optional<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> BoxFuture<'e, sqlx::Result<Option<Row>>>
            where
                't: 'e,
                E: 'q + Execute<'q, $database>,
            {
                let (operation, query) = Split::<$database>::of(query, &self.source);
                let connection = self.raw();
                Box::pin(async move {
                    let mut running = operation.start();
                    let row = connection.fetch_optional(query);
                    let row = Attached::new(row, running.context()).await;
                    settle_optional::<$database>(&mut running, row)
                })
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [TypeInfo],
            ) -> BoxFuture<'e, Prepared>
            where
                't: 'e,
            {
                let operation = Operation::with_verb(&self.source, sql.as_str(), "PREPARE");
                let connection = self.raw();
                Box::pin(async move {
                    let mut running = operation.start();
                    let prepared = connection.prepare_with(sql, parameters);
                    let prepared = Attached::new(prepared, running.context()).await;
                    running.settle::<$database, _>(prepared)
                })
            }

            fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<$database>>>
            where
                't: 'e,
            {
                let operation = Operation::with_verb(&self.source, sql.as_str(), "DESCRIBE");
                let connection = self.raw();
                Box::pin(async move {
                    let mut running = operation.start();
                    let described = connection.describe(sql);
                    let described = Attached::new(described, running.context()).await;
                    running.settle::<$database, _>(described)
                })
            }
        }
    };
}

use executors;

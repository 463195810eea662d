//! The traced transaction.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use opentelemetry::KeyValue;
use sqlx::Database;
use sqlx_core::transaction::TransactionManager as _;
use throughline_core::{
    context::Attached,
    semconv::{attr, event},
};

use crate::{
    backend::Backend, connection::Connection, operation::Operation, source::Source, statement,
};

/// A traced transaction. Dereferences to [`Connection`].
///
/// # Cancellation
///
/// Dropped while it is open, it is rolled back: sqlx sends the `ROLLBACK` when the
/// connection is used next, or on its way back to the pool. The span that is current at the
/// drop gets the event `throughline.db.rollback_on_drop` with `db.system.name`; no span can
/// stand for a command that is not sent yet.
pub struct Transaction<'c, DB: Database> {
    // Dropped first: the event stands before all that the rollback causes.
    open: Open,
    connection: Connection<'c, DB>,
}

impl<DB: Backend> Transaction<'_, DB> {
    /// Commits, or, for a savepoint, releases it.
    ///
    /// The span is called `COMMIT` or `RELEASE SAVEPOINT`.
    pub async fn commit(self) -> sqlx::Result<()> {
        let Self {
            mut open,
            connection,
        } = self;
        let source = Arc::clone(&connection.source);
        let depth = DB::TransactionManager::get_transaction_depth(connection.raw_ref());
        let known = if depth > 1 {
            statement::release_savepoint()
        } else {
            statement::commit()
        };
        let Some(transaction) = connection.into_transaction() else {
            return Ok(());
        };
        let mut running = Operation::new(&source, known, false).start();
        let committed = Attached::new(transaction.commit(), running.context()).await;
        open.is_open = committed.is_err();
        running.settle::<DB, _>(committed)
    }

    /// Rolls back, or, for a savepoint, back to it.
    ///
    /// The span is called `ROLLBACK` or `ROLLBACK TO SAVEPOINT`.
    pub async fn rollback(self) -> sqlx::Result<()> {
        let Self {
            mut open,
            connection,
        } = self;
        let source = Arc::clone(&connection.source);
        let depth = DB::TransactionManager::get_transaction_depth(connection.raw_ref());
        let known = if depth > 1 {
            statement::rollback_to_savepoint()
        } else {
            statement::rollback()
        };
        let Some(transaction) = connection.into_transaction() else {
            return Ok(());
        };
        let mut running = Operation::new(&source, known, false).start();
        let rolled_back = Attached::new(transaction.rollback(), running.context()).await;
        open.is_open = rolled_back.is_err();
        running.settle::<DB, _>(rolled_back)
    }
}

impl<'c, DB: Backend> Transaction<'c, DB> {
    pub(crate) fn new(transaction: sqlx::Transaction<'c, DB>, source: Arc<Source>) -> Self {
        let open = Open {
            system: source.system,
            is_open: true,
        };
        Self {
            open,
            connection: Connection::of_transaction(transaction, source),
        }
    }
}

impl<'c, DB: Database> Deref for Transaction<'c, DB> {
    type Target = Connection<'c, DB>;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Transaction<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl<DB: Database> fmt::Debug for Transaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("open", &self.open.is_open)
            .finish_non_exhaustive()
    }
}

/// Makes the rollback of a dropped transaction visible.
struct Open {
    system: &'static str,
    is_open: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.is_open {
            let system = KeyValue::new(attr::DB_SYSTEM_NAME, self.system);
            throughline_core::current().event(event::THROUGHLINE_DB_ROLLBACK_ON_DROP, [system]);
        }
    }
}

//! A query taken apart, so that its text can be seen before it is executed.

use std::sync::Arc;

use sqlx::{Arguments as _, Database, Execute, SqlStr, error::BoxDynError};

use crate::{operation::Operation, source::Source, statement::Statement};

/// What a driver asks of a query, in the order in which drivers ask.
///
/// The order matters: `persistent` of a mapped query depends on whether its arguments were
/// taken.
pub(crate) struct Split<DB: Database> {
    statement: Option<DB::Statement>,
    arguments: Result<Option<DB::Arguments>, BoxDynError>,
    persistent: bool,
    sql: SqlStr,
}

impl<DB: Database> Split<DB> {
    /// Takes `query` apart.
    pub(crate) fn of<'q, E: Execute<'q, DB>>(
        mut query: E,
        source: &Arc<Source>,
    ) -> (Operation, Self) {
        let statement = query.statement().cloned();
        let arguments = query.take_arguments();
        let persistent = query.persistent();
        let sql = query.sql();
        let has_binds = match &arguments {
            Ok(Some(arguments)) => arguments.len() > 0,
            Ok(None) | Err(_) => false,
        };
        let known = Statement::of(sql.as_str(), source.dialect);
        let operation = Operation::new(source, known, has_binds);
        (
            operation,
            Self {
                statement,
                arguments,
                persistent,
                sql,
            },
        )
    }
}

impl<DB: Database> Execute<'_, DB> for Split<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.statement.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        std::mem::replace(&mut self.arguments, Ok(None))
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

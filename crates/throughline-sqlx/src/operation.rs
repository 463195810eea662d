//! One call to the database, from its first poll to its end.

use std::{sync::Arc, thread, time::Duration};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanBuilder, SpanKind, Status, TraceContextExt as _},
};
use throughline_core::{clock::Stopwatch, outcome::Outcome, semconv::attr, telemetry::Started};

use crate::{
    backend::Backend, describe, failure::Failure, instruments::DbInstruments, source::Source,
    statement::Statement,
};

/// A wait for a connection that is worth an attribute.
const LONG_ACQUIRE: Duration = Duration::from_millis(1);

/// A call that has not started yet.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) source: Arc<Source>,
    pub(crate) statement: Arc<Statement>,
    /// What is done with the statement, if it is not executed.
    pub(crate) verb: Option<&'static str>,
    /// Values are bound to the statement.
    pub(crate) has_binds: bool,
}

impl Operation {
    /// Executes `statement`.
    pub(crate) fn new(source: &Arc<Source>, statement: Arc<Statement>, has_binds: bool) -> Self {
        Self {
            source: Arc::clone(source),
            statement,
            verb: None,
            has_binds,
        }
    }

    /// Does something else with the statement, such as preparing it.
    ///
    /// The text is recorded sanitised: whether values will be bound to it is not known.
    pub(crate) fn with_verb(source: &Arc<Source>, text: &str, verb: &'static str) -> Self {
        let statement = Statement::of(text, source.dialect);
        Self {
            source: Arc::clone(source),
            statement,
            verb: Some(verb),
            has_binds: false,
        }
    }

    /// Starts the span and the clock.
    pub(crate) fn start(self) -> Running {
        let instruments = self.source.resolver.get();
        let parent = Context::current();
        let watch = Stopwatch::start();
        let builder = SpanBuilder::from_name(describe::name(&self))
            .with_kind(SpanKind::Client)
            .with_start_time(watch.started_at());
        let started = instruments.tracer.start(&parent, builder, || {
            describe::span(&self, instruments.names)
        });
        Running {
            operation: self,
            instruments,
            watch,
            started,
            rows: 0,
            affected: None,
            is_over: false,
        }
    }
}

/// A call that has started.
///
/// Ends exactly once: by [`complete`](Self::complete), by [`fail`](Self::fail), or when it is
/// dropped before either, which means that nobody wants the rest of the answer, or that the
/// driver panicked.
pub(crate) struct Running {
    operation: Operation,
    instruments: Arc<DbInstruments>,
    watch: Stopwatch,
    started: Started,
    rows: u64,
    affected: Option<u64>,
    is_over: bool,
}

impl Running {
    /// Returns the context in which the driver is polled.
    pub(crate) fn context(&self) -> Context {
        self.started.context.clone()
    }

    /// Says that the connection is there, and records the wait if it was long.
    pub(crate) fn acquired(&self) {
        if !self.started.recording {
            return;
        }
        let waited = self.watch.elapsed();
        if waited > LONG_ACQUIRE {
            let milliseconds = waited.as_secs_f64() * 1_000.0;
            self.set(KeyValue::new(attr::THROUGHLINE_DB_ACQUIRE_MS, milliseconds));
        }
    }

    /// Counts a row that was returned.
    pub(crate) fn count_row(&mut self) {
        self.rows += 1;
    }

    /// Adds the number of rows that a statement changed.
    pub(crate) fn count_affected(&mut self, rows: u64) {
        self.affected = Some(self.affected.unwrap_or(0) + rows);
    }

    /// Ends it well.
    pub(crate) fn complete(&mut self) {
        self.end(&Outcome::Completed, None);
    }

    /// Ends it with an error of the driver.
    pub(crate) fn fail<DB: Backend>(&mut self, error: &sqlx::Error) {
        match Failure::of::<DB>(error) {
            Some(failure) => {
                self.end(&Outcome::Error(failure.error_type()), Some(failure));
            }
            None => self.complete(),
        }
    }

    /// Ends it with what the driver answered, and passes that on.
    pub(crate) fn settle<DB: Backend, T>(&mut self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        match &result {
            Ok(_) => self.complete(),
            Err(error) => self.fail::<DB>(error),
        }
        result
    }

    fn end(&mut self, outcome: &Outcome, failure: Option<Failure>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let elapsed = self.watch.elapsed();
        self.instruments
            .record(elapsed.as_secs_f64(), &self.operation, failure.as_ref());
        if !self.started.recording {
            return;
        }
        let statement = &self.operation.statement;
        let is_executed = self.operation.verb.is_none();
        if is_executed && (self.rows > 0 || (statement.reads && failure.is_none())) {
            self.set(KeyValue::new(
                attr::DB_RESPONSE_RETURNED_ROWS,
                integer(self.rows),
            ));
        }
        // What SQLite says after a SELECT is the number of the statement before it.
        if let Some(affected) = self.affected.filter(|_| statement.writes) {
            self.set(KeyValue::new(attr::DB_ROWS_AFFECTED, integer(affected)));
        }
        let span = self.started.context.span();
        if matches!(outcome, Outcome::Cancelled | Outcome::Panicked) {
            self.set(KeyValue::new(attr::THROUGHLINE_OUTCOME, outcome.as_str()));
            if let Some(error) = outcome.error_type() {
                self.set(KeyValue::new(attr::ERROR_TYPE, error));
                span.set_status(Status::error(""));
            }
        }
        if let Some(mut failure) = failure {
            if let Some(violation) = failure.violation() {
                self.set(KeyValue::new(
                    attr::THROUGHLINE_DB_VIOLATION,
                    violation.kind,
                ));
                if let Some(name) = violation.constraint {
                    self.set(KeyValue::new(attr::THROUGHLINE_DB_CONSTRAINT, name));
                }
            }
            self.set(KeyValue::new(attr::ERROR_TYPE, failure.error_type()));
            if let Some(code) = failure.status_code() {
                self.set(KeyValue::new(attr::DB_RESPONSE_STATUS_CODE, code));
            }
            span.set_status(Status::error(failure.into_message()));
        }
        span.end_with_timestamp(self.watch.at(elapsed));
    }

    fn set(&self, attribute: KeyValue) {
        self.started.context.span().set_attribute(attribute);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let outcome = if thread::panicking() {
            Outcome::Panicked
        } else {
            Outcome::Cancelled
        };
        self.end(&outcome, None);
    }
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

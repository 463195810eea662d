//! One call to redis, from its first poll to its end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanBuilder, SpanKind, Status, TraceContextExt as _},
};
use redis::{Arg, Cmd, RedisError, Value};
use throughline_core::{
    clock::Stopwatch,
    outcome::Outcome,
    semconv::{attr, event},
    telemetry::Started,
};

use crate::{
    call::{Call, Shape},
    command::{Class, Named},
    describe,
    failure::Failure,
    instruments::RedisInstruments,
    reply::{self, Lookups},
    source::Source,
    template::Template,
};

/// What [`attr::THROUGHLINE_REDIS_WAIT`] says.
const MESSAGE: &str = "message";
const TIMEOUT: &str = "timeout";

/// A call that has started.
///
/// Ends exactly once: by what was answered, or when it is dropped before that, which means
/// that nobody wants the answer, or that the connection panicked.
pub(crate) struct Running<'a> {
    call: Call<'a>,
    source: &'a Source,
    /// The database of the connection, which the call may change.
    selected: &'a AtomicI64,
    database: i64,
    instruments: Arc<RedisInstruments>,
    watch: Stopwatch,
    started: Started,
    is_over: bool,
}

/// What an answer says about a call.
#[derive(Default)]
struct Findings {
    failure: Option<Failure>,
    failed_commands: i64,
    lookups: Option<Lookups>,
    wait: Option<&'static str>,
    is_aborted: bool,
    reply_bytes: usize,
}

impl<'a> Running<'a> {
    /// Starts the span and the clock.
    pub(crate) fn start(call: Call<'a>, source: &'a Source, selected: &'a AtomicI64) -> Self {
        let instruments = source.resolver.get();
        let parent = Context::current();
        let database = selected.load(Ordering::Relaxed);
        let watch = Stopwatch::start();
        let builder = SpanBuilder::from_name(call.label.text)
            .with_kind(SpanKind::Client)
            .with_start_time(watch.started_at());
        let started = instruments.tracer.start(&parent, builder, || {
            describe::span(&call, source, database, instruments.names)
        });
        Self {
            call,
            source,
            selected,
            database,
            instruments,
            watch,
            started,
            is_over: false,
        }
    }

    /// Returns the context in which the connection is polled.
    pub(crate) fn context(&self) -> Context {
        self.started.context.clone()
    }

    /// Ends a single command, or a step.
    pub(crate) fn answered(&mut self, answer: &Result<Value, RedisError>) {
        let findings = match (answer, self.call.shape) {
            (Err(failed), _) => self.failed(failed),
            (Ok(value), Shape::Command(cmd, named)) => self.read_one(cmd, named, value),
            (Ok(_), Shape::Pipeline(_) | Shape::Step) => Findings::default(),
        };
        self.settle(findings);
    }

    /// Ends a pipeline.
    pub(crate) fn answered_all(&mut self, answer: &Result<Vec<Value>, RedisError>) {
        let findings = match (answer, self.call.shape) {
            (Err(failed), _) => self.failed(failed),
            (Ok(values), Shape::Command(cmd, named)) => {
                let value = values.first().unwrap_or(&Value::Nil);
                self.read_one(cmd, named, value)
            }
            (Ok(values), Shape::Pipeline(pipeline)) if pipeline.is_transaction() => {
                match values.first().map(reply::bare) {
                    Some(Value::Nil) => Findings {
                        is_aborted: true,
                        ..Findings::default()
                    },
                    Some(Value::Array(values)) => self.read_all(values),
                    _ => self.read_all(values),
                }
            }
            (Ok(values), Shape::Pipeline(_)) => self.read_all(values),
            (Ok(_), Shape::Step) => Findings::default(),
        };
        self.settle(findings);
    }

    /// Ends a step whose answer has no values.
    pub(crate) fn done<T>(&mut self, answer: &Result<T, RedisError>) {
        let findings = match answer {
            Ok(_) => Findings::default(),
            Err(failed) => self.failed(failed),
        };
        self.settle(findings);
    }

    fn failed(&self, failed: &RedisError) -> Findings {
        Findings {
            failure: Some(Failure::of(failed, &mut self.call.commands())),
            ..Findings::default()
        }
    }

    fn read_one(&self, cmd: &Cmd, named: Named, value: &Value) -> Findings {
        if let Some(error) = reply::error(value) {
            return Findings {
                failure: Some(Failure::of_answer(error, &mut self.call.commands())),
                ..Findings::default()
            };
        }
        if !reply::is_queued(value) {
            self.note_select(cmd, named);
        }
        let is_nil = reply::is_nil(value);
        Findings {
            lookups: self.look_up(cmd, named, value, || {
                let template = || named.key(cmd).map(Template::of);
                self.call.template.or_else(template)
            }),
            wait: match named.class() {
                Class::Blocking | Class::MayBlock if self.call.is_measured => None,
                Class::Blocking | Class::MayBlock if reply::is_queued(value) => None,
                Class::Blocking | Class::MayBlock => Some(if is_nil { TIMEOUT } else { MESSAGE }),
                _ => None,
            },
            is_aborted: named.class() == Class::Exec && is_nil,
            reply_bytes: self.bytes(std::slice::from_ref(value)),
            ..Findings::default()
        }
    }

    fn read_all(&self, values: &[Value]) -> Findings {
        let mut findings = Findings::default();
        for (cmd, value) in self.call.commands().zip(values) {
            if let Some(error) = reply::error(value) {
                findings.failed_commands += 1;
                let failure = || Failure::of_answer(error, &mut self.call.commands());
                findings.failure.get_or_insert_with(failure);
                continue;
            }
            let named = Named::of(cmd);
            self.note_select(cmd, named);
            let template = || named.key(cmd).map(Template::of);
            if let Some(found) = self.look_up(cmd, named, value, template) {
                findings
                    .lookups
                    .get_or_insert_with(Lookups::default)
                    .add(found);
            }
        }
        findings.reply_bytes = self.bytes(values);
        findings
    }

    /// Counts what a command looked up. Every look-up passes here.
    fn look_up(
        &self,
        cmd: &Cmd,
        named: Named,
        value: &Value,
        template: impl FnOnce() -> Option<Template>,
    ) -> Option<Lookups> {
        // Without a response there is nothing but a nil that the client made up.
        if cmd.is_no_response() {
            return None;
        }
        let found = Lookups::of(named.class(), value, self.source.empty_is_miss)?;
        self.instruments.count(found, named.label, template());
        Some(found)
    }

    fn note_select(&self, cmd: &Cmd, named: Named) {
        if named.class() != Class::Select {
            return;
        }
        let database = match cmd.args_iter().nth(1) {
            Some(Arg::Simple(database)) => std::str::from_utf8(database)
                .ok()
                .and_then(|database| database.parse().ok()),
            // `RESET` goes back to the first one.
            _ => Some(0),
        };
        if let Some(database) = database {
            self.selected.store(database, Ordering::Relaxed);
        }
    }

    /// Measures the reply, if anybody will see the result.
    fn bytes(&self, values: &[Value]) -> usize {
        if self.started.recording {
            values.iter().map(reply::bytes).sum()
        } else {
            0
        }
    }

    fn settle(&mut self, mut findings: Findings) {
        // After it the script is loaded and called again.
        let is_missing_script = findings
            .failure
            .as_ref()
            .is_some_and(|failure| self.is_script() && failure.is_missing_script());
        if is_missing_script {
            findings.failure = None;
        }
        let outcome = match &findings.failure {
            Some(failure) => Outcome::Error(failure.error_type()),
            None => Outcome::Completed,
        };
        if is_missing_script && self.started.recording {
            let span = self.started.context.span();
            span.add_event(event::THROUGHLINE_REDIS_SCRIPT_NOT_LOADED, Vec::new());
            self.set(KeyValue::new(attr::DB_RESPONSE_STATUS_CODE, "NOSCRIPT"));
        }
        self.end(&outcome, findings);
    }

    fn is_script(&self) -> bool {
        matches!(self.call.shape, Shape::Command(_, named) if named.class() == Class::Script)
    }

    fn end(&mut self, outcome: &Outcome, findings: Findings) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let elapsed = self.watch.elapsed();
        let failure = findings.failure.as_ref();
        if self.call.is_measured {
            let seconds = elapsed.as_secs_f64();
            self.instruments.measure(
                seconds,
                self.source,
                self.database,
                self.call.label,
                failure,
            );
        }
        if !self.started.recording {
            return;
        }
        self.describe_end(outcome, findings);
        let span = self.started.context.span();
        span.end_with_timestamp(self.watch.at(elapsed));
    }

    fn describe_end(&self, outcome: &Outcome, findings: Findings) {
        let span = self.started.context.span();
        if let Some(found) = findings.lookups {
            self.describe_lookups(found);
        }
        if let Some(wait) = findings.wait {
            self.set(KeyValue::new(attr::THROUGHLINE_REDIS_WAIT, wait));
        }
        if findings.is_aborted {
            self.set(KeyValue::new(attr::THROUGHLINE_REDIS_ABORTED, true));
        }
        if findings.reply_bytes >= self.source.big_reply {
            let bytes = i64::try_from(findings.reply_bytes).unwrap_or(i64::MAX);
            self.set(KeyValue::new(attr::THROUGHLINE_REDIS_REPLY_BYTES, bytes));
        }
        if findings.failed_commands > 0 {
            let key = attr::THROUGHLINE_REDIS_FAILED_COMMANDS;
            self.set(KeyValue::new(key, findings.failed_commands));
        }
        if matches!(outcome, Outcome::Cancelled | Outcome::Panicked) {
            self.set(KeyValue::new(attr::THROUGHLINE_OUTCOME, outcome.as_str()));
            if let Some(error) = outcome.error_type() {
                self.set(KeyValue::new(attr::ERROR_TYPE, error));
                span.set_status(Status::error(""));
            }
        }
        if let Some(failure) = findings.failure {
            self.set(KeyValue::new(attr::ERROR_TYPE, failure.error_type()));
            if let Some(code) = failure.status_code() {
                self.set(KeyValue::new(attr::DB_RESPONSE_STATUS_CODE, code));
            }
            span.set_status(Status::error(failure.into_message()));
        }
    }

    fn describe_lookups(&self, found: Lookups) {
        let is_single = matches!(self.call.shape, Shape::Command(_, named) if named.class() != Class::MultiRead);
        if is_single {
            self.set(KeyValue::new(attr::CACHE_HIT, found.hits > 0));
        } else {
            let integer = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            self.set(KeyValue::new(
                attr::THROUGHLINE_CACHE_HITS,
                integer(found.hits),
            ));
            self.set(KeyValue::new(
                attr::THROUGHLINE_CACHE_MISSES,
                integer(found.misses),
            ));
        }
    }

    fn set(&self, attribute: KeyValue) {
        self.started.context.span().set_attribute(attribute);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let outcome = if thread::panicking() {
            Outcome::Panicked
        } else {
            Outcome::Cancelled
        };
        self.end(&outcome, Findings::default());
    }
}

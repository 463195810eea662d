//! The attributes of a database call.
//!
//! Source: semantic conventions, "Database client spans" and "Database client metrics".

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};
use throughline_core::semconv::{Names, attr, old_names};

use crate::{failure::Failure, operation::Operation, source::Source, statement::Statement};

/// What is known at the start, and room for what is known at the end.
const ROOM: usize = 11;

/// Returns the name of the span: the operation where there is one that the text does not
/// name, else the summary, else the system.
pub(crate) fn name(operation: &Operation) -> Cow<'static, str> {
    if let Some(verb) = operation.verb {
        return Cow::Borrowed(verb);
    }
    let summary = operation.statement.summary().text();
    summary.unwrap_or(Cow::Borrowed(operation.source.system))
}

/// Returns the attributes that a span starts with.
pub(crate) fn span(operation: &Operation, names: Names) -> Vec<KeyValue> {
    let Operation {
        source,
        statement,
        verb,
        has_binds,
    } = operation;
    let mut attributes = Vec::with_capacity(if names == Names::Both { 2 * ROOM } else { ROOM });
    push_target(&mut attributes, source);
    let summary = statement.summary();
    let text = statement.text(*has_binds);
    if let Some(text) = text {
        attributes.push(KeyValue::new(attr::DB_QUERY_TEXT, text));
    }
    if let Some(summary) = summary.text() {
        attributes.push(KeyValue::new(summary_key(statement), string(summary)));
    }
    if let Some(verb) = *verb {
        attributes.push(KeyValue::new(attr::DB_OPERATION_NAME, verb));
    }
    if names.old() {
        // The old conventions wanted the operation of every query.
        if let (None, Some(operation)) = (verb, summary.operation()) {
            attributes.push(KeyValue::new(attr::DB_OPERATION, operation.to_owned()));
        }
        old_names::database(&mut attributes, names);
    }
    attributes
}

/// Returns the attributes of the duration: those of the span whose number is bounded.
pub(crate) fn metric(operation: &Operation, failure: Option<&Failure>) -> Vec<KeyValue> {
    let Operation {
        source,
        statement,
        verb,
        ..
    } = operation;
    let mut attributes = Vec::with_capacity(8);
    push_target(&mut attributes, source);
    if let Some((summary, _)) = statement.summary().interned() {
        attributes.push(KeyValue::new(summary_key(statement), summary));
    }
    if let Some(verb) = *verb {
        attributes.push(KeyValue::new(attr::DB_OPERATION_NAME, verb));
    }
    if let Some(failure) = failure {
        attributes.push(KeyValue::new(attr::ERROR_TYPE, failure.error_type()));
        if let Some(code) = failure.status_code() {
            attributes.push(KeyValue::new(attr::DB_RESPONSE_STATUS_CODE, code));
        }
    }
    attributes
}

fn push_target(attributes: &mut Vec<KeyValue>, source: &Source) {
    attributes.push(KeyValue::new(attr::DB_SYSTEM_NAME, source.system));
    if let Some(namespace) = &source.target.namespace {
        attributes.push(KeyValue::new(attr::DB_NAMESPACE, namespace.clone()));
    }
    if let Some(address) = &source.target.address {
        attributes.push(KeyValue::new(attr::SERVER_ADDRESS, address.clone()));
    }
    if let Some(port) = source.target.port {
        attributes.push(KeyValue::new(attr::SERVER_PORT, i64::from(port)));
    }
}

/// The summary of a command of the transaction protocol is the name of the operation.
fn summary_key(statement: &Statement) -> &'static str {
    if statement.is_command() {
        attr::DB_OPERATION_NAME
    } else {
        attr::DB_QUERY_SUMMARY
    }
}

fn string(text: Cow<'static, str>) -> StringValue {
    match text {
        Cow::Borrowed(text) => StringValue::from(text),
        Cow::Owned(text) => StringValue::from(text),
    }
}

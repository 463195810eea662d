//! The attributes of a redis call.
//!
//! Source: semantic conventions, "Redis client operations" and "Database client metrics".

use std::sync::Arc;

use opentelemetry::{KeyValue, StringValue};
use redis::{Arg, Cmd};
use throughline_core::semconv::{Names, attr, old_names};

use crate::{
    call::{Call, Shape},
    command::{Class, Label},
    failure::Failure,
    source::Source,
    template::Template,
};

/// What is known at the start, and room for what is known at the end.
const ROOM: usize = 10;

/// The value of `db.system.name`.
const SYSTEM: &str = "redis";

/// The databases of a server as it is delivered.
const DATABASES: [&str; 16] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15",
];

/// Returns the attributes that a span starts with.
pub(crate) fn span(call: &Call<'_>, source: &Source, database: i64, names: Names) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(if names == Names::Both { 2 * ROOM } else { ROOM });
    push_target(&mut attributes, source, database);
    attributes.push(KeyValue::new(attr::DB_OPERATION_NAME, call.label.text));
    match call.shape {
        Shape::Command(cmd, command) => {
            if command.class() == Class::Script
                && let Some(name) = procedure(cmd)
            {
                attributes.push(KeyValue::new(attr::DB_STORED_PROCEDURE_NAME, name));
            }
            let template = call.template.or_else(|| command.key(cmd).map(Template::of));
            if let Some(template) = template {
                let key = attr::THROUGHLINE_REDIS_KEY_TEMPLATE;
                attributes.push(KeyValue::new(key, template.text));
            }
        }
        Shape::Pipeline(pipeline) if pipeline.len() > 1 => {
            let size = i64::try_from(pipeline.len()).unwrap_or(i64::MAX);
            attributes.push(KeyValue::new(attr::DB_OPERATION_BATCH_SIZE, size));
        }
        Shape::Pipeline(_) | Shape::Step => {}
    }
    if names.old() {
        old_names::database(&mut attributes, names);
    }
    attributes
}

/// Returns the attributes of the duration: those of the span whose number is bounded.
pub(crate) fn metric(
    source: &Source,
    database: i64,
    label: Label,
    failure: Option<&Failure>,
) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(7);
    push_target(&mut attributes, source, database);
    attributes.push(KeyValue::new(attr::DB_OPERATION_NAME, label.text));
    if let Some(failure) = failure {
        attributes.push(KeyValue::new(attr::ERROR_TYPE, failure.label()));
        if failure.status_code().is_some() {
            attributes.push(KeyValue::new(
                attr::DB_RESPONSE_STATUS_CODE,
                failure.label(),
            ));
        }
    }
    attributes
}

fn push_target(attributes: &mut Vec<KeyValue>, source: &Source, database: i64) {
    attributes.push(KeyValue::new(attr::DB_SYSTEM_NAME, SYSTEM));
    attributes.push(KeyValue::new(attr::DB_NAMESPACE, namespace(database)));
    if let Some(address) = &source.target.address {
        attributes.push(KeyValue::new(attr::SERVER_ADDRESS, address.clone()));
    }
    if let Some(port) = source.target.port {
        attributes.push(KeyValue::new(attr::SERVER_PORT, i64::from(port)));
    }
}

fn namespace(database: i64) -> StringValue {
    let known = usize::try_from(database)
        .ok()
        .and_then(|database| DATABASES.get(database));
    match known {
        Some(name) => StringValue::from(*name),
        None => StringValue::from(database.to_string()),
    }
}

/// Returns the digest of a script or the name of a function. The text of a script is neither.
fn procedure(cmd: &Cmd) -> Option<StringValue> {
    let mut args = cmd.args_iter();
    let (Some(Arg::Simple(command)), Some(Arg::Simple(name))) = (args.next(), args.next()) else {
        return None;
    };
    let is_digest = command.len() >= 7 && command[..7].eq_ignore_ascii_case(b"EVALSHA");
    let is_function = command.len() >= 5 && command[..5].eq_ignore_ascii_case(b"FCALL");
    let is_valid = if is_digest {
        name.len() == 40 && name.iter().all(u8::is_ascii_hexdigit)
    } else {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        is_function && name.len() <= 64 && name.iter().all(is_name)
    };
    let name = is_valid.then(|| std::str::from_utf8(name).ok()).flatten()?;
    Some(StringValue::from(Arc::<str>::from(name)))
}

#[cfg(test)]
mod tests {
    use redis::cmd;

    use super::*;

    #[test]
    fn a_script_is_named_by_its_digest_and_a_function_by_its_name() {
        let digest = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
        let cases = [
            ("EVALSHA", digest, Some(digest)),
            ("evalsha_ro", digest, Some(digest)),
            ("EVALSHA", "hunter2", None),
            ("EVAL", "return 1", None),
            ("FCALL", "my_function", Some("my_function")),
            ("FCALL", "my function", None),
        ];
        for (command, name, expected) in cases {
            let mut cmd = cmd(command);
            cmd.arg(name).arg(0);
            let found = procedure(&cmd);
            assert_eq!(found.as_ref().map(StringValue::as_str), expected);
        }
    }
}

//! Clients: `reqwest` against a server on the loopback interface, which has a process of its own.

mod bare;
mod calls;
mod parent;
mod reqwest_tracing;
mod throughline;

use crate::subject::Subject;

const BASELINE: &str = "client: bare";

pub(crate) const SUBJECTS: &[Subject] = &[
    bare::SUBJECT,
    reqwest_tracing::SUBJECT,
    throughline::SUBJECT,
];

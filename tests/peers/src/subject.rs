//! What is compared.

use std::fmt;

use anyhow::Context as _;

use crate::{client, server};

/// A service or client with one library in it.
#[derive(Debug)]
pub struct Subject {
    /// Its row in the table, and its name on the command line.
    pub name: &'static str,
    /// The row that its cost is compared with.
    pub baseline: &'static str,
    /// Whether every sampled request must be delivered as a span.
    pub traces: bool,
    /// Sets it up. Called once in a process: it may set globals.
    pub make: fn(Caller) -> anyhow::Result<Box<dyn Run>>,
}

/// What the trace flags of the remote parent, or of the client's parent span, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The parent is sampled.
    Sampled,
    /// The parent is not sampled.
    Unsampled,
}

/// A subject that is set up.
pub trait Run {
    /// Makes `requests` requests, which the next [`Run::run`] serves. Not measured.
    fn prepare(&mut self, requests: usize);

    /// Serves what was prepared, to the last byte of each body.
    fn run(&mut self);

    /// Delivers the spans to the exporter.
    fn flush(&mut self);

    /// Returns how many spans the exporter got so far.
    fn delivered(&self) -> u64;
}

/// Returns all subjects, in the order of the table.
pub fn subjects() -> impl Iterator<Item = &'static Subject> {
    server::SUBJECTS.iter().chain(client::SUBJECTS)
}

/// Returns the subject with this name.
///
/// # Errors
///
/// Fails when there is none.
pub fn find(name: &str) -> anyhow::Result<&'static Subject> {
    subjects()
        .find(|subject| subject.name == name)
        .with_context(|| format!("no subject {name}"))
}

impl Caller {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Sampled, Self::Unsampled];

    /// Returns the name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::Unsampled => "unsampled",
        }
    }

    /// Returns the caller with this name.
    ///
    /// # Errors
    ///
    /// Fails when there is none.
    pub fn parse(name: &str) -> anyhow::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|caller| caller.name() == name)
            .with_context(|| format!("no caller {name}"))
    }

    /// Returns the `traceparent` that it sends.
    #[must_use]
    pub fn traceparent(self) -> &'static str {
        match self {
            Self::Sampled => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            Self::Unsampled => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

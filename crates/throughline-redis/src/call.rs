//! A call before it starts: what is sent, and what it is called.

use redis::{Cmd, Pipeline};

use crate::{
    command::{Class, Label, Named},
    template::Template,
};

/// A call that has not started yet.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) label: Label,
    pub(crate) shape: Shape<'a>,
    /// The template of a look-up, which is needed whether somebody records or not.
    pub(crate) template: Option<Template>,
    /// How long it takes says how fast the server is.
    pub(crate) is_measured: bool,
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'a> {
    /// One command.
    Command(&'a Cmd, Named),
    /// Several commands, or a transaction.
    Pipeline(&'a Pipeline),
    /// Something that has no arguments to look at.
    Step,
}

impl<'a> Call<'a> {
    /// Sends one command.
    pub(crate) fn command(cmd: &'a Cmd) -> Self {
        let named = Named::of(cmd);
        let is_lookup = matches!(named.class(), Class::Read | Class::MultiRead);
        Self {
            label: named.label,
            template: if is_lookup {
                named.key(cmd).map(Template::of)
            } else {
                None
            },
            is_measured: !named.is_blocking(cmd),
            shape: Shape::Command(cmd, named),
        }
    }

    /// Sends a pipeline. One of a single command is that command, unless it is a transaction.
    ///
    /// Source: semantic conventions, "Redis client operations": `PIPELINE` or `MULTI`, and the
    /// name of the commands if they have the same.
    pub(crate) fn pipeline(pipeline: &'a Pipeline) -> Self {
        let is_transaction = pipeline.is_transaction();
        let mut commands = pipeline.cmd_iter();
        let first = commands.next();
        if let (Some(cmd), 1, false) = (first, pipeline.len(), is_transaction) {
            return Self::command(cmd);
        }
        let mut common = first.map(Named::of);
        let mut is_measured = true;
        for cmd in pipeline.cmd_iter() {
            let named = Named::of(cmd);
            if common.is_some_and(|common| !named.is_same(&common)) {
                common = None;
            }
            // In a transaction nothing waits.
            is_measured &= is_transaction || !named.is_blocking(cmd);
        }
        let label = match common {
            Some(common) => common.batch_label(is_transaction),
            None if is_transaction => Label::MULTI,
            None => Label::PIPELINE,
        };
        Self {
            label,
            shape: Shape::Pipeline(pipeline),
            template: None,
            is_measured,
        }
    }

    /// Does something that is told by its name alone.
    pub(crate) fn step(label: Label) -> Call<'static> {
        Call {
            label,
            shape: Shape::Step,
            template: None,
            // Connecting is more than one operation.
            is_measured: label != Label::CONNECT,
        }
    }

    /// Returns the commands, for whoever must know their arguments.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &'a Cmd> {
        let (one, many) = match self.shape {
            Shape::Command(cmd, _) => (Some(cmd), None),
            Shape::Pipeline(pipeline) => (None, Some(pipeline.cmd_iter())),
            Shape::Step => (None, None),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

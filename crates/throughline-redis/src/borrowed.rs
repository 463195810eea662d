//! A connection that belongs to somebody else.

use std::ops::{Deref, DerefMut};

use redis::{Cmd, Pipeline, RedisFuture, Value, aio::ConnectionLike};

/// A borrowed connection. redis implements its trait for owned ones only.
///
/// Made by [`Tracing::borrow`](crate::Tracing::borrow).
#[derive(Debug)]
pub struct Borrowed<'c, C>(&'c mut C);

impl<'c, C> Borrowed<'c, C> {
    pub(crate) fn new(connection: &'c mut C) -> Self {
        Self(connection)
    }
}

impl<C: ConnectionLike> ConnectionLike for Borrowed<'_, C> {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        self.0.req_packed_command(cmd)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.0.req_packed_commands(pipeline, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.0.get_db()
    }
}

impl<C> Deref for Borrowed<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.0
    }
}

impl<C> DerefMut for Borrowed<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.0
    }
}

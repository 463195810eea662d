//! The traced connection.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, atomic::AtomicI64},
};

use redis::{
    Client, Cmd, Pipeline, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, MultiplexedConnection},
};
use throughline_core::{context::Attached, telemetry::Telemetry};

use crate::{Tracing, call::Call, operation::Running, source::Source};

/// A traced connection of any kind: multiplexed, managed, of a cluster, of a pool.
///
/// It is a [`ConnectionLike`], so that `AsyncCommands`, `cmd(..).query_async`, pipelines,
/// scripts and iterators work on it as they are. It dereferences to the connection inside;
/// what is called there is not traced.
///
/// Clones of a connection that can be cloned share what the connection shares, the selected
/// database among it.
#[derive(Clone)]
pub struct Traced<C> {
    inner: C,
    pub(crate) source: Arc<Source>,
    /// The selected database. Clones of a multiplexed connection are one connection.
    pub(crate) database: Arc<AtomicI64>,
}

impl<C: ConnectionLike> Traced<C> {
    /// Traces a connection.
    ///
    /// Its spans do not say which server it leads to: a connection does not tell. Add
    /// [`with_server`](Self::with_server), or begin with [`Tracing::of`], which asks the client.
    pub fn new(connection: C) -> Self {
        Tracing::new().wrap(connection)
    }
}

impl Traced<MultiplexedConnection> {
    /// Connects to the server of `client`, with the defaults of [`Tracing::of`].
    ///
    /// The span is called `CONNECT`.
    pub async fn connect(client: &Client) -> RedisResult<Self> {
        Tracing::of(client).connect(client).await
    }
}

impl<C> Traced<C> {
    pub(crate) fn of(inner: C, source: Arc<Source>, database: i64) -> Self {
        Self {
            inner,
            source,
            database: Arc::new(AtomicI64::new(database)),
        }
    }

    /// Says which server the connection leads to: `server.address` and `server.port`.
    #[must_use]
    pub fn with_server(mut self, address: &str, port: u16) -> Self {
        self.source = self.source.with_server(address, port);
        self
    }

    /// Sends the spans and metrics of this connection to `telemetry`.
    #[must_use]
    pub fn with_telemetry(mut self, telemetry: Telemetry) -> Self {
        self.source = self.source.with_telemetry(telemetry);
        self
    }

    /// Returns the connection inside. What is sent on it is not traced.
    pub fn untraced(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Returns the connection inside, and ends its tracing.
    pub fn into_inner(self) -> C {
        self.inner
    }
}

impl<C: ConnectionLike + Send> ConnectionLike for Traced<C> {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let Self {
            inner,
            source,
            database,
        } = self;
        Box::pin(async move {
            let mut running = Running::start(Call::command(cmd), source, database);
            // The connection is asked inside, so that it starts nothing before the first poll.
            let work = async { inner.req_packed_command(cmd).await };
            let answer = Attached::new(work, running.context()).await;
            running.answered(&answer);
            answer
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let Self {
            inner,
            source,
            database,
        } = self;
        Box::pin(async move {
            let mut running = Running::start(Call::pipeline(pipeline), source, database);
            let work = async { inner.req_packed_commands(pipeline, offset, count).await };
            let answer = Attached::new(work, running.context()).await;
            running.answered_all(&answer);
            answer
        })
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}

impl<C> Deref for Traced<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C> DerefMut for Traced<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.inner
    }
}

impl<C> fmt::Debug for Traced<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced")
            .field("source", &self.source)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

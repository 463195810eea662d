//! How connections are traced, set up once for many.

use std::sync::Arc;

use redis::{
    Client, RedisResult,
    aio::{ConnectionLike, MultiplexedConnection, PubSub},
};
use throughline_core::{context::Attached, telemetry::Telemetry};

use crate::{
    Traced,
    borrowed::Borrowed,
    call::Call,
    command::Label,
    operation::Running,
    source::{Source, change},
    template,
};

/// How connections are traced.
///
/// Set up once and shared by the connections of a pool; cheap to clone.
///
/// # Defaults
///
/// | part | default |
/// | --- | --- |
/// | [telemetry](Self::with_telemetry) | that of the current context, else the process's |
/// | [server](Self::with_server) | unknown with [`new`](Self::new), the client's with [`of`](Self::of) |
/// | [big reply](Self::with_big_reply) | 100 KB |
/// | [empty is a miss](Self::with_empty_as_miss) | no |
/// | [key words](Self::with_key_words) | a list of common nouns |
#[derive(Clone, Debug)]
pub struct Tracing {
    source: Arc<Source>,
}

impl Tracing {
    /// Traces connections to a server that is not known.
    pub fn new() -> Self {
        Self {
            source: Arc::new(Source::new()),
        }
    }

    /// Traces connections to the server of `client`: its address, port and database.
    pub fn of(client: &Client) -> Self {
        Self {
            source: Arc::new(Source::of(client)),
        }
    }

    /// Says which server the connections lead to: `server.address` and `server.port`.
    #[must_use]
    pub fn with_server(self, address: &str, port: u16) -> Self {
        Self {
            source: self.source.with_server(address, port),
        }
    }

    /// Sends spans and metrics to `telemetry`.
    #[must_use]
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        Self {
            source: self.source.with_telemetry(telemetry),
        }
    }

    /// Records the size of replies of this many bytes or more.
    #[must_use]
    pub fn with_big_reply(self, bytes: usize) -> Self {
        Self {
            source: change(self.source, |source| source.big_reply = bytes),
        }
    }

    /// Counts an empty collection as a miss, and any other as a hit.
    ///
    /// For services that cache in hashes, lists and sets: `HGETALL`, `LRANGE`, `SMEMBERS` and
    /// the like say nothing of a key that is not there but that it is empty.
    #[must_use]
    pub fn with_empty_as_miss(self, is_miss: bool) -> Self {
        Self {
            source: change(self.source, |source| source.empty_is_miss = is_miss),
        }
    }

    /// Names words of your keys that templates may show at once, such as `invoice_line`.
    ///
    /// They hold for the process, as templates do, and 1,024 of them at most.
    #[must_use]
    pub fn with_key_words<'a>(self, words: impl IntoIterator<Item = &'a str>) -> Self {
        template::add_words(words);
        self
    }

    /// Traces a connection.
    pub fn wrap<C: ConnectionLike>(&self, connection: C) -> Traced<C> {
        let database = connection.get_db();
        Traced::of(connection, Arc::clone(&self.source), database)
    }

    /// Traces a connection that belongs to somebody else, such as a guard of a pool.
    pub fn borrow<'c, C: ConnectionLike>(&self, connection: &'c mut C) -> Traced<Borrowed<'c, C>> {
        self.wrap(Borrowed::new(connection))
    }

    /// Connects to the server of `client`.
    ///
    /// The span is called `CONNECT`. It says why there is no connection, if there is none.
    pub async fn connect(&self, client: &Client) -> RedisResult<Traced<MultiplexedConnection>> {
        let connection = self
            .connecting(client.get_multiplexed_async_connection())
            .await?;
        Ok(self.wrap(connection))
    }

    /// Connects to the server of `client`, and again whenever the connection is lost.
    ///
    /// The first time is a span called `CONNECT`; later ones happen in a task of their own.
    #[cfg(feature = "connection-manager")]
    pub async fn manage(
        &self,
        client: Client,
    ) -> RedisResult<Traced<redis::aio::ConnectionManager>> {
        let connection = self.connecting(client.get_connection_manager()).await?;
        Ok(self.wrap(connection))
    }

    /// Connects to the server of `client` for messages alone.
    ///
    /// The span is called `CONNECT`.
    pub async fn pubsub(&self, client: &Client) -> RedisResult<Traced<PubSub>> {
        let pubsub = self.connecting(client.get_async_pubsub()).await?;
        let source = Arc::clone(&self.source);
        let database = self.source.database.unwrap_or_default();
        Ok(Traced::of(pubsub, source, database))
    }

    async fn connecting<T>(&self, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        let database = self.source.database.unwrap_or_default().into();
        let mut running = Running::start(Call::step(Label::CONNECT), &self.source, &database);
        let answer = Attached::new(work, running.context()).await;
        running.done(&answer);
        answer
    }
}

impl Default for Tracing {
    fn default() -> Self {
        Self::new()
    }
}

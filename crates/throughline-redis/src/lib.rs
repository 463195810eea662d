//! Traced redis connections: commands, pipelines, scripts, cache hits and misses.
//!
//! Wrap the connection once; commands stay as they are. [`Traced`] is a connection of redis
//! like the one inside, so `AsyncCommands`, `cmd(..).query_async`, pipelines, `Script` and
//! iterators go on working, and it is cloned as the one inside is.
//!
//! ```no_run
//! use redis::AsyncCommands as _;
//! use throughline_redis::{Traced, Tracing};
//!
//! # async fn example() -> redis::RedisResult<()> {
//! let client = redis::Client::open("redis://127.0.0.1/")?;
//!
//! // Where the connection is made: the span `CONNECT` says how that went.
//! let mut conn = Traced::connect(&client).await?;
//! // Or around one that is there: managed, of a cluster, of a sentinel, of a pool.
//! # #[cfg(feature = "connection-manager")]
//! let mut conn = Tracing::of(&client).wrap(client.get_connection_manager().await?);
//!
//! let name: Option<String> = conn.get("user:123:name").await?;
//! let (visits,): (u64,) = redis::pipe()
//!     .atomic()
//!     .incr("page:1:visits", 1)
//!     .expire("page:1:visits", 60)
//!     .ignore()
//!     .query_async(&mut conn)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Pools
//!
//! A connection of deadpool is wrapped as it is taken, with a [`Tracing`] that is made once. A
//! connection of any other pool is borrowed from its guard.
//!
//! ```no_run
//! use redis::{AsyncCommands as _, aio::MultiplexedConnection};
//! use throughline_redis::Tracing;
//!
//! # async fn example(
//! #     client: redis::Client,
//! #     pool: deadpool_redis::Pool,
//! #     guard: &mut MultiplexedConnection,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let tracing = Tracing::of(&client);
//!
//! let mut conn = tracing.wrap(pool.get().await?);
//! let name: Option<String> = conn.get("user:1:name").await?;
//!
//! let mut conn = tracing.borrow(&mut *guard);
//! let name: Option<String> = conn.get("user:1:name").await?;
//! # Ok(())
//! # }
//! ```
//!
//! A pool of bb8 is built of a `TracedManager` (feature `bb8`) and lends traced connections.
//!
//! # Spans
//!
//! Each command is one client span, named as it was given: `GET`. It starts at the first poll
//! and ends with the reply, or when its future is dropped; then it says
//! `throughline.outcome` = `cancelled`. It is current while the connection is polled. A
//! pipeline is one span: `PIPELINE`, or `MULTI` for a transaction, and the name of the command
//! if it is always the same: `PIPELINE GET`. A pipeline of one command is that command.
//!
//! | attribute | when |
//! | --- | --- |
//! | `db.system.name`, `db.operation.name` | always |
//! | `db.namespace` | always: the number of the database, also after `SELECT` |
//! | `server.address`, `server.port` | known from the client, or by [`with_server`](Traced::with_server) |
//! | `db.operation.batch.size` | a pipeline of two commands or more |
//! | `db.stored_procedure.name` | the digest of `EVALSHA`, the function of `FCALL` |
//! | `throughline.redis.key_template` | the command has a key |
//! | `cache.hit` | a command that reads one value: `GET`, `HGET` and the like |
//! | `throughline.cache.hits`, `.misses` | `MGET`, `HMGET`, and pipelines that look something up |
//! | `db.response.status_code` | the server refused: the first word of its error |
//! | `error.type` | an error: the status code, else what failed |
//! | `throughline.redis.failed_commands` | commands of a pipeline failed; the first one gives the error |
//! | `throughline.redis.aborted` | a watched key changed, so that the transaction did nothing |
//! | `throughline.redis.wait` | a command that waits ended: `message` or `timeout` |
//! | `throughline.redis.reply_bytes` | the reply has [100 KB](Tracing::with_big_reply) or more |
//! | `throughline.outcome` | `cancelled` |
//!
//! Arguments are never recorded, and there is no `db.query.text`. Errors are recorded without
//! what they quote, and with their code alone if their text repeats an argument or comes from
//! a script or module. A script that the server does not know yet is no error: its `EVALSHA`
//! has the event `throughline.redis.script_not_loaded`, and `SCRIPT` and the next `EVALSHA`
//! follow.
//!
//! Subscribing is a span; the messages that come are not. They are read from the connection
//! inside, which [`Traced`] dereferences to.
//!
//! # Key templates
//!
//! `user:123:profile` is recorded as `user:{}:profile`. A word of a key is shown if it is
//!
//! - one of a list of common nouns, `v1`, or one that [you name](Tracing::with_key_words);
//! - the first one, and eight different values were seen behind it;
//! - one that was seen behind eight different values.
//!
//! Everything else is `{}`: numbers, ids, tokens, addresses, names, and each word of a place
//! in which more than twelve unknown ones were seen. A process has 512 templates; what comes
//! later is `other`. `MGET` and the like have the template of their first key.
//!
//! # Metrics
//!
//! `db.client.operation.duration` for each span, sampled or not, but for commands that wait
//! for a message, and for `CONNECT`. `throughline.cache.requests` counts hits and misses by
//! command and template, those in pipelines too.
//!
//! # Cost
//!
//! A command that is not sampled allocates once more than without tracing: the trait of redis
//! returns a boxed future. Nothing is described then.
//!
//! # Not traced
//!
//! What a connection does by itself: reconnecting, redirections inside of a cluster, checks of
//! a pool. A connection that reconnects is in its first database again, which nobody tells us.
//!
//! # Features
//!
//! `connection-manager` and `cluster-async`: subscribing on such connections. `bb8`:
//! `TracedManager`. Other connections need no feature. TLS is chosen on redis itself; so is
//! `smol-comp`, beside `tokio-comp`, which is always there.

mod borrowed;
mod call;
mod command;
mod connection;
mod describe;
mod failure;
mod instruments;
mod operation;
#[cfg(feature = "bb8")]
mod pool;
mod pubsub;
mod reply;
mod source;
mod template;
mod tracing;

pub use borrowed::Borrowed;
pub use connection::Traced;
#[cfg(feature = "bb8")]
pub use pool::TracedManager;
pub use tracing::Tracing;

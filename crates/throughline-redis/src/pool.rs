//! A pool of bb8 whose connections are traced.

use bb8::ManageConnection;
use redis::aio::ConnectionLike;

use crate::{Traced, Tracing};

/// Makes the connections of a bb8 pool traced ones.
///
/// Wrap what the pool is built of; code that takes connections from it stays as it is. The
/// pool's own checks of its connections are not traced.
///
/// ```
/// use redis::AsyncCommands as _;
/// use throughline_redis::{TracedManager, Tracing};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = redis::Client::open("redis://127.0.0.1/")?;
/// let manager = TracedManager::new(client.clone(), Tracing::of(&client));
/// let pool = bb8::Pool::builder().build(manager).await?;
///
/// let mut conn = pool.get().await?;
/// let name: Option<String> = conn.get("user:1:name").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TracedManager<M> {
    manager: M,
    tracing: Tracing,
}

impl<M> TracedManager<M> {
    /// Traces the connections that `manager` makes.
    pub fn new(manager: M, tracing: Tracing) -> Self {
        Self { manager, tracing }
    }
}

impl<M> ManageConnection for TracedManager<M>
where
    M: ManageConnection,
    M::Connection: ConnectionLike,
{
    type Connection = Traced<M::Connection>;
    type Error = M::Error;

    async fn connect(&self) -> Result<Self::Connection, Self::Error> {
        let connection = self.manager.connect().await?;
        Ok(self.tracing.wrap(connection))
    }

    async fn is_valid(&self, connection: &mut Self::Connection) -> Result<(), Self::Error> {
        self.manager.is_valid(connection.untraced()).await
    }

    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        self.manager.has_broken(connection.untraced())
    }
}

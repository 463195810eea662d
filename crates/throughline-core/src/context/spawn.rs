//! Spawning on tokio without losing the context.

use tokio::task::{self, AbortHandle, JoinHandle, JoinSet};

use super::Detached;

/// Spawns a task that belongs to the current trace.
///
/// As [`tokio::spawn`], inside a [`Detached`] context. A task that is aborted is dropped
/// inside the context too.
///
/// # Panics
///
/// Panics outside a tokio runtime, as [`tokio::spawn`] does.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(Detached::current().bind(future))
}

/// Runs a blocking closure that belongs to the current trace.
///
/// As [`tokio::task::spawn_blocking`], inside a [`Detached`] context.
///
/// # Panics
///
/// Panics outside a tokio runtime, as [`tokio::task::spawn_blocking`] does.
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    task::spawn_blocking(Detached::current().bind_fn(f))
}

/// Spawns into a [`JoinSet`] without losing the context.
pub trait JoinSetExt<T> {
    /// Spawns a task that belongs to the current trace.
    fn spawn_traced<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send;

    /// Runs a blocking closure that belongs to the current trace.
    fn spawn_blocking_traced<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send;
}

impl<T: 'static> JoinSetExt<T> for JoinSet<T> {
    #[track_caller]
    fn spawn_traced<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn(Detached::current().bind(future))
    }

    #[track_caller]
    fn spawn_blocking_traced<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.spawn_blocking(Detached::current().bind_fn(f))
    }
}

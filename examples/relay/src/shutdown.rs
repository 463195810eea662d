//! The end of the process, asked for from outside.

use std::io;

use tokio::signal::unix::{SignalKind, signal as listen};

/// Returns a future that waits for SIGINT or SIGTERM; signals count from this call on.
pub(crate) fn signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

//! The end of the process, asked for from outside.

use std::io;

use tokio::signal;

/// Returns a future that waits for Ctrl-C or, on Unix, SIGTERM; signals count from this call on.
#[cfg(unix)]
pub(crate) fn signal() -> io::Result<impl Future<Output = io::Result<()>>> {
    use signal::unix::SignalKind;

    let mut interrupt = signal::unix::signal(SignalKind::interrupt())?;
    let mut terminate = signal::unix::signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    })
}

#[cfg(not(unix))]
pub(crate) fn signal() -> io::Result<impl Future<Output = io::Result<()>>> {
    Ok(signal::ctrl_c())
}

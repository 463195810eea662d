//! Serving until told to stop.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time;

/// How long open requests may take to finish.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until `stop`, then takes no new connection and waits for the open requests, but not
/// for ever.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (tell, told) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        let _ = told.await;
    });
    let mut server = std::pin::pin!(server.into_future());
    tokio::select! {
        ended = &mut server => return ended,
        () = stop => {}
    }
    drop(tell);
    match time::timeout(GRACE, server).await {
        Ok(ended) => ended,
        Err(_) => Err(io::Error::other(format!(
            "requests were still open after {GRACE:?}"
        ))),
    }
}

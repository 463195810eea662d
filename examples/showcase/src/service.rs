//! One running HTTP service: bind, serve, stop.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinHandle};
use tokio::time;
use tokio_util::sync::CancellationToken;

/// How long open requests may take to finish once the service is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Why a service did not start or stop as it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot listen on port {port}")]
    Listen { port: u16, source: io::Error },
    #[error("port {port} is taken; pass another with {option}")]
    PortTaken { port: u16, option: &'static str },
    #[error("the service panicked")]
    Panicked(#[from] JoinError),
    #[error("the service failed")]
    Serve(#[from] io::Error),
    #[error("{url} still had open requests after {GRACE:?}")]
    StillOpen { url: String },
}

/// Binds a loopback port; `option` is what changes it.
pub(crate) async fn bind(port: u16, option: &'static str) -> Result<TcpListener, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => Error::PortTaken { port, option },
            _ => Error::Listen { port, source },
        })
}

/// A service that answers requests until it is stopped.
pub(crate) struct Service {
    url: String,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

impl Service {
    /// Serves `router` on a task of its own.
    pub(crate) fn start(listener: TcpListener, router: Router) -> Result<Self, Error> {
        let url = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        // Without it, each small piece of a stream waits for the last one's acknowledgement.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let task = tokio::spawn(async {
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await
        });
        Ok(Self { url, stop, task })
    }

    /// The base URL, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Takes no new connection and waits for the open requests.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        self.stop.cancel();
        match time::timeout(GRACE, self.task).await {
            Ok(ended) => Ok(ended??),
            Err(_) => Err(Error::StillOpen { url: self.url }),
        }
    }
}

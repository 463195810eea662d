//! The server that clients call, and the collector that spans are sent to, in a process of its
//! own.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    http::header,
    routing::{get, post},
};

const BODY: &str = r#"{"id":42,"name":"Ada Lovelace"}"#;

/// A server on the loopback interface. It is stopped when this is dropped.
pub(crate) struct Loopback {
    process: Child,
    origin: String,
}

impl Loopback {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(env::current_exe()?)
            .arg("loopback")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("its output is piped")?;
        let mut origin = String::new();
        BufReader::new(output).read_line(&mut origin)?;
        Ok(Self {
            process,
            origin: origin.trim().to_owned(),
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until its standard input is closed, and so not longer than the process that started
/// it. Prints its origin.
///
/// # Errors
///
/// Fails when there is no port to listen on.
pub fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut output = std::io::stdout();
        writeln!(output, "http://{}", listener.local_addr()?)?;
        output.flush()?;

        let (closed, is_closed) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let _ = closed.send(());
        });
        let json = [(header::CONTENT_TYPE, "application/json")];
        let app = Router::new()
            .route("/users/{id}", get(async move || (json, BODY)))
            .route("/v1/traces", post(accept))
            .route("/v1/metrics", post(accept));
        tokio::select! {
            served = axum::serve(listener, app) => served?,
            _ = is_closed => {}
        }
        Ok(())
    })
}

/// Takes whatever is exported: an empty answer refuses nothing.
async fn accept(_request: Bytes) {}

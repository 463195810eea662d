//! A traced service that calls whatever it is told to call, for outside conformance suites to
//! drive.
//!
//! It listens on `RELAY_ADDR`, by default `127.0.0.1:7100`; the README lists its endpoints.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "the relay talks to whoever started it on the terminal"
)]

mod burst;
#[cfg(test)]
mod propagation_tests;
mod serve;
mod shutdown;
mod telemetry;
mod test;

use std::env;
use std::process::ExitCode;

use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post};
use throughline::http::ServerLayer;
use throughline::reqwest::Client;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let address = env::var("RELAY_ADDR").unwrap_or_else(|_| "127.0.0.1:7100".to_owned());
    let listener = TcpListener::bind(&address).await.with_context(|| {
        format!("cannot listen on {address}; set RELAY_ADDR to another address")
    })?;
    let shutdown = shutdown::signal().context("cannot listen for signals")?;
    let telemetry = telemetry::install()?;

    println!("relay on http://{}", listener.local_addr()?);
    let served = serve::serve(listener, routes().layer(ServerLayer::axum()), shutdown).await;
    // Also after a failure: then its spans matter most.
    println!("{}", telemetry.shutdown().await);
    Ok(served?)
}

fn routes() -> Router {
    Router::new()
        .route("/test", post(test::test))
        .route("/burst/{n}", get(burst::burst))
        .with_state(Client::new())
}

//! Two axum services, `api` and `payments`, that call each other, a database and a cache.
//!
//! `cargo run -p showcase` starts both, drives real requests through them and keeps serving;
//! `--help` lists the options, the README the endpoints.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "the showcase talks to its user on the terminal"
)]

mod api;
mod database;
mod drive;
mod error;
mod extract;
mod options;
mod payments;
mod service;

use std::future;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::signal;

use crate::options::Options;
use crate::service::Service;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    let api_listener = service::bind(options.port, "--port").await?;
    let payments_listener = service::bind(options.payments_port, "--payments-port").await?;

    let payments = Service::start(payments_listener, payments::router())?;
    let tokens = api::Tokens::from_environment()?;
    let client_token = tokens.issue("showcase")?;
    let app = api::App {
        database: database::open()
            .await
            .context("cannot set up the database")?,
        users: api::UserCache::new(1_000),
        payments: api::PaymentsClient::new(payments.url()),
        tokens,
    };
    let api = Service::start(api_listener, api::router(app))?;
    println!("api on {}, payments on {}", api.url(), payments.url());

    let work = async {
        if !options.serve {
            drive::run(api.url(), &client_token).await?;
        }
        if !options.once {
            println!("serving until Ctrl-C");
            future::pending::<()>().await;
        }
        anyhow::Ok(())
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        interrupted = signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C"),
    };

    // The api first: its last requests still need payments.
    api.stop().await?;
    payments.stop().await?;
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_request_is_answered_as_expected() {
        let options = Options {
            port: 0,
            payments_port: 0,
            once: true,
            serve: false,
        };
        run(options).await.unwrap();
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_option_that_changes_it() {
        let taken = service::bind(0, "--port").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let options = Options {
            port,
            payments_port: 0,
            once: true,
            serve: false,
        };
        let error = run(options).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("port {port} is taken; pass another with --port")
        );
    }
}

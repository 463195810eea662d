//! Two traced axum services, `api` and `payments`, that call each other, a database and a cache.
//!
//! `cargo run -p showcase` starts both, drives real requests through them, prints the trace of
//! each and keeps serving; `--help` lists the options, the README the endpoints.

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
mod shutdown;
mod telemetry;
#[cfg(test)]
mod tests;
mod traces;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use throughline::record::SpanRecord;
use throughline::tree::{self, TreeOptions};

use crate::drive::Answer;
use crate::options::Options;
use crate::service::Service;
use crate::telemetry::Telemetry;

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
    let shutdown = shutdown::signal().context("cannot listen for signals")?;
    let telemetry = Telemetry::install()?;
    let services = Services::start(&options, &telemetry).await?;
    let outcome = tokio::select! {
        outcome = work(&options, &services, &telemetry) => outcome,
        told = shutdown => told.context("cannot wait for signals"),
    };
    let stopped = services.stop().await;
    // Last, and also after a failure: then its spans matter most.
    for (service, report) in telemetry.shutdown().await {
        println!("{service}: {report}");
    }
    outcome.and(stopped)
}

async fn work(options: &Options, services: &Services, telemetry: &Telemetry) -> anyhow::Result<()> {
    let api = services.api.url();
    println!("api on {api}, payments on {}\n", services.payments.url());
    if !options.serve {
        drive::run(api, &services.client_token, telemetry, print_answer).await?;
    }
    if options.once {
        return Ok(());
    }
    println!("serving until Ctrl-C; try curl -s {api}/health");
    loop {
        print_trace(&telemetry.next_trace().await);
    }
}

fn print_answer(answer: &Answer) {
    let milliseconds = answer.elapsed.as_secs_f64() * 1e3;
    println!("{} in {milliseconds:.1} ms: {}", answer.status, answer.what);
    print_trace(&answer.spans);
}

fn print_trace(spans: &[SpanRecord]) {
    println!("{}", tree::render(spans, &TreeOptions::console()));
}

/// Both services, and the token that they let a client in with.
struct Services {
    api: Service,
    payments: Service,
    client_token: String,
}

impl Services {
    async fn start(options: &Options, telemetry: &Telemetry) -> anyhow::Result<Self> {
        let api_listener = service::bind(options.port, "--port").await?;
        let payments_listener = service::bind(options.payments_port, "--payments-port").await?;

        let tokens = api::Tokens::from_environment()?;
        let client_token = tokens.issue("showcase")?;
        let database = database::open(options.database_url.as_deref()).await?;

        let payments = payments::router().layer(telemetry.payments_layer());
        let payments = Service::start(payments_listener, payments)?;
        let app = api::App {
            database,
            users: api::UserCache::new(1_000),
            payments: api::PaymentsClient::new(payments.url()),
            tokens,
        };
        let api = api::router(app).layer(telemetry.api_layer());
        let api = Service::start(api_listener, api)?;
        Ok(Self {
            api,
            payments,
            client_token,
        })
    }

    /// The api first: its last requests still need payments, which is stopped in any case.
    async fn stop(self) -> anyhow::Result<()> {
        let api = self.api.stop().await;
        let payments = self.payments.stop().await;
        Ok(api.and(payments)?)
    }
}

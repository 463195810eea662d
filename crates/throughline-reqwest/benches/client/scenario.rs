//! A client in all the ways that are measured, and the server that it calls.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
};

use axum::{Router, http::header, routing::get};
use opentelemetry::{Context, trace::TraceContextExt as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use throughline_core::{
    context::Attached,
    telemetry::{FollowParent, Telemetry},
};
use throughline_reqwest::Client;
use throughline_testing::{Collector, remote_span_context};
use tokio::{net::TcpListener, runtime::Runtime};

const BODY: &str = r#"{"id":42,"name":"Ada Lovelace"}"#;

/// Every name that [`Scenario::new`] knows.
pub(crate) const NAMES: &[&str] = &["bare", "sampled", "unsampled"];

/// A way of making calls.
pub(crate) struct Scenario {
    client: Kind,
    parent: Context,
    url: String,
    runtime: Runtime,
}

enum Kind {
    Bare(reqwest::Client),
    Traced {
        client: Client,
        tracers: SdkTracerProvider,
    },
}

impl Scenario {
    /// Sets a scenario up. `None` if there is none with this name.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let parent =
            |sampled| Context::new().with_remote_span_context(remote_span_context(sampled));
        let (client, parent) = match name {
            "bare" => (Kind::Bare(reqwest::Client::new()), parent(true)),
            "sampled" => (Kind::traced(), parent(true)),
            "unsampled" => (Kind::traced(), parent(false)),
            _ => return None,
        };
        Some(Self {
            client,
            parent,
            url: format!("http://{}/users/42", serve()),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        })
    }

    /// Makes calls one after the other, all on one connection.
    ///
    /// Each is boxed here, since tokio boxes large futures, and the traced one is larger.
    pub(crate) fn call(&self, count: u64) {
        for _ in 0..count {
            let body = match &self.client {
                Kind::Bare(client) => self.run(Box::pin(async {
                    let response = client.get(&self.url).send().await.unwrap();
                    response.bytes().await.unwrap()
                })),
                Kind::Traced { client, .. } => self.run(Box::pin(async {
                    let response = client.get(&self.url).send().await.unwrap();
                    response.bytes().await.unwrap()
                })),
            };
            assert_eq!(body, BODY);
        }
    }

    /// Runs a call in its context, as the future of a request would.
    fn run<F: Future>(&self, call: F) -> F::Output {
        self.runtime
            .block_on(Attached::new(call, self.parent.clone()))
    }

    /// Empties the queue of spans, which is smaller than a long run.
    pub(crate) fn flush(&self) {
        if let Kind::Traced { tracers, .. } = &self.client {
            tracers.force_flush().unwrap();
        }
    }
}

impl Kind {
    fn traced() -> Self {
        let tracers = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_batch_exporter(Forget)
            .build();
        let telemetry = Telemetry::new(tracers.clone())
            .with_meter_provider(Collector::new().meter_provider())
            .with_head_sampler(Arc::new(FollowParent));
        let client = Client::builder().telemetry(telemetry).build().unwrap();
        Self::Traced { client, tracers }
    }
}

/// Starts a server on a thread of its own, which is not measured.
fn serve() -> SocketAddr {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let json = [(header::CONTENT_TYPE, "application/json")];
            let app = Router::new().route("/users/{id}", get(async move || (json, BODY)));
            axum::serve(listener, app).await.unwrap();
        });
    });
    address.recv().unwrap()
}

#[derive(Debug)]
struct Forget;

impl SpanExporter for Forget {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

//! One router in all the ways that are measured, and the requests that it gets.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Path},
    http::{Request, header},
    response::IntoResponse,
    routing::get,
};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use opentelemetry::trace::SpanContext;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use throughline_core::telemetry::{FollowParent, Head, HeadSampler, Telemetry};
use throughline_http::ServerLayer;
use throughline_testing::Collector;
use tokio::runtime::Runtime;
use tower::{Service as _, layer::util::Identity};

const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
const BODY: &str = r#"{"id":42,"name":"Ada Lovelace"}"#;

/// Every name that [`Scenario::new`] knows.
pub(crate) const NAMES: &[&str] = &[
    "bare",
    "identity",
    "sampled",
    "unsampled",
    "no_provider",
    "no_provider_root",
    "dropped_by_sampler",
    "streamed_bare",
    "streamed",
];

/// A way of serving requests.
pub(crate) struct Scenario {
    router: Router,
    path: &'static str,
    traceparent: Option<&'static str>,
    tracers: Option<SdkTracerProvider>,
    runtime: Runtime,
}

impl Scenario {
    /// Sets a scenario up. `None` if there is none with this name.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let router = Router::new()
            .route("/users/{id}", get(show_user))
            .route("/stream/{id}", get(stream_user));
        let traced = |sampler| {
            let tracers = tracers(sampler);
            let telemetry = Telemetry::new(tracers.clone())
                .with_meter_provider(Collector::new().meter_provider());
            (telemetry, Some(tracers))
        };
        let follow_parent = || Sampler::ParentBased(Box::new(Sampler::AlwaysOn));

        let mut path = "/users/42";
        let mut traceparent = Some(SAMPLED);
        let (router, tracers) = match name {
            "bare" => (router, None),
            "identity" => (router.layer(Identity::new()), None),
            "sampled" | "unsampled" | "streamed" => {
                let (telemetry, tracers) = traced(follow_parent());
                let telemetry = telemetry.with_head_sampler(Arc::new(FollowParent));
                match name {
                    "unsampled" => traceparent = Some(UNSAMPLED),
                    "streamed" => path = "/stream/42",
                    _ => {}
                }
                let layer = ServerLayer::axum().with_telemetry(telemetry);
                (router.layer(layer), tracers)
            }
            "no_provider" => (router.layer(ServerLayer::axum()), None),
            "no_provider_root" => {
                traceparent = None;
                (router.layer(ServerLayer::axum()), None)
            }
            "dropped_by_sampler" => {
                let (telemetry, tracers) = traced(Sampler::AlwaysOff);
                let telemetry = telemetry.with_head_sampler(Arc::new(DropAll));
                let layer = ServerLayer::axum().with_telemetry(telemetry);
                (router.layer(layer), tracers)
            }
            "streamed_bare" => {
                path = "/stream/42";
                (router, None)
            }
            _ => return None,
        };
        Some(Self {
            // What `axum::serve` does too. Without it, axum applies the layer on each request.
            router: router.with_state(()),
            path,
            traceparent,
            tracers,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        })
    }

    /// Makes requests for [`serve`](Self::serve).
    pub(crate) fn requests(&self, count: u64) -> Vec<Request<Body>> {
        (0..count).map(|_| self.request()).collect()
    }

    fn request(&self) -> Request<Body> {
        let mut builder = Request::builder()
            .uri(self.path)
            .header(header::HOST, "api.example.com:8080")
            .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64)")
            .header(header::ACCEPT, "application/json");
        if let Some(traceparent) = self.traceparent {
            builder = builder.header("traceparent", traceparent);
        }
        builder
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 51234))))
            .body(Body::empty())
            .unwrap()
    }

    /// Serves requests, one after the other, each to the last byte of its answer.
    pub(crate) fn serve(&mut self, requests: Vec<Request<Body>>) {
        self.runtime.block_on(async {
            for request in requests {
                let Ok(response) = self.router.call(request).await;
                assert!(response.status().is_success());
                let body = response.into_body().collect().await.unwrap();
                assert_eq!(body.to_bytes(), BODY);
            }
        });
    }

    /// Empties the queue of spans, which is smaller than a long run.
    pub(crate) fn flush(&self) {
        if let Some(tracers) = &self.tracers {
            tracers.force_flush().unwrap();
        }
    }
}

async fn show_user(Path(_): Path<u64>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], BODY)
}

/// The same answer in two frames.
async fn stream_user(Path(_): Path<u64>) -> impl IntoResponse {
    let (first, second) = BODY.split_at(BODY.len() / 2);
    let frames = [first, second].map(|part| Ok::<_, Infallible>(Frame::data(part.into())));
    let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
    ([(header::CONTENT_TYPE, "application/json")], body)
}

fn tracers(sampler: Sampler) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_batch_exporter(Forget)
        .build()
}

#[derive(Debug)]
struct Forget;

impl SpanExporter for Forget {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// Foretells what [`Sampler::AlwaysOff`] will say.
#[derive(Debug)]
struct DropAll;

impl HeadSampler for DropAll {
    fn decide(&self, parent: &SpanContext) -> Head {
        Head::Drop(SpanContext::new(
            parent.trace_id(),
            parent.span_id(),
            parent.trace_flags().with_sampled(false),
            parent.is_remote(),
            parent.trace_state().clone(),
        ))
    }
}

//! A collector that decodes what it gets and answers as it is told.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::ExportMetricsServiceRequest,
        trace::v1::{
            ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
        },
    },
    trace::v1::Span,
};
use prost::Message as _;

/// No test waits for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Accept,
    AcceptAfter(Duration),
    /// Read the request and never answer.
    Hang,
    Status(u16),
    RetryAfter(u16, &'static str),
    Reject(i64, &'static str),
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn traces(&self) -> ExportTraceServiceRequest {
        if self.headers[header::CONTENT_TYPE] == "application/json" {
            return serde_json::from_slice(&self.body).unwrap();
        }
        ExportTraceServiceRequest::decode(self.body.clone()).unwrap()
    }

    pub(crate) fn metrics(&self) -> ExportMetricsServiceRequest {
        ExportMetricsServiceRequest::decode(self.body.clone()).unwrap()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.traces().resource_spans.into_iter();
        resources
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }
}

type Script = dyn Fn(usize, &Received) -> Answer + Send + Sync;

struct Shared {
    script: Box<Script>,
    log: Mutex<Log>,
    changed: Condvar,
}

#[derive(Default)]
struct Log {
    requests: Vec<Received>,
    accepted: Vec<Received>,
}

/// The running collector. It has a thread and a runtime of its own, so that it answers while
/// the test's thread blocks.
pub(crate) struct Collector {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Collector {
    /// Starts a collector that gives each request the answer of `script`, which sees its
    /// number, from 0, and the request.
    pub(crate) fn start(
        script: impl Fn(usize, &Received) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), script)
    }

    /// Starts a collector at this address.
    pub(crate) fn start_at(
        address: SocketAddr,
        script: impl Fn(usize, &Received) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            script: Box::new(script),
            log: Mutex::default(),
            changed: Condvar::new(),
        });
        let app = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&shared));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        Self { url, shared }
    }

    pub(crate) fn accepting() -> Self {
        Self::start(|_, _| Answer::Accept)
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.shared.log.lock().unwrap().requests.clone()
    }

    /// The spans of all requests that were answered with success.
    pub(crate) fn accepted_spans(&self) -> Vec<Span> {
        self.shared
            .log
            .lock()
            .unwrap()
            .accepted
            .iter()
            .flat_map(Received::spans)
            .collect()
    }

    /// Waits until this many requests have come.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        let log = self.shared.log.lock().unwrap();
        let (log, _) = self
            .shared
            .changed
            .wait_timeout_while(log, PATIENCE, |log| log.requests.len() < count)
            .unwrap();
        assert!(
            log.requests.len() >= count,
            "{} of {count} requests came",
            log.requests.len()
        );
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Received {
        at: Instant::now(),
        path: uri.path().to_owned(),
        headers,
        body,
    };
    let number = {
        let mut log = shared.log.lock().unwrap();
        log.requests.push(request.clone());
        shared.changed.notify_all();
        log.requests.len() - 1
    };
    let answer = (shared.script)(number, &request);
    match answer {
        Answer::Hang => std::future::pending().await,
        Answer::Status(status) => return StatusCode::from_u16(status).unwrap().into_response(),
        Answer::RetryAfter(status, after) => {
            let status = StatusCode::from_u16(status).unwrap();
            return (status, [(header::RETRY_AFTER, after)]).into_response();
        }
        Answer::AcceptAfter(delay) => tokio::time::sleep(delay).await,
        Answer::Accept | Answer::Reject(..) => {}
    }
    let is_json = request.headers[header::CONTENT_TYPE] == "application/json";
    shared.log.lock().unwrap().accepted.push(request);
    let partial_success = match answer {
        Answer::Reject(rejected_spans, message) => Some(ExportTracePartialSuccess {
            rejected_spans,
            error_message: message.to_owned(),
        }),
        _ => None,
    };
    let response = ExportTraceServiceResponse { partial_success };
    if is_json {
        axum::Json(response).into_response()
    } else {
        response.encode_to_vec().into_response()
    }
}

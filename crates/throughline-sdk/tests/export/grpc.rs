//! The same over gRPC.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use throughline_sdk::{LossReason, Protocol};
use tonic::{Code, Request, Response, Status};

use crate::{end_spans, sending_to};

type Script = dyn Fn(usize) -> Result<i64, Status> + Send + Sync;

#[derive(Clone)]
struct Collector {
    script: Arc<Script>,
    requests: Arc<Mutex<Vec<Request<ExportTraceServiceRequest>>>>,
}

impl Collector {
    /// Starts a collector that rejects as many spans of each request as `script` says.
    fn start(
        script: impl Fn(usize) -> Result<i64, Status> + Send + Sync + 'static,
    ) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let this = Self {
            script: Arc::new(script),
            requests: Arc::default(),
        };
        let service = tonic::service::Routes::new(TraceServiceServer::new(this.clone()));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, service.into_axum_router())
                    .await
                    .unwrap();
            });
        });
        (this, url)
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let number = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        let rejected_spans = (self.script)(number)?;
        let partial_success = (rejected_spans > 0).then(|| ExportTracePartialSuccess {
            rejected_spans,
            error_message: "no".to_owned(),
        });
        Ok(Response::new(ExportTraceServiceResponse {
            partial_success,
        }))
    }
}

#[test]
fn spans_and_headers_arrive_over_grpc() {
    let (collector, url) = Collector::start(|_| Ok(1));
    let guard = sending_to(&url)
        .with_protocol(Protocol::Grpc)
        .with_header("x-api-key", "secret")
        .build()
        .unwrap();
    end_spans(&guard, 3);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.to_string(), "delivered 2 spans, lost 1 (rejected 1)");
    let requests = collector.requests.lock().unwrap();
    assert_eq!(requests[0].metadata().get("x-api-key").unwrap(), "secret");
    assert_eq!(
        requests[0].get_ref().resource_spans[0].scope_spans[0]
            .spans
            .len(),
        3
    );
}

#[tokio::test(flavor = "current_thread")]
async fn an_unavailable_grpc_collector_is_tried_again() {
    let (collector, url) = Collector::start(|number| match number {
        0 => Err(Status::unavailable("starting")),
        _ => Ok(0),
    });
    let guard = sending_to(&url)
        .with_protocol(Protocol::Grpc)
        .build()
        .unwrap();
    end_spans(&guard, 3);
    assert_eq!(
        guard.shutdown().await.to_string(),
        "delivered 3 spans, lost 0"
    );
    assert_eq!(collector.requests.lock().unwrap().len(), 2);
}

#[test]
fn a_final_grpc_status_is_not_retried_and_says_what_to_do() {
    let (collector, url) = Collector::start(|_| Err(Status::unauthenticated("who?")));
    let guard = sending_to(&url)
        .with_protocol(Protocol::Grpc)
        .build()
        .unwrap();
    end_spans(&guard, 3);
    let report = guard.force_flush_blocking(Duration::from_secs(10));
    let code = i32::from(Code::Unauthenticated);
    assert_eq!(report.lost_by(LossReason::GrpcStatus(code)), 3, "{report}");
    assert_eq!(collector.requests.lock().unwrap().len(), 1);
    let error = guard.health().tracing.last_error.unwrap();
    assert!(error.contains("(who?): check the credentials"), "{error}");
}

#[test]
fn nobody_at_the_grpc_port_is_a_refused_connection() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let guard = sending_to(&url)
        .with_protocol(Protocol::Grpc)
        .build()
        .unwrap();
    end_spans(&guard, 3);
    let report = guard.shutdown_blocking(Duration::from_secs(10));
    assert_eq!(report.lost_by(LossReason::ConnectionFailed), 3, "{report}");
}

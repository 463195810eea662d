//! Requests to a service in this process.

use std::time::Duration;

use axum::{Router, body::Body};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use opentelemetry_sdk::trace::Sampler;
use throughline_testing::Collector;
use tower::ServiceExt as _;

/// Makes a GET request.
pub(crate) fn get(target: &str) -> Request<Body> {
    Request::get(target).body(Body::empty()).unwrap()
}

/// Sends a request and reads the answer to its end.
pub(crate) async fn send(app: &Router, request: Request<Body>) -> Response<String> {
    let response = app.clone().oneshot(request).await.unwrap();
    read(response).await
}

/// Reads an answer to its end.
pub(crate) async fn read(response: Response<Body>) -> Response<String> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Response::from_parts(parts, String::from_utf8(bytes.to_vec()).unwrap())
}

/// Compares what was collected with a tree.
pub(crate) fn check(
    collector: &Collector,
    attributes: &[&'static str],
    expected: &expect_test::Expect,
) {
    expected.assert_eq(&collector.tree(attributes));
    collector.assert_all_ended();
}

/// A collector that samples what the caller samples.
pub(crate) fn parent_based() -> Collector {
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    Collector::builder().sampler(sampler).build()
}

/// Lets other tasks run until that many spans are open.
pub(crate) async fn wait_for_open(collector: &Collector, spans: usize) {
    let open = async {
        while collector.open_spans() < spans {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), open)
        .await
        .expect("spans open");
}

//! When spans start and end.

use std::{
    panic::AssertUnwindSafe,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use expect_test::expect;
use opentelemetry::trace::TraceContextExt as _;
use reqwest::{Request, Response};
use throughline_core::{semconv::metric, span};
use throughline_reqwest::{Client, ClientLayer};
use throughline_testing::Collector;
use tower::{Layer as _, Service as _, service_fn};

use crate::server::{Server, raw, read_request};

#[tokio::test]
async fn a_request_that_is_never_polled_has_no_span() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let _guard = collector.enter();
    drop(Client::new().get(server.url("/ok")).send());
    assert_eq!((collector.spans().len(), collector.open_spans()), (0, 0));
}

#[tokio::test]
async fn a_request_that_lost_a_race_was_cancelled_and_is_no_error() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    let work = span("work").run_value(async {
        tokio::select! {
            biased;
            _ = client.get(server.url("/hang")).send() => panic!("nobody answers"),
            response = client.get(server.url("/ok")).send() => response.unwrap(),
        }
    });
    collector.run(work).await;
    expect![[r#"
        INTERNAL work
          CLIENT GET [throughline.outcome=cancelled]
          CLIENT GET [http.response.status_code=200]
    "#]]
    .assert_eq(&collector.tree(&[
        "throughline.outcome",
        "error.type",
        "http.response.status_code",
    ]));
    let metrics = collector.metrics();
    let measured = metrics.text(metric::HTTP_CLIENT_REQUEST_DURATION, &["error.type"]);
    assert!(!measured.contains("error"), "{measured}");
}

#[tokio::test]
async fn a_callers_timeout_is_a_cancellation() {
    let collector = Collector::new();
    let (asked, was_asked) = tokio::sync::oneshot::channel();
    let address = raw(async |mut stream| {
        read_request(&mut stream).await;
        asked.send(()).unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let request = Client::new().get(format!("http://{address}/")).send();
    let timed = async {
        tokio::select! {
            _ = request => panic!("nobody answers"),
            asked = was_asked => asked.unwrap(),
        }
    };
    let timed = tokio::time::timeout(Duration::from_mins(1), timed);
    collector.run(timed).await.unwrap();
    expect![[r#"
        CLIENT GET [throughline.outcome=cancelled]
    "#]]
    .assert_eq(&collector.tree(&["throughline.outcome", "error.type"]));
}

#[tokio::test]
async fn a_span_ends_at_the_head_and_not_with_the_body() {
    use tokio::io::AsyncWriteExt as _;

    let collector = Collector::new();
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let address = raw(async |mut stream| {
        read_request(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
        stream.write_all(head).await.unwrap();
        finished.await.unwrap();
        stream.write_all(b"body").await.unwrap();
    })
    .await;
    let request = Client::new().get(format!("http://{address}/")).send();
    let response = collector.run(request).await.unwrap();
    assert_eq!(collector.tree(&[]), "CLIENT GET\n");
    finish.send(()).unwrap();
    assert_eq!(response.text().await.unwrap(), "body");
}

#[tokio::test]
async fn a_panic_below_is_recorded_and_goes_on() {
    let collector = Collector::new();
    let client = service_fn(|_: Request| async { panic!("broken") });
    let mut client = ClientLayer::new().layer(client);
    let request = Request::new(reqwest::Method::GET, "http://a.test/".parse().unwrap());
    let _guard = collector.enter();
    let mut sent = pin!(client.call(request));
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let polled: Poll<Result<Response, reqwest::Error>> =
            sent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        polled.is_ready()
    }));
    assert!(panic.is_err(), "the panic must go on");
    expect![[r#"
        CLIENT GET ERROR [throughline.outcome=panicked error.type=panic]
    "#]]
    .assert_eq(&collector.tree(&["throughline.outcome", "error.type"]));
}

#[tokio::test]
async fn what_runs_below_the_client_is_inside_its_span() {
    let collector = Collector::new();
    let client = service_fn(|_: Request| async {
        let current = opentelemetry::Context::current();
        assert!(current.span().span_context().is_valid());
        span("pool").run_value(async {}).await;
        Ok::<_, reqwest::Error>(Response::from(http::Response::new("")))
    });
    let mut client = ClientLayer::new().layer(client);
    let request = Request::new(reqwest::Method::GET, "http://a.test/".parse().unwrap());
    collector.run(client.call(request)).await.unwrap();
    assert_eq!(collector.tree(&[]), "CLIENT GET\n  INTERNAL pool\n");
}

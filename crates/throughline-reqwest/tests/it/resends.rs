//! Attempts at one request.

use std::future::{Ready, ready};

use expect_test::expect;
use reqwest::{Request, Response};
use throughline_core::span;
use throughline_reqwest::{Client, ClientLayer, CountResendsLayer};
use throughline_testing::Collector;
use tower::{
    Service, ServiceBuilder, ServiceExt as _,
    retry::{Policy, RetryLayer},
};

use crate::server::Server;

const COUNTS: &[&str] = &["http.request.resend_count", "http.response.status_code"];

/// Tries a request up to this many times more while the server fails.
#[derive(Clone)]
struct Tries(usize);

impl Policy<Request, Response, reqwest::Error> for Tries {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _request: &mut Request,
        result: &mut Result<Response, reqwest::Error>,
    ) -> Option<Ready<()>> {
        let failed = result
            .as_ref()
            .is_ok_and(|response| response.status().is_server_error());
        self.0 = self.0.checked_sub(1).filter(|_| failed)?;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        request.try_clone()
    }
}

async fn send(
    client: impl Service<Request, Response = Response, Error = reqwest::Error>,
    url: &str,
) -> Response {
    let request = Request::new(reqwest::Method::GET, url.parse().unwrap());
    span("work")
        .run_value(async { client.oneshot(request).await.unwrap() })
        .await
}

#[tokio::test]
async fn retried_attempts_are_siblings_and_numbered() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = ServiceBuilder::new()
        .layer(CountResendsLayer::new())
        .layer(RetryLayer::new(Tries(2)))
        .service(Client::new());
    collector
        .run(send(client, &server.url("/status/503")))
        .await;
    expect![[r#"
        INTERNAL work
          CLIENT GET ERROR [http.response.status_code=503]
          CLIENT GET ERROR [http.request.resend_count=1 http.response.status_code=503]
          CLIENT GET ERROR [http.request.resend_count=2 http.response.status_code=503]
    "#]]
    .assert_eq(&collector.tree(COUNTS));
    let sent = server.seen_header("traceparent");
    assert!(sent[0] != sent[1] && sent[1] != sent[2], "{sent:?}");
}

#[tokio::test]
async fn each_request_is_counted_by_itself() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = ServiceBuilder::new()
        .layer(CountResendsLayer::new())
        .layer(RetryLayer::new(Tries(2)))
        .layer(ClientLayer::new())
        .service(reqwest::Client::new());
    collector
        .run(async {
            send(client.clone(), &server.url("/ok")).await;
            send(client, &server.url("/ok")).await;
        })
        .await;
    expect![[r#"
        INTERNAL work
          CLIENT GET [http.response.status_code=200]

        INTERNAL work
          CLIENT GET [http.response.status_code=200]
    "#]]
    .assert_eq(&collector.tree(COUNTS));
}

#[tokio::test]
async fn redirects_and_retries_are_counted_together() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = ServiceBuilder::new()
        .layer(CountResendsLayer::new())
        .layer(RetryLayer::new(Tries(1)))
        .service(Client::new());
    collector
        .run(send(
            client,
            &server.url("/redirect/302/127.0.0.1/status/500"),
        ))
        .await;
    expect![[r#"
        INTERNAL work
          CLIENT GET [http.response.status_code=302]
          CLIENT GET ERROR [http.request.resend_count=1 http.response.status_code=500]
          CLIENT GET [http.request.resend_count=2 http.response.status_code=302]
          CLIENT GET ERROR [http.request.resend_count=3 http.response.status_code=500]
    "#]]
    .assert_eq(&collector.tree(COUNTS));
}

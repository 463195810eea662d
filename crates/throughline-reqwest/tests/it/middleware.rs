//! The middleware for reqwest-middleware.

use async_trait::async_trait;
use expect_test::expect;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next, Result};
use throughline_core::span;
use throughline_reqwest::{Settings, TraceMiddleware, UrlTemplate};
use throughline_testing::Collector;

use crate::server::{Server, nobody};

/// Sends everything twice, as a retry does.
struct Twice;

#[async_trait]
impl Middleware for Twice {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let again = request.try_clone().unwrap();
        next.clone().run(request, extensions).await?;
        next.run(again, extensions).await
    }
}

#[tokio::test]
async fn attempts_below_a_retry_are_siblings_and_numbered() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(Twice)
        .with(TraceMiddleware::new())
        .build();
    let request = client
        .get(server.url("/status/503"))
        .with_extension(UrlTemplate::from("/status/{code}"));
    let work = span("work").run_value(async { request.send().await.unwrap() });
    collector.run(work).await;
    expect![[r#"
        INTERNAL work
          CLIENT GET /status/{code} ERROR [error.type="503"]
          CLIENT GET /status/{code} ERROR [http.request.resend_count=1 error.type="503"]
    "#]]
    .assert_eq(&collector.tree(&["http.request.resend_count", "error.type"]));
    let sent = server.seen_header("traceparent");
    assert!(sent[0].is_some() && sent[0] != sent[1], "{sent:?}");
}

#[tokio::test]
async fn errors_are_looked_into() {
    let collector = Collector::new();
    let settings = Settings::new().telemetry(collector.telemetry());
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(TraceMiddleware::with(settings))
        .build();
    let url = format!("http://{}/", nobody().await);
    client.get(url).send().await.unwrap_err();
    assert_eq!(
        collector.tree(&["error.type"]),
        "CLIENT GET ERROR [error.type=connect_refused]\n"
    );
}

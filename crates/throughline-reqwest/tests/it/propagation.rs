//! What goes to the other end.

use opentelemetry::{Context, trace::TraceContextExt as _};
use reqwest::header::HeaderMap;
use throughline_core::span;
use throughline_reqwest::{Client, PropagateTo, Settings};
use throughline_testing::{Collector, Sampler, remote_span_context};

use crate::server::Server;

#[tokio::test]
async fn the_other_end_gets_the_spans_ids_and_no_empty_tracestate() {
    let (collector, server) = (Collector::new(), Server::start().await);
    collector
        .run(Client::new().get(server.url("/ok")).send())
        .await
        .unwrap();
    let span = collector.span("GET");
    let seen = &server.seen()[0].headers;
    assert_eq!(
        seen["traceparent"],
        format!("00-{}-{}-01", span.trace_id, span.span_id)
    );
    assert!(!seen.contains_key("tracestate"), "{seen:?}");
    assert!(!seen.contains_key("baggage"), "{seen:?}");
}

#[tokio::test]
async fn what_a_cloned_request_says_of_another_span_is_replaced() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    let stale: HeaderMap = [
        (
            "traceparent",
            "00-11111111111111111111111111111111-2222222222222222-00",
        ),
        ("tracestate", "stale=1"),
    ]
    .into_iter()
    .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
    .collect();
    let request = client.get(server.url("/ok")).headers(stale);
    collector
        .run(span("work").run_value(async {
            request.try_clone().unwrap().send().await.unwrap();
            request.send().await.unwrap();
        }))
        .await;
    let ids = |span: throughline_testing::SpanRecord| {
        Some(format!("00-{}-{}-01", span.trace_id, span.span_id))
    };
    let spans: Vec<_> = collector.spans().into_iter().take(2).map(ids).collect();
    assert_eq!(server.seen_header("traceparent"), spans);
    assert_eq!(server.seen_header("tracestate"), [None, None]);
}

#[tokio::test]
async fn a_trace_that_is_not_sampled_is_passed_on_as_such() {
    let server = Server::start().await;
    let collector = Collector::builder()
        .sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .build();
    let remote = Context::new().with_remote_span_context(remote_span_context(false));
    let _guard = remote.attach();
    collector
        .run(Client::new().get(server.url("/ok")).send())
        .await
        .unwrap();
    let sent = server.seen_header("traceparent").remove(0).unwrap();
    assert!(
        sent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{sent}"
    );
    assert!(sent.ends_with("-00"), "{sent}");
    assert_eq!(collector.tree(&[]), "");
    let measured = collector
        .metrics()
        .text("http.client.request.duration", &[]);
    assert!(
        measured.contains("count=1"),
        "metrics must not depend on sampling: {measured}"
    );
}

#[tokio::test]
async fn a_head_decision_is_passed_on_with_ids_of_its_own() {
    let server = Server::start().await;
    let collector = Collector::builder().sampler(Sampler::AlwaysOff).build();
    collector
        .run(Client::new().get(server.url("/ok")).send())
        .await
        .unwrap();
    let sent = server.seen_header("traceparent").remove(0).unwrap();
    assert!(sent.ends_with("-00"), "{sent}");
}

#[tokio::test]
async fn hosts_that_are_not_listed_get_nothing() {
    let (collector, server) = (Collector::new(), Server::start().await);
    for (list, sent) in [
        (PropagateTo::All, true),
        (PropagateTo::None, false),
        (PropagateTo::hosts(["127.0.0.1"]), true),
        (PropagateTo::hosts(["a.test"]), false),
    ] {
        let client = Client::builder()
            .propagate_to(list.clone())
            .build()
            .unwrap();
        let request = client
            .get(server.url("/ok"))
            .header("tracestate", "stale=1");
        collector.run(request.send()).await.unwrap();
        let seen = server.seen().pop().unwrap().headers;
        assert_eq!(seen.contains_key("traceparent"), sent, "{list:?}");
        assert!(!seen.contains_key("tracestate"), "{list:?}");
    }
    assert_eq!(collector.spans().len(), 4);
}

#[tokio::test]
async fn a_wrapped_client_can_keep_the_context_to_itself() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let settings = Settings::new().without_propagation();
    let client = Client::wrap(reqwest::Client::new(), settings);
    collector
        .run(client.get(server.url("/ok")).send())
        .await
        .unwrap();
    assert_eq!(collector.tree(&[]), "CLIENT GET\n");
    assert_eq!(server.seen_header("traceparent"), [None]);
}

#[tokio::test]
async fn without_a_provider_a_request_is_what_it_was() {
    let server = Server::start().await;
    let response = Client::new().get(server.url("/ok")).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "fine");
    assert_eq!(server.seen_header("traceparent"), [None]);
}

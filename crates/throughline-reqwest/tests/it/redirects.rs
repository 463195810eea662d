//! Redirects: a span for each hop, and nothing to strangers that is not theirs.

use std::{collections::BTreeMap, time::Duration};

use expect_test::expect;
use reqwest::{
    StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use throughline_core::span;
use throughline_reqwest::{Client, ClientBuilder, PropagateTo, error_type};
use throughline_testing::Collector;

use crate::server::{Seen, Server};

const HOPS: &[&str] = &[
    "server.address",
    "http.response.status_code",
    "http.request.resend_count",
    "url.template",
    "error.type",
];

/// A client that finds `ours.test` and `theirs.test` at the server.
fn builder(server: &Server) -> ClientBuilder {
    Client::builder()
        .resolve("ours.test", server.address())
        .resolve("theirs.test", server.address())
}

#[tokio::test]
async fn every_hop_is_a_span_beside_the_others_and_is_numbered() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = builder(&server).build().unwrap();
    let url = server.url_at(
        "ours.test",
        "/redirect/302/ours.test/redirect/301/theirs.test/ok",
    );
    let work = span("work").run_value(async {
        client
            .get(url)
            .url_template("/redirect")
            .send()
            .await
            .unwrap()
    });
    let response = collector.run(work).await;
    assert_eq!(response.url().as_str(), server.url_at("theirs.test", "/ok"));
    assert_eq!(response.text().await.unwrap(), "fine");
    expect![[r#"
        INTERNAL work
          CLIENT GET /redirect [server.address=ours.test http.response.status_code=302 url.template=/redirect]
          CLIENT GET [server.address=ours.test http.response.status_code=301 http.request.resend_count=1]
          CLIENT GET [server.address=theirs.test http.response.status_code=200 http.request.resend_count=2]
    "#]]
    .assert_eq(&collector.tree(HOPS));
}

#[tokio::test]
async fn every_hop_carries_the_ids_of_its_own_span() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = builder(&server).build().unwrap();
    let url = server.url_at("ours.test", "/redirect/307/theirs.test/ok");
    collector.run(client.get(url).send()).await.unwrap();
    let ids = |span: throughline_testing::SpanRecord| {
        Some(format!("00-{}-{}-01", span.trace_id, span.span_id))
    };
    let spans: Vec<_> = collector.spans().into_iter().map(ids).collect();
    assert_eq!(spans.len(), 2);
    assert_eq!(server.seen_header("traceparent"), spans);
}

#[tokio::test]
async fn a_hop_to_a_host_that_is_not_listed_carries_no_context() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let ours = PropagateTo::hosts(["ours.test"]);
    let client = builder(&server).propagate_to(ours).build().unwrap();
    let there_and_back = "/redirect/302/theirs.test/redirect/302/ours.test/ok";
    let request = client
        .get(server.url_at("ours.test", there_and_back))
        .header("tracestate", "ours=1")
        .header("baggage", "user=7");
    collector.run(request.send()).await.unwrap();
    let hosts: Vec<_> = server.seen().into_iter().map(|seen| seen.host).collect();
    assert_eq!(hosts, ["ours.test", "theirs.test", "ours.test"]);
    for header in ["traceparent", "baggage"] {
        let sent: Vec<_> = server
            .seen_header(header)
            .iter()
            .map(Option::is_some)
            .collect();
        assert_eq!(sent, [true, false, true], "{header}");
    }
    assert_eq!(server.seen_header("tracestate"), [None, None, None]);
}

#[tokio::test]
async fn credentials_stay_with_the_host_they_were_meant_for() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let mut defaults = HeaderMap::new();
    defaults.insert(AUTHORIZATION, HeaderValue::from_static("Bearer default"));
    defaults.insert("x-tenant", HeaderValue::from_static("a"));
    let client = builder(&server).default_headers(defaults).build().unwrap();
    let path = "/redirect/302/ours.test/redirect/302/theirs.test/ok";
    collector
        .run(async {
            let url = || server.url_at("ours.test", path);
            client
                .get(url())
                .header("cookie", "a=b")
                .send()
                .await
                .unwrap();
            client.get(url()).bearer_auth("own").send().await.unwrap();
        })
        .await;
    let text = |text: &str| Some(text.to_owned());
    let default = text("Bearer default");
    let own = text("Bearer own");
    assert_eq!(
        server.seen_header("authorization"),
        [default.clone(), default, None, own.clone(), own, None]
    );
    let cookie = text("a=b");
    assert_eq!(
        server.seen_header("cookie")[..3],
        [cookie.clone(), cookie, None]
    );
    assert_eq!(server.seen_header("x-tenant"), vec![text("a"); 6]);
}

#[tokio::test]
async fn methods_and_bodies_change_as_reqwest_changes_them() {
    let server = Server::start().await;
    let ours = Client::new();
    let theirs = reqwest::Client::new();
    for code in [301, 302, 303, 307, 308] {
        for method in ["GET", "POST", "PUT", "HEAD", "DELETE"] {
            let url = server.url(&format!("/redirect/{code}/127.0.0.1/ok"));
            let method: reqwest::Method = method.parse().unwrap();
            let request = |client: &reqwest::Client| {
                client
                    .request(method.clone(), &url)
                    .header("content-type", "text/plain")
                    .header("x-tenant", "a")
                    .body("body")
                    .build()
                    .unwrap()
            };
            theirs.execute(request(&theirs)).await.unwrap();
            ours.execute(request(&theirs)).await.unwrap();
            let seen = server.seen();
            let [expected, found] = [seen.len() - 3, seen.len() - 1].map(|at| {
                let Seen {
                    method,
                    headers,
                    body,
                    path,
                    ..
                } = seen[at].clone();
                let headers: BTreeMap<_, _> = headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.clone()))
                    .collect();
                (method, path, headers, body)
            });
            assert_eq!(found, expected, "{code} {method}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_gone_is_not_sent_again() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let stream = throughline_testing::ScriptedBody::new().data("body");
    let request = Client::new()
        .post(server.url("/redirect/307/127.0.0.1/ok"))
        .body(reqwest::Body::wrap(stream));
    let response = collector.run(request.send()).await.unwrap();
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(collector.tree(&[]), "CLIENT POST\n");
}

#[tokio::test]
async fn one_redirect_too_many_is_an_error_of_reqwest() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::builder().max_redirects(2).build().unwrap();
    let error = collector
        .run(client.get(server.url("/loop")).send())
        .await
        .unwrap_err();
    assert!(error.is_redirect(), "{error:?}");
    assert_eq!(error_type(&error), "redirect_loop");
    expect![[r#"
        CLIENT GET [http.response.status_code=302]

        CLIENT GET [http.response.status_code=302 http.request.resend_count=1]

        CLIENT GET ERROR [http.request.resend_count=2 error.type=redirect_loop]
    "#]]
    .assert_eq(&collector.tree(&HOPS[1..]));
}

#[tokio::test]
async fn ten_redirects_are_followed_by_default_as_reqwest_does() {
    let server = Server::start().await;
    let error = Client::new()
        .get(server.url("/loop"))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_redirect());
    let ours = server.seen().len();
    let error = reqwest::get(server.url("/loop")).await.unwrap_err();
    assert!(error.is_redirect());
    assert_eq!((ours, server.seen().len() - ours), (11, 11));
}

#[tokio::test]
async fn redirects_can_be_left_to_the_caller() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::builder().no_redirects().build().unwrap();
    let response = collector
        .run(client.get(server.url("/loop")).send())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(
        collector.tree(&HOPS[1..]),
        "CLIENT GET [http.response.status_code=302]\n"
    );
}

#[tokio::test]
async fn a_location_that_is_no_url_is_given_to_the_caller() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let response = collector
        .run(Client::new().get(server.url("/to/http:%2F%2F[")).send())
        .await;
    assert_eq!(response.unwrap().status(), StatusCode::FOUND);
    assert_eq!(collector.tree(&[]), "CLIENT GET\n");
}

#[tokio::test]
async fn a_redirect_to_another_scheme_is_refused() {
    let server = Server::start().await;
    let error = Client::new()
        .get(server.url("/to/file:%2F%2F%2Fetc"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error_type(&error), "builder");
}

#[tokio::test]
async fn a_referer_has_no_credentials_and_can_be_left_out() {
    let server = Server::start().await;
    let url = format!(
        "http://bob:hunter2@{}/redirect/302/127.0.0.1/ok#part",
        server.address()
    );
    Client::new().get(&url).send().await.unwrap();
    let referer = server.url("/redirect/302/127.0.0.1/ok");
    assert_eq!(server.seen_header("referer"), [None, Some(referer)]);

    let client = Client::builder().referer(false).build().unwrap();
    client.get(&url).send().await.unwrap();
    assert_eq!(server.seen_header("referer")[2..], [None, None]);
}

#[tokio::test]
async fn a_timeout_also_holds_for_the_hops_after_the_first() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let url = server.url("/redirect/302/127.0.0.1/hang");
    let timeout = Duration::from_millis(200);
    let limited = Client::builder().timeout(timeout).build().unwrap();
    for request in [limited.get(&url), Client::new().get(&url).timeout(timeout)] {
        let error = collector.run(request.send()).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }
    let spans = collector.spans();
    let errors = spans
        .iter()
        .map(|span| span.attribute("error.type").map(ToString::to_string));
    let timeout = Some("timeout".to_owned());
    assert_eq!(
        errors.collect::<Vec<_>>(),
        [None, timeout.clone(), None, timeout]
    );
}

#[tokio::test]
async fn a_wrapped_client_follows_redirects_within_one_span() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::from(reqwest::Client::new());
    let url = server.url("/redirect/302/127.0.0.1/ok");
    let response = collector.run(client.get(url).send()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    expect![[r#"
        CLIENT GET [server.address=127.0.0.1 http.response.status_code=200]
    "#]]
    .assert_eq(&collector.tree(HOPS));
    let sent = server.seen_header("traceparent");
    assert!(sent[0].is_some() && sent[0] == sent[1], "{sent:?}");
}

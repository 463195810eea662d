//! What a span says.

use expect_test::expect;
use opentelemetry::Value;
use reqwest::{Method, header::HeaderName};
use throughline_core::{
    semconv::{Names, metric},
    span,
};
use throughline_reqwest::{Client, UrlTemplate};
use throughline_testing::Collector;

use crate::server::Server;

const NAMES: &[&str] = &[
    "http.request.method",
    "http.response.status_code",
    "error.type",
];

#[tokio::test]
async fn a_request_is_a_client_span_below_the_current_one() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    let work = span("work").run_value(async {
        client
            .get(server.url("/ok"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    });
    assert_eq!(collector.run(work).await, "fine");
    expect![[r#"
        INTERNAL work
          CLIENT GET [http.request.method=GET http.response.status_code=200]
    "#]]
    .assert_eq(&collector.tree(NAMES));
}

#[tokio::test]
async fn each_verb_names_its_span() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    let url = || server.url("/ok");
    let odd = Method::from_bytes(b"PURGE").unwrap();
    collector
        .run(async {
            for request in [
                client.get(url()),
                client.post(url()).body("a"),
                client.put(url()),
                client.patch(url()),
                client.delete(url()),
                client.head(url()),
                client.request(Method::OPTIONS, url()),
                client.request(odd, url()),
            ] {
                request.send().await.unwrap();
            }
        })
        .await;
    expect![[r#"
        CLIENT GET [http.request.method=GET]

        CLIENT POST [http.request.method=POST]

        CLIENT PUT [http.request.method=PUT]

        CLIENT PATCH [http.request.method=PATCH]

        CLIENT DELETE [http.request.method=DELETE]

        CLIENT HEAD [http.request.method=HEAD]

        CLIENT OPTIONS [http.request.method=OPTIONS]

        CLIENT HTTP [http.request.method=_OTHER http.request.method_original=PURGE]
    "#]]
    .assert_eq(&collector.tree(&["http.request.method", "http.request.method_original"]));
}

#[tokio::test]
async fn a_status_of_400_and_above_is_an_error_without_words() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    collector
        .run(async {
            for code in [204, 304, 404, 500] {
                client
                    .get(server.url(&format!("/status/{code}")))
                    .send()
                    .await
                    .unwrap();
            }
        })
        .await;
    expect![[r#"
        CLIENT GET [http.request.method=GET http.response.status_code=204]

        CLIENT GET [http.request.method=GET http.response.status_code=304]

        CLIENT GET ERROR [http.request.method=GET http.response.status_code=404 error.type="404"]

        CLIENT GET ERROR [http.request.method=GET http.response.status_code=500 error.type="500"]
    "#]]
    .assert_eq(&collector.tree(NAMES));
    let words = collector.spans().into_iter().map(|span| span.status);
    for status in words {
        assert!(
            !matches!(&status, opentelemetry::trace::Status::Error { description } if !description.is_empty()),
            "{status:?}"
        );
    }
}

#[tokio::test]
async fn a_span_says_where_the_request_went() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let port = i64::from(server.address().port());
    let client = Client::builder()
        .resolve("api.test", server.address())
        .build()
        .unwrap();
    let url = server.url_at("api.test", "/ok?a=b");
    collector.run(client.get(&url).send()).await.unwrap();
    let span = collector.span("GET");
    for (name, value) in [
        ("url.full", Value::from(url)),
        ("server.address", "api.test".into()),
        ("server.port", port.into()),
        ("network.peer.address", "127.0.0.1".into()),
        ("network.peer.port", port.into()),
        ("network.protocol.version", "1.1".into()),
    ] {
        assert_eq!(span.attribute(name), Some(&value), "{name}");
    }
    for absent in [
        "http.request.resend_count",
        "url.template",
        "error.type",
        "http.url",
    ] {
        assert_eq!(span.attribute(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn credentials_and_signatures_in_a_url_are_not_exported() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    let secret = |path| format!("http://bob:hunter2@{}{path}", server.address());
    let request = reqwest::Request::new(
        Method::GET,
        secret("/ok?a=b&sig=hunter3&X-Amz-Signature=hunter4")
            .parse()
            .unwrap(),
    );
    collector
        .run(async {
            client.execute(request).await.unwrap();
            client
                .get(secret("/status/500?sig=hunter3"))
                .send()
                .await
                .unwrap();
        })
        .await;
    let full = collector.spans()[0]
        .attribute("url.full")
        .unwrap()
        .to_string();
    assert_eq!(
        full,
        format!(
            "http://REDACTED:REDACTED@{}/ok?a=b&sig=REDACTED&X-Amz-Signature=REDACTED",
            server.address()
        )
    );
    let everything = format!("{:?}", collector.spans());
    assert!(!everything.contains("hunter"), "{everything}");
    assert!(
        server.seen()[1].headers.contains_key("authorization"),
        "the server must still get the credentials"
    );
}

#[tokio::test]
async fn a_template_names_the_span_and_labels_the_metric() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    collector
        .run(async {
            let request = client
                .get(server.url("/status/200"))
                .url_template("/status/{code}");
            request.send().await.unwrap();
            let owned = UrlTemplate::from("/status/{code}".to_owned());
            client
                .get(server.url("/status/201"))
                .url_template(owned)
                .send()
                .await
                .unwrap();
        })
        .await;
    expect![[r#"
        CLIENT GET /status/{code} [url.template=/status/{code}]

        CLIENT GET /status/{code} [url.template=/status/{code}]
    "#]]
    .assert_eq(&collector.tree(&["url.template"]));
    expect![[r#"
        http.client.request.duration (histogram, s)
          count=1 [url.template=/status/{code} http.response.status_code=200]
          count=1 [url.template=/status/{code} http.response.status_code=201]
    "#]]
    .assert_eq(&collector.metrics().text(
        metric::HTTP_CLIENT_REQUEST_DURATION,
        &["url.template", "http.response.status_code"],
    ));
}

#[tokio::test]
async fn listed_headers_are_captured_and_credentials_are_not() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let names = ["x-tenant", "authorization"].map(HeaderName::from_static);
    let client = Client::builder()
        .capture_request_headers(names)
        .capture_response_headers([HeaderName::from_static("content-type")])
        .build()
        .unwrap();
    let request = client
        .get(server.url("/ok"))
        .header("x-tenant", "a")
        .bearer_auth("hunter2");
    collector.run(request.send()).await.unwrap();
    expect![[r#"
        CLIENT GET [http.request.header.x-tenant=[a] http.request.header.authorization=[REDACTED] http.response.header.content-type=["text/plain; charset=utf-8"]]
    "#]]
    .assert_eq(&collector.tree(&[
        "http.request.header.x-tenant",
        "http.request.header.authorization",
        "http.response.header.content-type",
    ]));
}

#[tokio::test]
async fn the_metric_has_the_spans_duration_and_few_labels() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = Client::new();
    collector
        .run(client.get(server.url("/status/404")).send())
        .await
        .unwrap();
    expect![[r#"
        http.client.request.duration (histogram, s)
          count=1 [http.request.method=GET server.address=127.0.0.1 http.response.status_code=404 error.type="404" network.protocol.version="1.1"]
    "#]]
    .assert_eq(&collector.metrics().text(
        metric::HTTP_CLIENT_REQUEST_DURATION,
        &[
            "http.request.method",
            "server.address",
            "http.response.status_code",
            "error.type",
            "network.protocol.version",
        ],
    ));
    let metrics = collector.metrics();
    let point = &metrics
        .get(metric::HTTP_CLIENT_REQUEST_DURATION)
        .unwrap()
        .points[0];
    assert_eq!(point.attributes.len(), 6, "{:?}", point.attributes);
    let throughline_testing::PointValue::Distribution(measured) = &point.value else {
        panic!("a duration is a distribution");
    };
    assert_eq!(measured.bounds, metric::HTTP_DURATION_BOUNDS);
    let span = collector.span("GET").duration().as_secs_f64();
    assert!(
        (measured.sum - span).abs() < 1e-9,
        "{} is not {span}",
        measured.sum
    );
}

#[tokio::test]
async fn old_names_are_there_for_those_who_ask() {
    let server = Server::start().await;
    let collector = Collector::builder()
        .telemetry(|telemetry| {
            let mut conventions = throughline_core::semconv::Conventions::default();
            conventions.http = Names::Both;
            telemetry.with_conventions(conventions)
        })
        .build();
    collector
        .run(Client::new().get(server.url("/ok")).send())
        .await
        .unwrap();
    expect![[r#"
        CLIENT GET [http.request.method=GET http.method=GET http.response.status_code=200 http.status_code=200]
    "#]]
    .assert_eq(&collector.tree(&[
        "http.request.method",
        "http.method",
        "http.response.status_code",
        "http.status_code",
    ]));
}

#[tokio::test]
async fn a_client_with_its_own_telemetry_reports_there() {
    let (own, current, server) = (Collector::new(), Collector::new(), Server::start().await);
    let client = Client::builder()
        .telemetry(own.telemetry())
        .build()
        .unwrap();
    current
        .run(client.get(server.url("/ok")).send())
        .await
        .unwrap();
    assert_eq!(own.tree(&[]), "CLIENT GET\n");
    assert_eq!(current.tree(&[]), "");
}

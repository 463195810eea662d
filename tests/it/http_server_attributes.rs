//! What spans and metrics of requests say.

use std::net::SocketAddr;

use axum::{Router, body::Body, extract::ConnectInfo, routing::get};
use expect_test::expect;
use http::{HeaderName, Request, header};
use throughline_core::{
    propagation::Propagation,
    semconv::{
        Conventions, Names,
        http::{CapturedHeaders, TrustedProxies},
    },
};
use throughline_http::{ServerLayer, body::AxumBody, server::TraceResponse};
use throughline_testing::{Collector, Distribution, PointValue};

use crate::support::{self, Server, check, raw, send};

fn app(layer: ServerLayer<AxumBody>) -> Router {
    Router::new()
        .route("/users/{id}", get(|| async { "hello" }))
        .route("/fixed", get(|| async { "hello" }))
        .route("/broken", get(|| async { http::StatusCode::BAD_GATEWAY }))
        .layer(layer)
}

fn layer(collector: &Collector) -> ServerLayer<AxumBody> {
    ServerLayer::axum().with_telemetry(collector.telemetry())
}

const ALL: &[&str] = &[
    "http.request.method",
    "url.scheme",
    "url.path",
    "url.query",
    "server.address",
    "server.port",
    "client.address",
    "network.peer.address",
    "network.protocol.version",
    "user_agent.original",
    "http.route",
    "http.response.status_code",
];

#[tokio::test]
async fn a_request_on_a_socket_is_described_whole() {
    let collector = Collector::new();
    let server = Server::start(app(layer(&collector))).await;
    let mut connection = server.connect().await;
    raw(
        &mut connection,
        "GET /users/7?page=2&sig=SECRET HTTP/1.1\r\nhost: shop.example:8080\r\nuser-agent: curl/8\r\n\r\n",
        "hello",
    )
    .await;
    collector.wait_for(1).await;
    check(
        &collector,
        ALL,
        &expect![[r#"
        SERVER GET /users/{id} [http.request.method=GET url.scheme=http url.path=/users/7 url.query=page=2&sig=REDACTED server.address=shop.example server.port=8080 client.address=127.0.0.1 network.peer.address=127.0.0.1 network.protocol.version="1.1" user_agent.original=curl/8 http.route=/users/{id} http.response.status_code=200]
    "#]],
    );
    let port = collector.spans()[0].attribute("network.peer.port").cloned();
    assert!(
        matches!(port, Some(opentelemetry::Value::I64(port)) if port > 0),
        "{port:?}"
    );
}

#[tokio::test]
async fn addresses_of_version_six_and_of_http_2_are_read() {
    let collector = Collector::new();
    let app = app(layer(&collector));
    let v6 = Request::get("/fixed")
        .header(header::HOST, "[::1]:8443")
        .body(Body::empty())
        .unwrap();
    send(&app, v6).await;
    let h2 = Request::get("https://shop.example/fixed")
        .version(http::Version::HTTP_2)
        .body(Body::empty())
        .unwrap();
    send(&app, h2).await;
    check(
        &collector,
        &[
            "server.address",
            "server.port",
            "url.scheme",
            "network.protocol.version",
        ],
        &expect![[r#"
            SERVER GET /fixed [server.address=::1 server.port=8443 url.scheme=http network.protocol.version="1.1"]

            SERVER GET /fixed [server.address=shop.example url.scheme=https network.protocol.version="2"]
        "#]],
    );
}

#[tokio::test]
async fn forwarded_headers_are_believed_from_trusted_proxies_only() {
    let collector = Collector::new();
    let proxies = TrustedProxies::none().network("10.0.0.0/8".parse::<ipnet::IpNet>().unwrap());
    let app = app(layer(&collector).with_trusted_proxies(proxies));
    for peer in ["10.0.0.1:1", "203.0.113.9:1"] {
        let peer: SocketAddr = peer.parse().unwrap();
        let request = Request::get("/fixed")
            .header(header::HOST, "internal")
            .header("x-forwarded-for", "6.6.6.6, 198.51.100.7, 10.0.0.2")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "shop.example")
            .extension(ConnectInfo(peer))
            .body(Body::empty())
            .unwrap();
        send(&app, request).await;
    }
    check(
        &collector,
        &[
            "client.address",
            "network.peer.address",
            "url.scheme",
            "server.address",
        ],
        &expect![[r#"
            SERVER GET /fixed [client.address=198.51.100.7 network.peer.address=10.0.0.1 url.scheme=https server.address=shop.example]

            SERVER GET /fixed [client.address=203.0.113.9 network.peer.address=203.0.113.9 url.scheme=http server.address=internal]
        "#]],
    );
}

#[tokio::test]
async fn only_listed_headers_are_captured_and_credentials_never() {
    let collector = Collector::new();
    let requested = ["x-tenant", "authorization", "cookie"].map(HeaderName::from_static);
    let app = app(layer(&collector)
        .with_request_headers(CapturedHeaders::request(requested))
        .with_response_headers(CapturedHeaders::response([header::CONTENT_TYPE])));
    let request = Request::get("/fixed")
        .header("x-tenant", "a")
        .header("x-tenant", "b")
        .header("x-other", "not asked for")
        .header(header::AUTHORIZATION, "Bearer TOPSECRET")
        .header(header::COOKIE, "session=TOPSECRET")
        .body(Body::empty())
        .unwrap();
    send(&app, request).await;
    check(
        &collector,
        &[
            "http.request.header.x-tenant",
            "http.request.header.x-other",
            "http.request.header.authorization",
            "http.request.header.cookie",
            "http.response.header.content-type",
        ],
        &expect![[r#"
            SERVER GET /fixed [http.request.header.x-tenant=[a,b] http.request.header.authorization=[REDACTED] http.request.header.cookie=[REDACTED] http.response.header.content-type=["text/plain; charset=utf-8"]]
        "#]],
    );
    assert!(!format!("{:?}", collector.spans()).contains("TOPSECRET"));
}

#[tokio::test]
async fn hooks_add_attributes_and_a_hook_that_panics_harms_nobody() {
    let collector = Collector::new();
    let layer = layer(&collector)
        .on_request(|head, attributes| {
            attributes.set("tenant", head.headers.len());
        })
        .on_response(|head, _| {
            assert!(
                head.status.is_server_error(),
                "a hook of the user's that panics"
            );
        });
    let response = send(&app(layer), support::get("/fixed")).await;
    assert_eq!(response.status(), 200);
    check(
        &collector,
        &["tenant"],
        &expect![[r#"
        SERVER GET /fixed [tenant=0]
    "#]],
    );
}

#[tokio::test]
async fn the_request_id_is_the_callers_or_the_traces() {
    let collector = Collector::new();
    let app = Router::new()
        .route(
            "/",
            get(|headers: http::HeaderMap| async move {
                headers["x-request-id"].to_str().unwrap().to_owned()
            }),
        )
        .layer(layer(&collector).with_request_id());
    let sent = Request::get("/")
        .header("x-request-id", "from-caller")
        .body(Body::empty())
        .unwrap();
    let answer = send(&app, sent).await;
    assert_eq!(
        (answer.body().as_str(), &answer.headers()["x-request-id"]),
        ("from-caller", &"from-caller".parse().unwrap())
    );

    let answer = send(&app, support::get("/")).await;
    let trace = collector.spans()[1].trace_id.to_string();
    assert_eq!(
        (
            answer.body(),
            answer.headers()["x-request-id"].to_str().unwrap()
        ),
        (&trace, trace.as_str())
    );
    assert_eq!(
        collector.spans()[1].attribute("request.id"),
        Some(&trace.into())
    );
}

#[tokio::test]
async fn the_trace_is_told_to_the_caller_only_on_demand() {
    let collector = Collector::new();
    let silent = send(&app(layer(&collector)), support::get("/fixed")).await;
    assert!(!silent.headers().contains_key("traceresponse"));
    assert!(!silent.headers().contains_key("server-timing"));

    let telling = layer(&collector).with_trace_response(TraceResponse::Both);
    let answer = send(&app(telling), support::get("/fixed")).await;
    let span = &collector.spans()[1];
    let id = format!("00-{}-{}-01", span.trace_id, span.span_id);
    assert_eq!(answer.headers()["traceresponse"], id.as_str());
    assert_eq!(
        answer.headers()["server-timing"],
        format!("traceparent;desc=\"{id}\"").as_str()
    );
}

#[tokio::test]
async fn old_names_stand_beside_the_stable_ones_on_demand() {
    let collector = Collector::new();
    let mut conventions = Conventions::default();
    conventions.http = Names::Both;
    let layer =
        ServerLayer::axum().with_telemetry(collector.telemetry().with_conventions(conventions));
    let request = Request::get("/fixed?a=1")
        .header("user-agent", "x")
        .body(Body::empty())
        .unwrap();
    send(&app(layer), request).await;
    check(
        &collector,
        &[
            "http.request.method",
            "http.method",
            "http.response.status_code",
            "http.status_code",
            "http.target",
            "user_agent.original",
            "http.user_agent",
        ],
        &expect![[r#"
            SERVER GET /fixed [http.request.method=GET http.method=GET http.response.status_code=200 http.status_code=200 http.target=/fixed?a=1 user_agent.original=x http.user_agent=x]
        "#]],
    );
}

fn distribution(collector: &Collector, name: &str, route: &str) -> Distribution {
    let metrics = collector.metrics();
    let point = metrics.get(name).unwrap().points.iter().find(|point| {
        point
            .attributes
            .iter()
            .any(|label| label.key.as_str() == "http.route" && label.value.as_str() == route)
    });
    match point.map(|point| &point.value) {
        Some(PointValue::Distribution(found)) => found.clone(),
        other => panic!("{name} of {route} is {other:?}"),
    }
}

#[tokio::test]
async fn the_duration_metric_is_the_spans_duration() {
    let collector = Collector::new();
    let app = app(layer(&collector).with_body_sizes());
    send(&app, support::get("/users/1")).await;
    send(&app, support::get("/broken")).await;
    let spans = collector.spans();
    for span in &spans {
        let route = span.attribute("http.route").unwrap().as_str().into_owned();
        let measured = distribution(&collector, "http.server.request.duration", &route).sum;
        let lasted = span.duration().as_secs_f64();
        assert!(
            (measured - lasted).abs() < 1e-9,
            "{route}: {measured} against {lasted}"
        );
    }
    let labels = [
        "http.request.method",
        "url.scheme",
        "http.route",
        "http.response.status_code",
        "network.protocol.version",
        "error.type",
        "server.address",
    ];
    let metrics = collector.metrics();
    let text: String = metrics
        .iter()
        .map(|metric| metrics.text(&metric.name, &labels))
        .collect();
    expect![[r#"
        http.server.active_requests (up-down counter, {request})
          value=0 [http.request.method=GET url.scheme=http]
        http.server.request.duration (histogram, s)
          count=1 [http.request.method=GET url.scheme=http http.route=/broken http.response.status_code=502 network.protocol.version="1.1" error.type="502"]
          count=1 [http.request.method=GET url.scheme=http http.route=/users/{id} http.response.status_code=200 network.protocol.version="1.1"]
        http.server.response.body.size (histogram, By)
          count=1 sum=0 [http.request.method=GET url.scheme=http http.route=/broken http.response.status_code=502 network.protocol.version="1.1" error.type="502"]
          count=1 sum=5 [http.request.method=GET url.scheme=http http.route=/users/{id} http.response.status_code=200 network.protocol.version="1.1"]
    "#]].assert_eq(&text);
    let duration = metrics.get("http.server.request.duration").unwrap();
    let PointValue::Distribution(Distribution { bounds, .. }) = &duration.points[0].value else {
        panic!("a histogram")
    };
    assert_eq!(bounds[..3], [0.005, 0.01, 0.025], "the advised buckets");
}

#[tokio::test]
async fn the_sizes_of_bodies_are_told_or_counted() {
    let collector = Collector::new();
    let app = Router::new()
        .route("/", axum::routing::any(|body: String| async move { body }))
        .layer(layer(&collector).with_body_sizes());
    let streamed = || {
        Body::from_stream(futures_util::stream::iter(
            ["one", "two"].map(Ok::<_, std::io::Error>),
        ))
    };
    let told = Request::post("/")
        .header("content-length", "6")
        .body(streamed())
        .unwrap();
    for request in [
        support::get("/"),
        told,
        Request::post("/").body(streamed()).unwrap(),
    ] {
        send(&app, request).await;
    }
    check(
        &collector,
        &["http.request.body.size", "http.response.body.size"],
        &expect![[r#"
            SERVER GET / [http.response.body.size=0]

            SERVER POST / [http.request.body.size=6 http.response.body.size=6]

            SERVER POST / [http.request.body.size=6 http.response.body.size=6]
        "#]],
    );
}

#[tokio::test]
async fn the_number_of_active_requests_comes_back_to_zero_whatever_happens() {
    let collector = Collector::new();
    let app = Router::new()
        .route("/ok", get(|| async { "ok" }))
        .route(
            "/gone",
            get(|| async { std::future::pending::<()>().await }),
        )
        .layer(layer(&collector));
    send(&app, support::get("/ok")).await;
    let mut gone = Box::pin(send(&app, support::get("/gone")));
    assert!(futures_util::poll!(gone.as_mut()).is_pending());
    let active = || collector.metrics().text("http.server.active_requests", &[]);
    assert!(active().contains("value=1"), "{}", active());
    drop(gone);
    assert!(active().contains("value=0"), "{}", active());
}

#[tokio::test]
async fn a_layer_can_propagate_nothing() {
    let collector = Collector::new();
    let telemetry = collector.telemetry().with_propagation(Propagation::none());
    let app = app(ServerLayer::axum().with_telemetry(telemetry));
    let mut request = support::get("/fixed");
    request
        .headers_mut()
        .extend(throughline_testing::remote_parent(true));
    send(&app, request).await;
    assert!(collector.spans()[0].parent_span_id.is_none());
}

//! How spans of requests are named, and where the route comes from.

use axum::{
    Router,
    body::Body,
    routing::{any, get, post},
};
use expect_test::{Expect, expect};
use http::Request;
use throughline_http::{
    ServerLayer,
    server::{CurrentTrace, RouteLayer, set_route},
};
use throughline_testing::Collector;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};

use crate::support::{self, read, send};

const SHOWN: &[&str] = &["http.route", "http.response.status_code"];

async fn ok() -> &'static str {
    "ok"
}

fn layer(collector: &Collector) -> ServerLayer<throughline_http::body::AxumBody> {
    ServerLayer::axum().with_telemetry(collector.telemetry())
}

/// Sends requests one after the other to an app with the layer on its router.
async fn check(app: Router, requests: &[&str], expected: Expect) {
    let collector = Collector::new();
    let app = app.layer(layer(&collector));
    for line in requests {
        let (method, target) = line.split_once(' ').unwrap();
        let request = Request::builder()
            .method(method)
            .uri(target)
            .body(Body::empty())
            .unwrap();
        send(&app, request).await;
    }
    support::check(&collector, SHOWN, &expected);
}

#[tokio::test]
async fn a_span_is_named_by_method_and_route() {
    check(
        Router::new().route("/users/{id}", get(ok).delete(ok)),
        &["GET /users/7", "DELETE /users/8", "HEAD /users/9"],
        expect![[r#"
            SERVER GET /users/{id} [http.route=/users/{id} http.response.status_code=200]

            SERVER DELETE /users/{id} [http.route=/users/{id} http.response.status_code=200]

            SERVER HEAD /users/{id} [http.route=/users/{id} http.response.status_code=200]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn without_a_route_the_name_is_the_method_and_never_the_path() {
    check(
        Router::new().route("/users/{id}", get(ok)),
        &["GET /secret/path", "POST /users/7"],
        expect![[r#"
            SERVER GET [http.response.status_code=404]

            SERVER POST /users/{id} [http.route=/users/{id} http.response.status_code=405]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn fallbacks_have_no_route_and_wrong_methods_have_one() {
    check(
        Router::new()
            .route("/users/{id}", get(ok))
            .fallback(ok)
            .method_not_allowed_fallback(|| async { (http::StatusCode::METHOD_NOT_ALLOWED, "no") }),
        &["GET /nowhere", "PUT /users/7"],
        expect![[r#"
            SERVER GET [http.response.status_code=200]

            SERVER PUT /users/{id} [http.route=/users/{id} http.response.status_code=405]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_method_that_is_not_known_is_other() {
    let collector = Collector::new();
    let app = Router::new()
        .route("/any", any(ok))
        .layer(layer(&collector));
    let request = Request::builder()
        .method("BREW")
        .uri("/any")
        .body(Body::empty())
        .unwrap();
    send(&app, request).await;
    support::check(
        &collector,
        &["http.request.method", "http.request.method_original"],
        &expect![[r#"
            SERVER HTTP /any [http.request.method=_OTHER http.request.method_original=BREW]
        "#]],
    );
}

#[tokio::test]
async fn a_nested_router_gives_the_whole_route() {
    check(
        Router::new().nest("/api", Router::new().route("/users/{id}", get(ok))),
        &["GET /api/users/7", "GET /api/nothing"],
        expect![[r#"
            SERVER GET /api/users/{id} [http.route=/api/users/{id} http.response.status_code=200]

            SERVER GET [http.response.status_code=404]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_nested_service_tells_its_route_late() {
    let inner = Router::new()
        .route("/users/{id}", get(ok))
        .layer(RouteLayer::new());
    check(
        Router::new().nest_service("/api", inner),
        &["GET /api/users/7"],
        expect![[r#"
            SERVER GET /api/users/{id} [http.route=/api/users/{id} http.response.status_code=200]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_layer_outside_the_router_learns_the_route_from_a_route_layer() {
    let collector = Collector::new();
    let router = Router::new()
        .route("/users/{id}", get(ok))
        .nest("/api", Router::new().route("/posts/{id}", post(ok)))
        .layer(RouteLayer::new());
    let app = ServiceBuilder::new()
        .layer(layer(&collector))
        .service(router);
    for (method, target) in [
        ("GET", "/users/7"),
        ("POST", "/api/posts/1"),
        ("GET", "/nowhere"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .body(Body::empty())
            .unwrap();
        read(app.clone().oneshot(request).await.unwrap()).await;
    }
    support::check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /users/{id} [http.route=/users/{id} http.response.status_code=200]

        SERVER POST /api/posts/{id} [http.route=/api/posts/{id} http.response.status_code=200]

        SERVER GET [http.response.status_code=404]
    "#]],
    );
}

#[tokio::test]
async fn a_layer_outside_the_router_learns_the_route_by_itself() {
    let collector = Collector::new();
    let router = Router::new()
        .route("/users/{id}", get(ok))
        .nest("/api", Router::new().route("/posts/{id}", get(ok)))
        .fallback(ok);
    let app = layer(&collector).layer(router);
    for target in ["/users/7", "/api/posts/1", "/nowhere"] {
        read(app.clone().oneshot(support::get(target)).await.unwrap()).await;
    }
    support::check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /users/{id} [http.route=/users/{id} http.response.status_code=200]

        SERVER GET /api/posts/{id} [http.route=/api/posts/{id} http.response.status_code=200]

        SERVER GET [http.response.status_code=200]
    "#]],
    );
}

#[tokio::test]
async fn a_layer_outside_other_layers_learns_the_route_from_the_extractor() {
    let collector = Collector::new();
    let router = Router::new().route(
        "/users/{id}",
        get(|trace: CurrentTrace| async move { trace.to_string() }),
    );
    let app = ServiceBuilder::new()
        .layer(layer(&collector))
        .map_request(|request: Request<Body>| request)
        .service(router);
    let answer = read(app.oneshot(support::get("/users/7")).await.unwrap()).await;
    let [span] = &collector.spans()[..] else {
        panic!("one span")
    };
    assert_eq!(*answer.body(), span.trace_id.to_string());
    support::check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /users/{id} [http.route=/users/{id} http.response.status_code=200]
    "#]],
    );
}

#[tokio::test]
async fn two_layers_on_one_request_make_one_span() {
    let collector = Collector::new();
    let inner = Router::new()
        .route("/users/{id}", get(ok))
        .layer(layer(&collector));
    let app = Router::new()
        .nest_service("/api", inner)
        .layer(layer(&collector));
    send(&app, support::get("/api/users/7")).await;
    support::check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /api/users/{id} [http.route=/api/users/{id} http.response.status_code=200]
    "#]],
    );
}

#[tokio::test]
async fn any_tower_service_can_tell_its_route() {
    let collector = Collector::new();
    let service = service_fn(|request: Request<Body>| async move {
        set_route(request.extensions(), "/things/{thing}");
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::from("thing")))
    });
    let app = ServerLayer::new()
        .with_telemetry(collector.telemetry())
        .layer(service);
    let response = app.oneshot(support::get("/things/4")).await.unwrap();
    read(response.map(Body::new)).await;
    support::check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /things/{thing} [http.route=/things/{thing} http.response.status_code=200]
    "#]],
    );
}

#[tokio::test]
async fn names_and_routes_can_be_given() {
    let collector = Collector::new();
    let app = Router::new().route("/graphql", post(ok)).layer(
        layer(&collector)
            .with_span_name(|head| {
                head.headers
                    .contains_key("x-operation")
                    .then(|| "operation".into())
            })
            .with_route(|head| (head.uri.path() == "/other").then(|| "/given".into())),
    );
    let named = Request::post("/graphql")
        .header("x-operation", "1")
        .body(Body::empty())
        .unwrap();
    send(&app, named).await;
    send(&app, support::get("/other")).await;
    support::check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER operation [http.route=/graphql http.response.status_code=200]

        SERVER GET /given [http.route=/given http.response.status_code=404]
    "#]],
    );
}

#[tokio::test]
async fn routes_without_end_share_one_metric_series() {
    let collector = Collector::new();
    let app = Router::new()
        .fallback(ok)
        .layer(layer(&collector).with_route(|head| Some(head.uri.path().to_owned().into())));
    for n in 0..1_100 {
        send(&app, support::get(&format!("/mistake/{n}"))).await;
    }
    let others = collector
        .spans()
        .iter()
        .filter(|span| span.name == "GET _OTHER")
        .count();
    assert_eq!(
        others,
        1_100 - 1_024,
        "routes beyond the bound share one name"
    );
}

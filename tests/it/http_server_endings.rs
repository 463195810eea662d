//! Every way a request can end.

use std::{convert::Infallible, future::pending, io, time::Duration};

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use bytes::Bytes;
use expect_test::expect;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use opentelemetry::trace::Status;
use throughline_http::ServerLayer;
use throughline_testing::{Collector, ScriptedBody};
use tower::{Layer as _, Service as _, ServiceBuilder, ServiceExt as _, service_fn};

use crate::support::{self, Server, check, raw, send};

const SHOWN: &[&str] = &[
    "http.response.status_code",
    "error.type",
    "throughline.outcome",
];

/// A service that answers with this body.
async fn answer(
    collector: &Collector,
    body: ScriptedBody,
) -> Response<impl http_body::Body<Data = Bytes, Error = impl std::fmt::Debug>> {
    answer_with(
        collector,
        Response::new(body),
        Request::get("/").body(()).unwrap(),
    )
    .await
}

async fn answer_with(
    collector: &Collector,
    response: Response<ScriptedBody>,
    request: Request<()>,
) -> Response<impl http_body::Body<Data = Bytes, Error = impl std::fmt::Debug>> {
    let mut response = Some(response);
    let service = service_fn(move |_: Request<()>| {
        let response = response.take().unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let layer = ServerLayer::new().with_telemetry(collector.telemetry());
    layer.layer(service).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_body_that_was_read_ends_the_span_at_its_last_byte() {
    let collector = Collector::new();
    let response = answer(
        &collector,
        ScriptedBody::new().data("one").pending().data("two"),
    )
    .await;
    assert_eq!(
        collector.spans().len(),
        0,
        "the span must outlive the response head"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&body[..], b"onetwo");
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET [http.response.status_code=200]
    "#]],
    );
}

#[tokio::test]
async fn a_body_of_known_length_ends_the_span_without_another_poll() {
    let collector = Collector::new();
    let body = ScriptedBody::new()
        .data("all")
        .with_size_hint(3)
        .with_early_end();
    let mut body = answer(&collector, body).await.into_body();
    assert_eq!(
        body.size_hint().exact(),
        Some(3),
        "the content length must stay"
    );
    assert!(!body.is_end_stream());
    body.frame().await.unwrap().unwrap();
    assert!(body.is_end_stream());
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET [http.response.status_code=200]
    "#]],
    );
}

#[tokio::test]
async fn trailers_pass_and_end_the_span() {
    let collector = Collector::new();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "abc".parse().unwrap());
    let body = ScriptedBody::new().data("x").trailers(trailers.clone());
    let read = answer(&collector, body)
        .await
        .into_body()
        .collect()
        .await
        .unwrap();
    assert_eq!(read.trailers(), Some(&trailers));
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET [http.response.status_code=200]
    "#]],
    );
}

#[tokio::test]
async fn a_body_that_fails_is_a_body_error() {
    let collector = Collector::new();
    let body = ScriptedBody::new().data("half").error("disk gone");
    let error = answer(&collector, body)
        .await
        .into_body()
        .collect()
        .await
        .unwrap_err();
    assert!(
        format!("{error:?}").contains("disk gone"),
        "the error must pass unchanged: {error:?}"
    );
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [http.response.status_code=200 error.type=ScriptedError throughline.outcome=body_error]
    "#]],
    );
}

#[tokio::test]
async fn a_body_that_is_dropped_half_way_is_a_client_that_left() {
    let collector = Collector::new();
    let mut body = answer(&collector, ScriptedBody::new().data("half").never_ends())
        .await
        .into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [http.response.status_code=200 error.type=client_gone_mid_body throughline.outcome=client_gone_mid_body]
    "#]],
    );
}

#[tokio::test]
async fn an_event_stream_that_is_dropped_is_no_error() {
    let collector = Collector::new();
    let mut response = Response::new(ScriptedBody::new().data("data: 1\n\n").never_ends());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, "text/event-stream".parse().unwrap());
    let mut body = answer_with(&collector, response, Request::new(()))
        .await
        .into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET [http.response.status_code=200 throughline.outcome=cancelled]
    "#]],
    );
}

#[tokio::test]
async fn a_request_that_is_dropped_before_its_head_is_a_client_that_left_early() {
    let collector = Collector::new();
    let service =
        service_fn(|_: Request<()>| pending::<Result<Response<ScriptedBody>, Infallible>>());
    let mut service = ServerLayer::new()
        .with_telemetry(collector.telemetry())
        .layer(service);
    let mut future = Box::pin(service.call(Request::new(())));
    assert!(futures_util::poll!(future.as_mut()).is_pending());
    drop(future);
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [error.type=client_gone_before_head throughline.outcome=client_gone_before_head]
    "#]],
    );
}

#[tokio::test]
async fn a_request_that_is_never_polled_ends_too() {
    let collector = Collector::new();
    let service =
        service_fn(|_: Request<()>| pending::<Result<Response<ScriptedBody>, Infallible>>());
    let mut service = ServerLayer::new()
        .with_telemetry(collector.telemetry())
        .layer(service);
    drop(service.call(Request::new(())));
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [error.type=client_gone_before_head throughline.outcome=client_gone_before_head]
    "#]],
    );
}

#[tokio::test]
async fn responses_without_a_body_end_the_span_at_the_head() {
    for (method, status) in [
        ("HEAD", StatusCode::OK),
        ("GET", StatusCode::NO_CONTENT),
        ("GET", StatusCode::NOT_MODIFIED),
        ("GET", StatusCode::CONTINUE),
    ] {
        let collector = Collector::new();
        let mut response = Response::new(ScriptedBody::new().data("never sent"));
        *response.status_mut() = status;
        let request = Request::builder().method(method).body(()).unwrap();
        // As a server does with these: the body is dropped unread.
        drop(answer_with(&collector, response, request).await);
        let [span] = &collector.spans()[..] else {
            panic!("{method} {status}: one span")
        };
        assert_eq!(span.status, Status::Unset, "{method} {status}");
        let tree = collector.tree(&["throughline.outcome"]);
        assert!(
            !tree.contains("outcome"),
            "{method} {status} completed: {tree}"
        );
    }
}

#[tokio::test]
async fn handing_the_connection_over_ends_the_span_as_upgraded() {
    for (method, status) in [
        ("CONNECT", StatusCode::OK),
        ("GET", StatusCode::SWITCHING_PROTOCOLS),
    ] {
        let collector = Collector::new();
        let mut response = Response::new(ScriptedBody::new());
        *response.status_mut() = status;
        let request = Request::builder().method(method).body(()).unwrap();
        let response = answer_with(&collector, response, request).await;
        let tree = collector.tree(&["throughline.outcome"]);
        assert!(
            tree.contains("throughline.outcome=upgraded"),
            "{method} {status}: {tree}"
        );
        drop(response);
        assert_eq!(collector.spans().len(), 1);
    }
}

#[derive(Debug, PartialEq)]
struct OutOfStock;

#[tokio::test]
async fn an_error_of_the_service_passes_unchanged_and_is_recorded_by_its_type() {
    let collector = Collector::new();
    let service =
        service_fn(|_: Request<()>| async { Err::<Response<ScriptedBody>, _>(OutOfStock) });
    let layer = ServerLayer::new().with_telemetry(collector.telemetry());
    let error = layer.layer(service).oneshot(Request::new(())).await.err();
    assert_eq!(error, Some(OutOfStock));
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [error.type=OutOfStock throughline.outcome=error]
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_the_layer_is_a_timeout() {
    let collector = Collector::new();
    let slow = service_fn(|_: Request<()>| pending::<Result<Response<ScriptedBody>, Infallible>>());
    let service = ServiceBuilder::new()
        .layer(ServerLayer::new().with_telemetry(collector.telemetry()))
        .timeout(Duration::from_secs(1))
        .service(slow);
    let error = service.oneshot(Request::new(())).await.err().unwrap();
    assert!(error.is::<tower::timeout::error::Elapsed>());
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [error.type=timeout throughline.outcome=timed_out]
    "#]],
    );
}

#[tokio::test]
async fn a_panic_is_recorded_and_goes_on() {
    let collector = Collector::new();
    let app = Router::new()
        .route(
            "/late",
            get(|| async {
                tokio::task::yield_now().await;
                panic!("no such luck");
                #[expect(unreachable_code, reason = "it gives the handler its type")]
                "never"
            }),
        )
        .layer(ServerLayer::axum().with_telemetry(collector.telemetry()));
    let task = tokio::spawn(app.oneshot(support::get("/late")));
    let panic = task.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"no such luck"));
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /late ERROR [error.type=panic throughline.outcome=panicked]
    "#]],
    );
}

#[tokio::test]
async fn a_panic_in_the_call_itself_is_recorded_too() {
    let collector = Collector::new();
    let service = service_fn(
        |_: Request<()>| -> std::future::Ready<Result<Response<ScriptedBody>, Infallible>> {
            panic!("at once")
        },
    );
    let mut service = ServerLayer::new()
        .with_telemetry(collector.telemetry())
        .layer(service);
    let call = std::panic::AssertUnwindSafe(|| drop(service.call(Request::new(()))));
    std::panic::catch_unwind(call).unwrap_err();
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [error.type=panic throughline.outcome=panicked]
    "#]],
    );
}

#[tokio::test]
async fn a_panic_in_the_body_is_recorded() {
    let collector = Collector::new();
    let stream =
        futures_util::stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, io::Error>>> {
            panic!("in the stream")
        });
    let mut stream = Some(stream);
    let service = service_fn(move |_: Request<()>| {
        let body = Body::from_stream(stream.take().unwrap());
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let layer = ServerLayer::axum().with_telemetry(collector.telemetry());
    let response = layer
        .layer(service)
        .oneshot(Request::new(()))
        .await
        .unwrap();
    tokio::spawn(response.into_body().collect())
        .await
        .unwrap_err();
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET ERROR [http.response.status_code=200 error.type=panic throughline.outcome=panicked]
    "#]],
    );
}

#[tokio::test]
async fn status_codes_decide_the_status() {
    let collector = Collector::new();
    let app = Router::new()
        .route(
            "/{code}",
            get(|code: axum::extract::Path<u16>| async move {
                StatusCode::from_u16(*code).unwrap().into_response()
            }),
        )
        .layer(ServerLayer::axum().with_telemetry(collector.telemetry()));
    for code in [200, 302, 404, 500, 503] {
        send(&app, support::get(&format!("/{code}"))).await;
    }
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /{code} [http.response.status_code=200]

        SERVER GET /{code} [http.response.status_code=302]

        SERVER GET /{code} [http.response.status_code=404]

        SERVER GET /{code} ERROR [http.response.status_code=500 error.type="500"]

        SERVER GET /{code} ERROR [http.response.status_code=503 error.type="503"]
    "#]],
    );
}

#[tokio::test]
async fn the_grpc_status_comes_from_the_trailers() {
    let collector = Collector::new();
    for (code, in_head) in [("5", false), ("13", false), ("14", true)] {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", code.parse().unwrap());
        let mut response = if in_head {
            let mut response = Response::new(ScriptedBody::new());
            response.headers_mut().extend(trailers);
            response
        } else {
            Response::new(ScriptedBody::new().data("message").trailers(trailers))
        };
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, "application/grpc".parse().unwrap());
        let request = Request::post("/shop.Orders/Place")
            .header(header::CONTENT_TYPE, "application/grpc")
            .body(())
            .unwrap();
        answer_with(&collector, response, request)
            .await
            .into_body()
            .collect()
            .await
            .unwrap();
    }
    check(
        &collector,
        &[
            "rpc.system.name",
            "rpc.method",
            "rpc.response.status_code",
            "error.type",
        ],
        &expect![[r#"
            SERVER POST [rpc.system.name=grpc rpc.method=shop.Orders/Place rpc.response.status_code=NOT_FOUND]

            SERVER POST ERROR [rpc.system.name=grpc rpc.method=shop.Orders/Place rpc.response.status_code=INTERNAL error.type=INTERNAL]

            SERVER POST ERROR [rpc.system.name=grpc rpc.method=shop.Orders/Place rpc.response.status_code=UNAVAILABLE error.type=UNAVAILABLE]
        "#]],
    );
}

#[tokio::test]
async fn a_client_that_hangs_up_is_seen_on_a_real_socket() {
    let collector = Collector::new();
    let app = Router::new()
        .route("/slow", get(|| async { pending::<&str>().await }))
        .route(
            "/stream",
            get(|| async { Body::new(ScriptedBody::new().data("first").never_ends()) }),
        )
        .layer(ServerLayer::axum().with_telemetry(collector.telemetry()));
    let server = Server::start(app).await;

    let mut early = server.connect().await;
    tokio::io::AsyncWriteExt::write_all(&mut early, b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    support::wait_for_open(&collector, 1).await;
    drop(early);
    collector.wait_for(1).await;

    let mut late = server.connect().await;
    raw(
        &mut late,
        "GET /stream HTTP/1.1\r\nhost: a\r\n\r\n",
        "first",
    )
    .await;
    drop(late);
    collector.wait_for(2).await;
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /slow ERROR [error.type=client_gone_before_head throughline.outcome=client_gone_before_head]

        SERVER GET /stream ERROR [http.response.status_code=200 error.type=client_gone_mid_body throughline.outcome=client_gone_mid_body]
    "#]],
    );
}

#[tokio::test]
async fn a_websocket_handshake_ends_its_span_while_the_socket_lives_on() {
    let collector = Collector::new();
    let handshake = || async {
        (
            StatusCode::SWITCHING_PROTOCOLS,
            [
                (header::CONNECTION, "upgrade"),
                (header::UPGRADE, "websocket"),
            ],
        )
    };
    let app = Router::new()
        .route("/ws", get(handshake))
        .layer(ServerLayer::axum().with_telemetry(collector.telemetry()));
    let server = Server::start(app).await;
    let mut socket = server.connect().await;
    let request =
        "GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let answer = raw(&mut socket, request, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    collector.wait_for(1).await;
    check(
        &collector,
        SHOWN,
        &expect![[r#"
        SERVER GET /ws [http.response.status_code=101 throughline.outcome=upgraded]
    "#]],
    );
    drop(socket);
}

#[tokio::test]
async fn destructors_run_inside_the_context() {
    struct RecordsItsEnd;
    impl Drop for RecordsItsEnd {
        fn drop(&mut self) {
            throughline_core::current().set("dropped.inside", true);
        }
    }
    let collector = Collector::new();
    let service = service_fn(|_: Request<()>| {
        let guard = RecordsItsEnd;
        async move {
            let _guard = guard;
            pending::<Result<Response<ScriptedBody>, Infallible>>().await
        }
    });
    let mut service = ServerLayer::new()
        .with_telemetry(collector.telemetry())
        .layer(service);
    let mut future = Box::pin(service.call(Request::new(())));
    assert!(futures_util::poll!(future.as_mut()).is_pending());
    drop(future);
    check(
        &collector,
        &["dropped.inside"],
        &expect![[r#"
        SERVER GET ERROR [dropped.inside=true]
    "#]],
    );
}

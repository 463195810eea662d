//! The layer above hyper-util's client and servers on real sockets.

use std::{
    error::Error,
    future::{Ready, ready},
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
    time::Duration,
};

use axum::Router;
use bytes::Bytes;
use expect_test::expect;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use throughline_core::{
    semconv::{error, metric},
    span,
};
use throughline_testing::{Collector, Sampler, ScriptedBody, remote_parent};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tower::{
    BoxError, Layer as _, Service, ServiceBuilder, ServiceExt as _,
    retry::{Policy, RetryLayer},
    service_fn,
    timeout::TimeoutLayer,
};

use super::*;

type Body = Full<Bytes>;

fn plain() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn traced() -> ClientService<Client<HttpConnector, Body>, StdErrors> {
    ClientLayer::new().layer(plain())
}

fn get(uri: impl AsRef<str>) -> Request<Body> {
    Request::get(uri.as_ref()).body(Body::default()).unwrap()
}

/// A server that remembers the headers it got.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: axum::extract::Request| {
            all.lock().unwrap().push(request.headers().clone());
            async move {
                if request.uri().path() == "/hang" {
                    std::future::pending::<()>().await;
                }
                let code = request.uri().path()[1..].parse().unwrap_or(200);
                StatusCode::from_u16(code).unwrap()
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn seen(&self, name: &str) -> Vec<Option<String>> {
        let text = |seen: &HeaderMap| Some(seen.get(name)?.to_str().unwrap().to_owned());
        self.seen.lock().unwrap().iter().map(text).collect()
    }
}

#[tokio::test]
async fn a_request_is_a_client_span_below_the_current_one() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let work = span("work").run_value(async {
        traced().oneshot(get(server.url("/200?a=b"))).await.unwrap();
        traced().oneshot(get(server.url("/404"))).await.unwrap();
    });
    collector.run(work).await;
    expect![[r#"
        INTERNAL work
          CLIENT GET [http.request.method=GET server.address=127.0.0.1 http.response.status_code=200 network.protocol.version="1.1" network.peer.address=127.0.0.1]
          CLIENT GET ERROR [http.request.method=GET server.address=127.0.0.1 http.response.status_code=404 error.type="404" network.protocol.version="1.1" network.peer.address=127.0.0.1]
    "#]]
    .assert_eq(&collector.tree(&[
        "http.request.method",
        "server.address",
        "http.response.status_code",
        "error.type",
        "network.protocol.version",
        "network.peer.address",
    ]));
    let first = &collector.spans()[0];
    let port = i64::from(server.address.port());
    assert_eq!(first.attribute("server.port"), Some(&port.into()));
    assert_eq!(first.attribute("network.peer.port"), Some(&port.into()));
    assert_eq!(
        first.attribute("url.full"),
        Some(&server.url("/200?a=b").into())
    );
    let ids = format!("00-{}-{}-01", first.trace_id, first.span_id);
    assert_eq!(server.seen("traceparent")[0], Some(ids));
    assert_eq!(server.seen("tracestate"), [None, None]);
    let measured = collector
        .metrics()
        .text(metric::HTTP_CLIENT_REQUEST_DURATION, &["error.type"]);
    expect![[r#"
        http.client.request.duration (histogram, s)
          count=1
          count=1 [error.type="404"]
    "#]]
    .assert_eq(&measured);
}

#[tokio::test]
async fn any_bodies_pass_through_untouched() {
    let collector = Collector::new();
    let body = ScriptedBody::new().data("answer");
    let watch = body.watch();
    let mut body = Some(body);
    let service = service_fn(move |request: Request<Empty<Bytes>>| {
        let _: Empty<Bytes> = request.into_body();
        ready(Ok::<_, std::io::Error>(Response::new(body.take().unwrap())))
    });
    // A service that is not `Clone` gets a handle that is.
    let service = tower::buffer::Buffer::new(service, 1);
    let client = ClientLayer::new().boxed_errors().layer(service);
    let request = Request::get("http://a.test/").body(Empty::new()).unwrap();
    let response: Response<ScriptedBody> = collector.run(client.oneshot(request)).await.unwrap();
    assert_eq!(
        collector.tree(&[]),
        "CLIENT GET\n",
        "the span ends at the head"
    );
    assert!(!watch.is_dropped());
    drop(response);
}

#[tokio::test]
async fn a_future_that_is_never_polled_has_no_span() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let _guard = collector.enter();
    drop(traced().call(get(server.url("/200"))));
    assert_eq!((collector.spans().len(), collector.open_spans()), (0, 0));
}

#[tokio::test]
async fn a_request_that_lost_a_race_was_cancelled_and_is_no_error() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let race = async {
        tokio::select! {
            biased;
            _ = traced().oneshot(get(server.url("/hang"))) => panic!("nobody answers"),
            response = traced().oneshot(get(server.url("/200"))) => response.unwrap(),
        }
    };
    collector.run(span("work").run_value(race)).await;
    expect![[r#"
        INTERNAL work
          CLIENT GET [throughline.outcome=cancelled]
          CLIENT GET
    "#]]
    .assert_eq(&collector.tree(&["throughline.outcome", "error.type"]));
}

#[tokio::test]
async fn a_panic_below_is_recorded_and_goes_on() {
    let collector = Collector::new();
    let inside_call = service_fn(
        |_: Request<Body>| -> Ready<Result<Response<()>, BoxError>> { panic!("broken") },
    );
    let inside_poll =
        service_fn(async |_: Request<Body>| -> Result<Response<()>, BoxError> { panic!("broken") });
    let _guard = collector.enter();
    let layer = ClientLayer::new().boxed_errors();
    let caught = |polled: &mut dyn FnMut()| {
        let panic = std::panic::catch_unwind(AssertUnwindSafe(polled));
        assert!(panic.is_err(), "the panic must go on");
    };
    let mut task = Context::from_waker(Waker::noop());
    let mut first = pin!(layer.layer(inside_call).call(get("http://a.test/")));
    caught(&mut || drop(first.as_mut().poll(&mut task)));
    let mut second = pin!(layer.layer(inside_poll).call(get("http://a.test/")));
    caught(&mut || drop(second.as_mut().poll(&mut task)));
    let lines = collector.trace_trees(&["throughline.outcome", "error.type"]);
    let line = "CLIENT GET ERROR [throughline.outcome=panicked error.type=panic]\n";
    assert_eq!(lines, [line, line]);
}

#[tokio::test]
async fn what_runs_below_the_layer_is_inside_its_span() {
    let collector = Collector::new();
    let service = service_fn(async |_: Request<Body>| {
        span("pool").run_value(async {}).await;
        Ok::<_, BoxError>(Response::new(()))
    });
    let client = ClientLayer::new().boxed_errors().layer(service);
    collector
        .run(client.oneshot(get("http://a.test/")))
        .await
        .unwrap();
    assert_eq!(collector.tree(&[]), "CLIENT GET\n  INTERNAL pool\n");
}

#[tokio::test]
async fn secrets_in_a_uri_are_not_exported() {
    let collector = Collector::new();
    let service = service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(())));
    let layer = ClientLayer::new()
        .boxed_errors()
        .capture_request_headers([http::header::AUTHORIZATION, HeaderName::from_static("x-a")])
        .capture_response_headers([http::header::SET_COOKIE]);
    let mut request = get("https://bob:hunter2@a.test/?sig=hunter2&b=c");
    request
        .headers_mut()
        .insert("authorization", "Bearer hunter2".parse().unwrap());
    request.headers_mut().insert("x-a", "1".parse().unwrap());
    collector
        .run(layer.layer(service).oneshot(request))
        .await
        .unwrap();
    expect![[r#"
        CLIENT GET [url.full=https://REDACTED:REDACTED@a.test/?sig=REDACTED&b=c server.port=443 http.request.header.x-a=["1"]]
    "#]]
    .assert_eq(&collector.tree(&["url.full", "server.port", "http.request.header.x-a"]));
    assert!(!format!("{:?}", collector.spans()).contains("hunter"));
}

#[tokio::test]
async fn a_template_in_the_extensions_names_the_span() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let mut request = get(server.url("/200"));
    request
        .extensions_mut()
        .insert(UrlTemplate::from("/{code}"));
    collector.run(traced().oneshot(request)).await.unwrap();
    assert_eq!(
        collector.tree(&["url.template"]),
        "CLIENT GET /{code} [url.template=/{code}]\n"
    );
}

#[tokio::test]
async fn an_unknown_method_and_a_bare_path_are_described_as_far_as_they_go() {
    let collector = Collector::new();
    let service = service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(())));
    let client = ClientLayer::new().boxed_errors().layer(service);
    let mut request = get("/path?a=b");
    *request.method_mut() = Method::from_bytes(b"GeT").unwrap();
    request
        .headers_mut()
        .insert("host", "[::1]:8080".parse().unwrap());
    collector.run(client.oneshot(request)).await.unwrap();
    expect![[r#"
        CLIENT HTTP [http.request.method=_OTHER http.request.method_original=GeT url.full=/path?a=b server.address=::1 server.port=8080]
    "#]]
    .assert_eq(&collector.tree(&[
        "http.request.method",
        "http.request.method_original",
        "url.full",
        "server.address",
        "server.port",
    ]));
}

#[tokio::test]
async fn what_a_request_says_of_another_span_is_replaced_or_removed() {
    let (collector, server) = (Collector::new(), Server::start().await);
    for (hosts, sent) in [
        (PropagateTo::All, true),
        (PropagateTo::hosts(["127.0.0.1"]), true),
        (PropagateTo::hosts(["a.test"]), false),
        (PropagateTo::None, false),
    ] {
        let mut request = get(server.url("/200"));
        request.headers_mut().extend(remote_parent(false));
        request
            .headers_mut()
            .insert("tracestate", "stale=1".parse().unwrap());
        let client = ClientLayer::new()
            .propagate_to(hosts.clone())
            .layer(plain());
        collector.run(client.oneshot(request)).await.unwrap();
        let span = collector.spans().pop().unwrap();
        let ids = format!("00-{}-{}-01", span.trace_id, span.span_id);
        let seen = server.seen("traceparent").pop().unwrap();
        assert_eq!(seen, Some(ids).filter(|_| sent), "{hosts:?}");
        assert_eq!(server.seen("tracestate").pop().unwrap(), None, "{hosts:?}");
    }
}

#[tokio::test]
async fn a_trace_that_is_not_sampled_is_passed_on_and_measured() {
    let server = Server::start().await;
    let collector = Collector::builder().sampler(Sampler::AlwaysOff).build();
    collector
        .run(traced().oneshot(get(server.url("/200"))))
        .await
        .unwrap();
    let sent = server.seen("traceparent").remove(0).unwrap();
    assert!(sent.ends_with("-00"), "{sent}");
    assert_eq!(collector.tree(&[]), "");
    let measured = collector
        .metrics()
        .text(metric::HTTP_CLIENT_REQUEST_DURATION, &[]);
    assert!(measured.contains("count=1"), "{measured}");
}

/// Tries a request up to this many times more while the server fails.
#[derive(Clone)]
struct Tries(usize);

impl<B, E> Policy<Request<Body>, Response<B>, E> for Tries {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _request: &mut Request<Body>,
        result: &mut Result<Response<B>, E>,
    ) -> Option<Ready<()>> {
        let failed = result
            .as_ref()
            .is_ok_and(|response| response.status().is_server_error());
        self.0 = self.0.checked_sub(1).filter(|_| failed)?;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn retried_attempts_are_siblings_and_numbered() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = ServiceBuilder::new()
        .layer(CountResendsLayer::new())
        .layer(RetryLayer::new(Tries(2)))
        .layer(ClientLayer::new())
        .service(plain());
    let work = span("work").run_value(async {
        client
            .clone()
            .oneshot(get(server.url("/503")))
            .await
            .unwrap();
        client.oneshot(get(server.url("/200"))).await.unwrap();
    });
    collector.run(work).await;
    expect![[r#"
        INTERNAL work
          CLIENT GET ERROR [error.type="503"]
          CLIENT GET ERROR [http.request.resend_count=1 error.type="503"]
          CLIENT GET ERROR [http.request.resend_count=2 error.type="503"]
          CLIENT GET
    "#]]
    .assert_eq(&collector.tree(&["http.request.resend_count", "error.type"]));
    let sent = server.seen("traceparent");
    assert!(sent[0] != sent[1] && sent[1] != sent[2], "{sent:?}");
}

#[tokio::test]
async fn a_count_in_the_extensions_is_enough() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let client = ServiceBuilder::new()
        .layer(RetryLayer::new(Tries(1)))
        .layer(ClientLayer::new())
        .service(plain());
    let mut request = get(server.url("/503"));
    request.extensions_mut().insert(ResendCount::new());
    collector.run(client.oneshot(request)).await.unwrap();
    let counts: Vec<_> = collector
        .spans()
        .iter()
        .map(|span| span.attribute("http.request.resend_count").cloned())
        .collect();
    assert_eq!(counts, [None, Some(1.into())]);
}

/// Sends a request that fails, and looks at its class.
async fn fail<S, X>(client: S, url: String, class: &str)
where
    S: Service<Request<Body>, Error = X>,
    X: std::fmt::Debug,
{
    let collector = Collector::new();
    let result = collector.run(client.oneshot(get(url))).await;
    let error = result.map(drop).unwrap_err();
    let tree = collector.tree(&["error.type"]);
    assert_eq!(
        tree,
        format!("CLIENT GET ERROR [error.type={class}]\n"),
        "{error:?}"
    );
}

/// Answers one connection by hand, and returns its URL.
async fn raw<F>(answer: impl FnOnce(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream).await;
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    fail(traced(), url, error::CONNECT_REFUSED).await;
}

#[tokio::test]
async fn a_name_has_no_address() {
    fail(
        traced(),
        "http://throughline.invalid/".to_owned(),
        error::DNS,
    )
    .await;
}

#[tokio::test]
async fn the_other_end_resets_the_connection() {
    let url = raw(async |stream| {
        // Closing with unread bytes is a reset.
        stream.peek(&mut [0]).await.unwrap();
    })
    .await;
    fail(traced(), url, error::RESET).await;
}

#[tokio::test]
async fn the_other_end_closes_the_connection() {
    let url = raw(async |mut stream| {
        let read = stream.read(&mut [0; 4096]).await.unwrap();
        assert!(read > 0, "the client must have sent a request");
    })
    .await;
    fail(traced(), url, error::CLOSED).await;
}

#[tokio::test]
async fn the_other_end_does_not_speak_http() {
    let url = raw(async |mut stream| {
        let read = stream.read(&mut [0; 4096]).await.unwrap();
        assert!(read > 0, "the client must have sent a request");
        stream
            .write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            .await
            .unwrap();
    })
    .await;
    fail(traced(), url, error::DECODE).await;
}

#[tokio::test]
async fn a_timeout_layer_below_is_a_timeout() {
    let server = Server::start().await;
    let client = ServiceBuilder::new()
        .layer(ClientLayer::new().boxed_errors())
        .layer(TimeoutLayer::new(Duration::from_millis(20)))
        .service(plain());
    fail(client, server.url("/hang"), error::TIMEOUT).await;
}

#[tokio::test]
async fn a_request_body_that_fails_is_a_body_error() {
    let (collector, server) = (Collector::new(), Server::start().await);
    let plain: Client<HttpConnector, ScriptedBody> =
        Client::builder(TokioExecutor::new()).build_http();
    let broken = ScriptedBody::new().data("a").error("broken");
    let request = Request::post(server.url("/200")).body(broken).unwrap();
    let result = collector
        .run(ClientLayer::new().layer(plain).oneshot(request))
        .await;
    let error = result.map(drop).unwrap_err();
    let tree = collector.tree(&["error.type"]);
    assert_eq!(tree, "CLIENT POST ERROR [error.type=body]\n", "{error:?}");
}

#[test]
fn both_kinds_of_errors_are_looked_into() {
    let refused = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let boxed: BoxError = Box::new(refused());
    let look = |error: &(dyn Error + 'static)| error.is::<std::io::Error>();
    assert!(look(StdErrors::look(&refused())));
    assert!(look(BoxedErrors::look(&boxed)));
}

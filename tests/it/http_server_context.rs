//! In whose trace a request is served.

use axum::{Router, body::Body, routing::get};
use expect_test::expect;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use opentelemetry::{Context, baggage::BaggageExt as _, trace::TraceContextExt};
use throughline_core::propagation::Propagation;
use throughline_http::{ServerLayer, body::AxumBody, server::CurrentTrace};
use throughline_testing::{Collector, remote_parent};
use tower::ServiceExt as _;

use crate::support::{self, check, send};

fn layer(collector: &Collector) -> ServerLayer<AxumBody> {
    ServerLayer::axum().with_telemetry(collector.telemetry())
}

/// Answers with the headers that a call made by the handler would carry.
async fn outgoing() -> String {
    let mut headers = HeaderMap::new();
    Context::map_current(|context| Propagation::w3c().inject(context, &mut headers));
    let of = |name: &str| {
        headers
            .get(name)
            .map_or("-", |value| value.to_str().unwrap())
            .to_owned()
    };
    format!(
        "{} {} {}",
        of("traceparent"),
        of("tracestate"),
        of("baggage")
    )
}

fn app(layer: ServerLayer<AxumBody>) -> Router {
    Router::new().route("/", get(outgoing)).layer(layer)
}

fn from(headers: HeaderMap) -> Request<Body> {
    let mut request = support::get("/");
    request.headers_mut().extend(headers);
    request
}

#[tokio::test]
async fn a_sampled_caller_is_the_parent_and_its_state_goes_on() {
    let collector = Collector::new();
    let mut headers = remote_parent(true);
    headers.insert(
        "tracestate",
        HeaderValue::from_static("vendor=1,foo@@bar=2"),
    );
    headers.insert("baggage", HeaderValue::from_static("tenant=acme"));
    let answer = send(&app(layer(&collector)), from(headers.clone())).await;
    let span = &collector.spans()[0];
    assert_eq!(
        *answer.body(),
        format!(
            "00-{}-{}-01 vendor=1,foo@@bar=2 tenant=acme",
            span.trace_id, span.span_id
        )
    );
    assert!(
        headers["traceparent"]
            .to_str()
            .unwrap()
            .contains(&span.trace_id.to_string())
    );
    assert_eq!(
        span.trace_state.header(),
        "vendor=1",
        "the exported span has the state too"
    );
    check(
        &collector,
        &[],
        &expect![[r#"
        SERVER GET / (remote parent)
    "#]],
    );
}

#[tokio::test]
async fn a_caller_that_is_not_sampled_passes_through_with_all_its_flags() {
    let collector = support::parent_based();
    let mut headers = remote_parent(false);
    let sent = headers["traceparent"]
        .to_str()
        .unwrap()
        .replace("-00", "-02");
    headers.insert("traceparent", sent.parse().unwrap());
    headers.insert("tracestate", HeaderValue::from_static("vendor=1"));
    let answer = send(&app(layer(&collector)), from(headers)).await;
    let [trace, state, _] = answer.body().splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert_eq!(
        (&trace[..36], &trace[52..]),
        (&sent[..36], "-02"),
        "trace id and flags go on"
    );
    assert_ne!(
        trace[36..52],
        sent[36..52],
        "the caller's span is not the parent of our calls"
    );
    assert_eq!(state, "vendor=1");
    assert_eq!(collector.spans().len(), 0);
    let measured = collector
        .metrics()
        .text("http.server.request.duration", &["http.route"]);
    assert!(
        measured.contains("count=1 [http.route=/]"),
        "measured, sampled or not: {measured}"
    );
}

#[tokio::test]
async fn a_decision_that_is_foretold_is_the_samplers() {
    let collector = support::parent_based();
    let head = std::sync::Arc::new(throughline_core::telemetry::FollowParent);
    let telemetry = collector.telemetry().with_head_sampler(head);
    let app = app(ServerLayer::axum().with_telemetry(telemetry));
    for (headers, spans) in [
        (remote_parent(false), 0),
        (remote_parent(true), 1),
        (HeaderMap::new(), 1),
    ] {
        let answer = send(&app, from(headers.clone())).await;
        assert_eq!(collector.spans().len(), spans, "{headers:?}");
        let flag = if spans == 0 { "-00 " } else { "-01 " };
        assert!(answer.body().contains(flag), "{}", answer.body());
        collector.clear();
    }
}

#[tokio::test]
async fn a_request_that_is_filtered_out_still_carries_the_context() {
    let collector = Collector::new();
    let app = app(layer(&collector).with_filter(|head| head.uri.path() != "/"));
    let headers = remote_parent(true);
    let answer = send(&app, from(headers.clone())).await;
    assert_eq!(
        *answer.body(),
        format!("{} - -", headers["traceparent"].to_str().unwrap())
    );
    assert_eq!(collector.spans().len(), 0);
}

#[tokio::test]
async fn a_public_endpoint_starts_a_trace_of_its_own_and_links_the_caller() {
    let collector = support::parent_based();
    let app = app(layer(&collector).with_public_endpoint(|_| true));
    for sampled in [true, false] {
        let mut headers = remote_parent(sampled);
        headers.insert("baggage", HeaderValue::from_static("role=admin"));
        let answer = send(&app, from(headers.clone())).await;
        assert!(
            answer.body().ends_with(" - -"),
            "no baggage of a stranger: {}",
            answer.body()
        );
        let spans = collector.spans();
        let span = spans.last().unwrap();
        let caller = headers["traceparent"].to_str().unwrap();
        assert!(!caller.contains(&span.trace_id.to_string()));
        assert!(caller.contains(&span.links[0].span_context.trace_id().to_string()));
    }
    assert_eq!(
        collector.spans().len(),
        2,
        "the stranger's flag counts for nothing"
    );
}

#[tokio::test]
async fn the_extractor_gives_the_ids_and_nothing_without_a_layer() {
    let collector = Collector::new();
    let handler = |trace: CurrentTrace| async move { trace.to_string() };
    let traced = Router::new()
        .route("/", get(handler))
        .layer(layer(&collector));
    let answer = send(&traced, support::get("/")).await;
    assert_eq!(*answer.body(), collector.spans()[0].trace_id.to_string());
    let untraced = Router::new().route("/", get(handler));
    assert_eq!(*send(&untraced, support::get("/")).await.body(), "-");
}

#[tokio::test]
async fn the_context_is_current_while_a_stream_is_polled_and_not_after() {
    let collector = Collector::new();
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                let steps = futures_util::stream::unfold(0, |step| async move {
                    tokio::task::yield_now().await;
                    let spec = throughline_core::span(format!("step {step}"));
                    spec.run_value(async {}).await;
                    (step < 2).then(|| (Ok::<_, std::io::Error>(format!("{step}\n")), step + 1))
                });
                Body::from_stream(steps)
            }),
        )
        .layer(layer(&collector));
    let answer = send(&app, support::get("/")).await;
    assert_eq!(answer.body(), "0\n1\n");
    assert!(!Context::map_current(TraceContextExt::has_active_span));
    check(
        &collector,
        &[],
        &expect![[r#"
        SERVER GET /
          INTERNAL step 0
          INTERNAL step 1
          INTERNAL step 2
    "#]],
    );
}

#[tokio::test]
async fn requests_at_the_same_time_on_one_thread_do_not_mix() {
    let collector = Collector::new();
    let app = Router::new()
        .route(
            "/{name}",
            get(|name: axum::extract::Path<String>| async move {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                    throughline_core::span(format!("work of {}", *name))
                        .run_value(tokio::task::yield_now())
                        .await;
                }
            }),
        )
        .layer(layer(&collector));
    let all = ["a", "b", "c"].map(|name| app.clone().oneshot(support::get(&format!("/{name}"))));
    for response in futures_util::future::join_all(all).await {
        support::read(response.unwrap()).await;
    }
    for root in collector
        .spans()
        .iter()
        .filter(|span| span.parent_span_id.is_none())
    {
        let spans = collector.spans();
        let names: Vec<_> = spans
            .iter()
            .filter(|span| span.parent_span_id == Some(root.span_id))
            .map(|span| span.name.clone())
            .collect();
        assert_eq!(names.len(), 3);
        assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "{names:?}");
    }
}

/// A small generator: tests must not depend on the day's luck.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn byte(&mut self, least: u8, choices: usize) -> u8 {
        least + u8::try_from(self.below(choices)).unwrap()
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(80);
        // What a header may hold: visible ASCII, tabs and high bytes.
        (0..length)
            .map(|_| match self.below(10) {
                0 => self.byte(0x80, 128),
                1 => b',',
                2 => b';',
                3 => b'=',
                _ => self.byte(0x20, 95),
            })
            .collect()
    }
}

#[tokio::test]
async fn ten_thousand_hostile_requests_panic_nowhere_and_no_valid_trace_is_lost() {
    let collector = Collector::new();
    let app = app(layer(&collector)
        .with_trusted_proxies(throughline_core::semconv::http::TrustedProxies::all())
        .with_request_id());
    let names = [
        "tracestate",
        "baggage",
        "host",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "user-agent",
        "x-request-id",
        "content-length",
        "content-type",
    ];
    let mut random = Random(2_026);
    let mut valid = 0;
    for n in 0..10_000_u64 {
        let mut headers = HeaderMap::new();
        for _ in 0..random.below(12) {
            let name = HeaderName::from_static(names[random.below(names.len())]);
            if let Ok(value) = HeaderValue::from_bytes(&random.bytes()) {
                headers.append(name, value);
            }
        }
        let trace = format!("{:032x}", u128::from(n) + 1);
        let is_valid = random.below(2) == 0;
        let parent = if is_valid {
            HeaderValue::try_from(format!("00-{trace}-00f067aa0ba902b7-01")).unwrap()
        } else {
            HeaderValue::from_bytes(&random.bytes()).unwrap_or(HeaderValue::from_static("-"))
        };
        headers.insert("traceparent", parent);
        let response = app.clone().oneshot(from(headers)).await.unwrap();
        assert_eq!(response.status(), 200);
        support::read(response).await;
        let last = collector.spans().pop().unwrap();
        collector.clear();
        if is_valid {
            valid += 1;
            assert_eq!(last.trace_id.to_string(), trace, "a valid trace was lost");
        }
    }
    assert!(valid > 4_000);
}

#[tokio::test]
async fn baggage_is_there_for_handlers() {
    let collector = Collector::new();
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                Context::map_current(|context| {
                    context.baggage().get("tenant").map(ToString::to_string)
                })
                .unwrap_or_default()
            }),
        )
        .layer(layer(&collector));
    let request = Request::get("/")
        .header("baggage", "tenant=a%20b")
        .body(Body::empty())
        .unwrap();
    assert_eq!(*send(&app, request).await.body(), "a b");
}

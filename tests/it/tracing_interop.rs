//! Spans of the `tracing` crate and ours, inside each other, across await points.

use axum::{Router, routing::get};
use expect_test::expect;
use throughline_core::{span, spawn};
use throughline_http::ServerLayer;
use throughline_testing::Collector;
use tokio::task::yield_now;
use tracing::{Instrument as _, info_span, instrument, instrument::WithSubscriber as _};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::{self, check, send};

/// A subscriber whose spans go where the collector's go.
fn bridge(collector: &Collector) -> impl tracing::Subscriber + Send + Sync + 'static {
    use opentelemetry::trace::TracerProvider as _;
    let tracer = collector.tracer_provider().tracer("tracing");
    tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer))
}

#[instrument]
async fn instrumented() {
    yield_now().await;
    span("ours inside tracing")
        .run_value(async {
            yield_now().await;
            async { yield_now().await }
                .instrument(info_span!("tracing inside ours"))
                .await;
        })
        .await;
    yield_now().await;
}

#[tokio::test]
async fn spans_nest_both_ways_below_a_request() {
    let collector = Collector::new();
    let app = Router::new()
        .route("/", get(instrumented))
        .layer(ServerLayer::axum().with_telemetry(collector.telemetry()));
    send(&app, support::get("/"))
        .with_subscriber(bridge(&collector))
        .await;
    check(
        &collector,
        &[],
        &expect![[r#"
        SERVER GET /
          INTERNAL instrumented
            INTERNAL ours inside tracing
              INTERNAL tracing inside ours
    "#]],
    );
}

#[tokio::test]
async fn two_instrumented_futures_on_one_task_do_not_mix() {
    let collector = Collector::new();
    let branch = |name: &'static str| async move {
        for _ in 0..3 {
            yield_now().await;
        }
        span(name).run_value(yield_now()).await;
    };
    let app = Router::new()
        .route(
            "/",
            get(move || async move {
                tokio::join!(
                    branch("ours in left").instrument(info_span!("left")),
                    branch("ours in right").instrument(info_span!("right")),
                );
            }),
        )
        .layer(ServerLayer::axum().with_telemetry(collector.telemetry()));
    send(&app, support::get("/"))
        .with_subscriber(bridge(&collector))
        .await;
    check(
        &collector,
        &[],
        &expect![[r#"
        SERVER GET /
          INTERNAL left
            INTERNAL ours in left
          INTERNAL right
            INTERNAL ours in right
    "#]],
    );
}

#[tokio::test]
async fn a_spawned_task_has_the_context_and_the_tracing_span() {
    let collector = Collector::new();
    let work = async {
        span("request")
            .run_value(async {
                async {
                    spawn(
                        async {
                            yield_now().await;
                            assert_eq!(
                                tracing::Span::current()
                                    .metadata()
                                    .map(tracing::Metadata::name),
                                Some("handler"),
                            );
                            span("in the task").run_value(async {}).await;
                            drop(info_span!("tracing in the task"));
                        }
                        .with_current_subscriber(),
                    )
                    .await
                    .unwrap();
                }
                .instrument(info_span!("handler"))
                .await;
            })
            .await;
    };
    collector
        .run(work)
        .with_subscriber(bridge(&collector))
        .await;
    check(
        &collector,
        &[],
        &expect![[r#"
        INTERNAL request
          INTERNAL handler
            INTERNAL in the task
            INTERNAL tracing in the task
    "#]],
    );
}

//! What tracing adds to the allocations of a query, counted on the thread that asks.
//!
//! The pool's executor needs fewer boxes than sqlx's own, which pays for a part of the span.

#![expect(clippy::unwrap_used, reason = "the set-up of a test")]

use std::time::Duration;

use opentelemetry::{Context, trace::TraceContextExt as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanProcessor},
};
use sqlx::{SqliteExecutor, sqlite::SqlitePoolOptions};
use throughline_core::{context::Attached, telemetry::Telemetry};
use throughline_sqlx::SqlitePool;
use throughline_testing::{Collector, remote_span_context};
use tokio::runtime::Runtime;

const TIMES: usize = 200;
const SELECT: &str = "SELECT id, name FROM users WHERE id = ? AND name <> ?";
const UPDATE: &str = "UPDATE users SET name = ? WHERE id = ?";

struct Setup {
    runtime: Runtime,
    plain: sqlx::SqlitePool,
}

impl Setup {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let plain = runtime.block_on(async {
            let pool = SqlitePoolOptions::new()
                .max_connections(1)
                .test_before_acquire(false)
                .connect("sqlite::memory:")
                .await
                .unwrap();
            sqlx::raw_sql("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
                .execute(&pool)
                .await
                .unwrap();
            sqlx::query("INSERT INTO users (name) VALUES ('Ada')")
                .execute(&pool)
                .await
                .unwrap();
            pool
        });
        Self { runtime, plain }
    }

    /// Returns the allocations of `query`, once everything is warm.
    ///
    /// Whether the answer is there when it is asked for decides about one allocation or two
    /// inside sqlx, so the smallest count of many runs is taken.
    fn count(&self, context: &Context, mut query: impl AsyncFnMut()) -> i64 {
        let mut run = || {
            let query = Attached::new(query(), context.clone());
            let counted = allocation_counter::measure(|| self.runtime.block_on(query));
            // The connection goes back to its pool in a task.
            self.runtime.block_on(tokio::task::yield_now());
            i64::try_from(counted.count_total).unwrap()
        };
        for _ in 0..20 {
            run();
        }
        (0..TIMES).map(|_| run()).min().unwrap()
    }
}

async fn execute(executor: impl SqliteExecutor<'_>) {
    sqlx::query(UPDATE)
        .bind("Ada")
        .bind(1)
        .execute(executor)
        .await
        .unwrap();
}

async fn fetch_optional(executor: impl SqliteExecutor<'_>) {
    sqlx::query(SELECT)
        .bind(1)
        .bind("x")
        .fetch_optional(executor)
        .await
        .unwrap();
}

async fn fetch_all(executor: impl SqliteExecutor<'_>) {
    let rows = sqlx::query_as::<_, (i64, String)>(SELECT)
        .bind(1)
        .bind("x")
        .fetch_all(executor);
    assert_eq!(rows.await.unwrap().len(), 1);
}

/// Takes finished spans and forgets them: what exporters cost is not counted here.
#[derive(Debug)]
struct Forget;

impl SpanProcessor for Forget {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, _span: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// A context with traces and metrics on, below a remote parent.
fn context(sampled: bool) -> Context {
    let tracers = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_span_processor(Forget)
        .build();
    let meters = Collector::new().meter_provider();
    let parent = Context::new().with_remote_span_context(remote_span_context(sampled));
    Telemetry::new(tracers)
        .with_meter_provider(meters)
        .context(&parent)
}

/// Allocations of the three kinds of query, traced without plain ones.
fn added(setup: &Setup, context: &Context, traced: &SqlitePool) -> [i64; 3] {
    let plain = &setup.plain;
    let none = Context::new();
    [
        setup.count(context, async || execute(traced).await)
            - setup.count(&none, async || execute(plain).await),
        setup.count(context, async || fetch_optional(traced).await)
            - setup.count(&none, async || fetch_optional(plain).await),
        setup.count(context, async || fetch_all(traced).await)
            - setup.count(&none, async || fetch_all(plain).await),
    ]
}

#[test]
fn a_query_on_the_pool_that_is_not_sampled_adds_no_allocation() {
    let setup = Setup::new();
    let traced = SqlitePool::new(setup.plain.clone());
    let added = added(&setup, &context(false), &traced);
    assert!(added.iter().all(|added| *added <= 0), "{added:?}");
}

#[test]
fn a_query_on_the_pool_that_is_sampled_adds_its_span_less_the_boxes_saved() {
    // The span is three: its attributes, itself, and the context that makes it current. A
    // stream saves two boxes, a single row none.
    let setup = Setup::new();
    let traced = SqlitePool::new(setup.plain.clone());
    let added = added(&setup, &context(true), &traced);
    let [execute, fetch_optional, fetch_all] = added;
    assert!(
        execute <= 2 && fetch_optional <= 3 && fetch_all <= 2,
        "{added:?}"
    );
}

#[test]
fn a_query_on_a_connection_that_is_not_sampled_adds_one_box() {
    let setup = Setup::new();
    let context = context(false);
    let none = Context::new();
    let traced = SqlitePool::new(setup.plain.clone());
    let mut conn = setup.runtime.block_on(traced.acquire()).unwrap();
    let with_tracing = setup.count(&context, async || fetch_all(&mut *conn).await);
    let without = setup.count(&none, async || fetch_all(conn.untraced()).await);
    assert_eq!(with_tracing - without, 1);
    let _entered = setup.runtime.enter();
    drop(conn);
}

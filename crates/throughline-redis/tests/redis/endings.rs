//! Commands that are dropped, and commands side by side.

use std::{future::poll_fn, pin::pin, task::Poll};

use expect_test::expect;
use futures_util::future::join_all;
use redis::{AsyncTypedCommands as _, RedisFuture, Value, aio::ConnectionLike, cmd};
use throughline_core::{context::Attached, span};
use throughline_redis::Traced;
use throughline_testing::Collector;

use crate::{Keys, SHOWN, traced};

#[tokio::test]
async fn a_command_that_is_dropped_is_cancelled() {
    let keys = Keys::of("dropped").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    {
        let mut pop = cmd("BLPOP");
        pop.arg(keys.key("list")).arg(0);
        let mut wait = pin!(pop.exec_async(&mut conn));
        poll_fn(|task| {
            assert!(wait.as_mut().poll(task).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(collector.open_spans(), 1);
    }

    expect![[r#"
        CLIENT BLPOP [throughline.outcome=cancelled]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

/// A connection that panics, and one that looks at the current context.
#[derive(Clone)]
enum Strange {
    Panics,
    Looks(std::sync::Arc<std::sync::Mutex<Vec<Option<opentelemetry::SpanId>>>>),
}

impl ConnectionLike for Strange {
    fn req_packed_command<'a>(&'a mut self, _: &'a redis::Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Panics => panic!("a strange connection"),
            Self::Looks(seen) => {
                seen.lock()
                    .unwrap()
                    .push(throughline_core::current().span_id());
                Box::pin(async { Ok(Value::Nil) })
            }
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a redis::Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn get_db(&self) -> i64 {
        7
    }
}

#[tokio::test]
async fn a_connection_that_panics_ends_the_span() {
    let collector = Collector::new();
    let mut conn = Traced::new(Strange::Panics).with_telemetry(collector.telemetry());

    let task = tokio::spawn(async move { conn.get("user:1").await });
    assert!(task.await.unwrap_err().is_panic());

    expect![[r#"
        CLIENT GET ERROR [error.type=panic throughline.outcome=panicked]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    collector.assert_all_ended();
}

#[tokio::test]
async fn the_span_is_current_while_the_connection_works() {
    let collector = Collector::new();
    let seen = std::sync::Arc::default();
    let conn = Strange::Looks(std::sync::Arc::clone(&seen));
    let mut conn = Traced::new(conn)
        .with_server("cache.example", 6380)
        .with_telemetry(collector.telemetry());

    conn.get("user:1").await.unwrap();

    let span = collector.span("GET");
    assert_eq!(*seen.lock().unwrap(), [Some(span.span_id)]);
    expect![[r#"
        CLIENT GET [server.address=cache.example server.port=6380 db.namespace="7"]
    "#]]
    .assert_eq(&collector.tree(&["server.address", "server.port", "db.namespace"]));
}

#[tokio::test]
async fn commands_side_by_side_on_one_connection_have_their_own_parents() {
    let keys = Keys::of("side_by_side").await;
    let collector = Collector::new();
    let conn = traced(&collector).await;

    let work = (0..20).map(|number| {
        let mut conn = conn.clone();
        let key = keys.key(&format!("value:{number}"));
        let work = async move {
            conn.set(&key, number).await?;
            let found = conn.get_int(&key).await?;
            assert_eq!(found, Some(number));
            redis::RedisResult::Ok(())
        };
        collector.run(span("work").run(work))
    });
    for result in join_all(work).await {
        result.unwrap();
    }

    let trees = collector.trace_trees(&["cache.hit"]);
    assert_eq!(trees.len(), 20);
    for tree in trees {
        expect![[r#"
            INTERNAL work
              CLIENT SET
              CLIENT GET [cache.hit=true]
        "#]]
        .assert_eq(&tree);
    }
    keys.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_in_spawned_tasks_are_in_the_trace() {
    let collector = Collector::new();
    let conn = traced(&collector).await;
    let work = span("request").run(async {
        let tasks = (0..4).map(|number| {
            let mut conn = conn.clone();
            let work = async move { conn.get(format!("user:{number}")).await };
            let context = opentelemetry::Context::current();
            tokio::spawn(Attached::new(work, context))
        });
        for task in join_all(tasks).await {
            task.unwrap()?;
        }
        redis::RedisResult::Ok(())
    });
    collector.run(work).await.unwrap();

    collector.assert_one_trace();
    assert_eq!(collector.spans().len(), 5);
}

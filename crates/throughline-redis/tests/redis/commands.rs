//! One command, one span.

use expect_test::expect;
use futures_util::StreamExt as _;
use opentelemetry::trace::{SpanKind, Status};
use redis::{AsyncCommands, AsyncTypedCommands, ConnectionAddr, cmd};
use throughline_core::{
    semconv::{Conventions, Names},
    span,
};
use throughline_testing::{Collector, Sampler};

use crate::{Keys, SHOWN, client, exported, traced};

#[tokio::test]
async fn a_command_is_one_client_span_named_as_it_was_given() {
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    let found: Option<String> = cmd("GET")
        .arg("user:123:profile")
        .query_async(&mut conn)
        .await
        .unwrap();
    assert_eq!(found, None);

    let span = collector.span("GET");
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.scope.name(), "throughline-redis");
    let ConnectionAddr::Tcp(host, port) = client().get_connection_info().addr().clone() else {
        panic!("the server of the tests is reached by TCP");
    };
    let attribute = |key: &str| span.attribute(key).map(ToString::to_string);
    assert_eq!(attribute("server.address"), Some(host));
    assert_eq!(attribute("server.port"), Some(port.to_string()));
    expect![[r#"
        CLIENT GET [db.system.name=redis db.namespace="0" db.operation.name=GET throughline.redis.key_template=user:{}:profile cache.hit=false]
    "#]]
    .assert_eq(&collector.tree(&[
        "db.system.name",
        "db.namespace",
        "db.operation.name",
        "db.query.text",
        "throughline.redis.key_template",
        "cache.hit",
    ]));
}

#[tokio::test]
async fn every_way_to_send_a_command_gives_one_span_below_the_current_one() {
    let keys = Keys::of("every_way").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let key = keys.key("value");
    let work = span("request").run(async {
        AsyncCommands::set::<_, _, ()>(&mut conn, &key, 1).await?;
        let _: i64 = AsyncCommands::incr(&mut conn, &key, 1).await?;
        AsyncTypedCommands::get(&mut conn, &key).await?;
        cmd("expire")
            .arg(&key)
            .arg(60)
            .exec_async(&mut conn)
            .await?;
        let _: i64 = cmd("TOPK.NOTHING")
            .arg(&key)
            .query_async(&mut conn)
            .await
            .unwrap_or(0);
        let mut scanned = AsyncCommands::scan_match::<_, String>(&mut conn, keys.key("*")).await?;
        while let Some(found) = scanned.next().await {
            assert_eq!(found?, key);
        }
        drop(scanned);
        AsyncTypedCommands::del(&mut conn, &key).await?;
        Ok::<_, redis::RedisError>(())
    });
    collector.run(work).await.unwrap();

    let tree = collector.tree(SHOWN);
    // The server decides in how many steps it scans.
    let scans = tree
        .lines()
        .filter(|line| line.contains("CLIENT SCAN"))
        .count();
    assert!(scans >= 1, "{tree}");
    let tree: String = tree
        .split_inclusive('\n')
        .filter(|line| !line.contains("CLIENT SCAN"))
        .collect();
    expect![[r#"
        INTERNAL request
          CLIENT SET
          CLIENT INCRBY
          CLIENT GET [cache.hit=true]
          CLIENT expire
          CLIENT TOPK.NOTHING ERROR [error.type=ERR db.response.status_code=ERR]
          CLIENT DEL
    "#]]
    .assert_eq(&tree);
    keys.remove().await;
}

#[tokio::test]
async fn a_span_starts_at_the_first_poll_and_not_at_the_call() {
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    {
        let command = AsyncTypedCommands::get(&mut conn, "user:1");
        let work = span("later").run(command);
        assert_eq!(collector.open_spans(), 0);
        collector.run(work).await.unwrap();
    }
    expect![[r#"
        INTERNAL later
          CLIENT GET
    "#]]
    .assert_eq(&collector.tree(&[]));

    collector.clear();
    drop(AsyncTypedCommands::get(&mut conn, "user:1"));
    assert!(collector.spans().is_empty());
}

#[tokio::test]
async fn no_argument_leaves_the_process() {
    let keys = Keys::of("no_argument").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let secret = "hunter2sesame";

    let key = keys.key(secret);
    AsyncTypedCommands::set(&mut conn, &key, secret)
        .await
        .unwrap();
    AsyncTypedCommands::hset(&mut conn, keys.key("hash"), secret, secret)
        .await
        .unwrap();
    AsyncTypedCommands::get(&mut conn, &key).await.unwrap();
    for words in [
        &["AUTH", secret][..],
        &["AUTH", "default", secret],
        &["HELLO", "2", "AUTH", "nobody", secret],
        &["CONFIG", "SET", "nothing", secret],
        &["NOSUCHCOMMAND", secret, "it's"],
        &[secret, "1"],
        &["EVAL", "return redis.error_reply(ARGV[1])", "0", secret],
        &[
            "EVAL",
            "return redis.error_reply('ERR no ' .. ARGV[1])",
            "0",
            secret,
        ],
        &["EVALSHA", secret, "0"],
        &["SET", secret, secret, secret],
    ] {
        let mut command = cmd(words[0]);
        command.arg(&words[1..]);
        // Some of them fail, some depend on the server's settings.
        let _ = command.exec_async(&mut conn).await;
    }
    redis::pipe()
        .cmd("SET")
        .arg(&key)
        .arg(secret)
        .cmd("NOSUCHCOMMAND")
        .arg(secret)
        .exec_async(&mut conn)
        .await
        .unwrap_err();

    assert_eq!(collector.spans().len(), 14);
    assert!(
        !exported(&collector).contains(secret),
        "{}",
        exported(&collector)
    );
    let metrics = format!("{:?}", collector.metrics());
    assert!(!metrics.contains(secret), "{metrics}");
    keys.remove().await;
}

#[tokio::test]
async fn a_command_that_is_not_sampled_is_not_recorded_and_has_its_effect() {
    let keys = Keys::of("not_sampled").await;
    let collector = Collector::builder().sampler(Sampler::AlwaysOff).build();
    let mut conn = traced(&collector).await;

    AsyncTypedCommands::set(&mut conn, keys.key("value"), "there")
        .await
        .unwrap();
    let found = AsyncTypedCommands::get(&mut conn, keys.key("value"))
        .await
        .unwrap();

    assert_eq!(found.as_deref(), Some("there"));
    assert!(collector.spans().is_empty());
    keys.remove().await;
}

#[tokio::test]
async fn the_old_names_stand_beside_the_new_ones_on_request() {
    let mut conventions = Conventions::default();
    conventions.database = Names::Both;
    let collector = Collector::builder()
        .telemetry(|telemetry| telemetry.with_conventions(conventions))
        .build();
    let mut conn = traced(&collector).await;

    AsyncTypedCommands::get(&mut conn, "user:1").await.unwrap();

    expect![[r#"
        CLIENT GET [db.system.name=redis db.system=redis db.namespace="0" db.name="0" db.operation.name=GET db.operation=GET]
    "#]]
    .assert_eq(&collector.tree(&[
        "db.system.name",
        "db.system",
        "db.namespace",
        "db.name",
        "db.operation.name",
        "db.operation",
    ]));
    let span = collector.span("GET");
    assert_eq!(
        span.attribute("net.peer.name"),
        span.attribute("server.address")
    );
    assert_eq!(
        span.attribute("net.peer.port"),
        span.attribute("server.port")
    );
}

#[tokio::test]
async fn the_database_follows_select() {
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    AsyncTypedCommands::get(&mut conn, "user:1").await.unwrap();
    cmd("SELECT").arg(3).exec_async(&mut conn).await.unwrap();
    // A clone of a multiplexed connection is the same connection.
    AsyncTypedCommands::get(&mut conn.clone(), "user:1")
        .await
        .unwrap();
    cmd("SELECT")
        .arg(99_999)
        .exec_async(&mut conn)
        .await
        .unwrap_err();
    AsyncTypedCommands::get(&mut conn, "user:1").await.unwrap();
    redis::pipe()
        .cmd("SELECT")
        .arg(0)
        .cmd("PING")
        .exec_async(&mut conn)
        .await
        .unwrap();
    AsyncTypedCommands::get(&mut conn, "user:1").await.unwrap();

    expect![[r#"
        CLIENT GET [db.namespace="0"]

        CLIENT SELECT [db.namespace="0"]

        CLIENT GET [db.namespace="3"]

        CLIENT SELECT ERROR [db.namespace="3" error.type=ERR]

        CLIENT GET [db.namespace="3"]

        CLIENT PIPELINE [db.namespace="3"]

        CLIENT GET [db.namespace="0"]
    "#]]
    .assert_eq(&collector.tree(&["db.namespace", "error.type"]));
}

#[tokio::test]
async fn a_big_reply_has_its_size() {
    let keys = Keys::of("big_reply").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let big = "x".repeat(100 * 1024);

    AsyncTypedCommands::set(&mut conn, keys.key("value"), &big)
        .await
        .unwrap();
    AsyncTypedCommands::get(&mut conn, keys.key("value"))
        .await
        .unwrap();
    AsyncTypedCommands::getrange(&mut conn, keys.key("value"), 1, -1)
        .await
        .unwrap();

    expect![[r#"
        CLIENT SET

        CLIENT GET [throughline.redis.reply_bytes=102400]

        CLIENT GETRANGE
    "#]]
    .assert_eq(&collector.tree(&["throughline.redis.reply_bytes"]));
    keys.remove().await;
}

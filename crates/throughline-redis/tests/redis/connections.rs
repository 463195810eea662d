//! Every kind of connection but that of a cluster.

use expect_test::expect;
use redis::{
    AsyncTypedCommands, RedisResult, Script,
    aio::{ConnectionManager, MultiplexedConnection},
    sentinel::{SentinelClient, SentinelServerType},
};
use throughline_core::span;
use throughline_redis::{Borrowed, Traced, TracedManager, Tracing};
use throughline_testing::Collector;

use crate::{SHOWN, client, plain, server::Server, tracing};

/// What users write, generic over the connection.
async fn use_it(conn: &mut impl AsyncTypedCommands) -> RedisResult<()> {
    conn.get("user:1").await?;
    redis::pipe()
        .get("user:1")
        .get("user:2")
        .exec_async(conn)
        .await?;
    let one: i64 = Script::new("return 1").invoke_async(conn).await?;
    assert_eq!(one, 1);
    Ok(())
}

/// What [`use_it`] leaves.
fn assert_used(collector: &Collector) {
    let expected = expect![[r#"
        CLIENT GET [cache.hit=false]

        CLIENT PIPELINE GET [throughline.cache.hits=0 throughline.cache.misses=2 db.operation.batch.size=2]

        CLIENT EVALSHA
    "#]];
    expected.assert_eq(&collector.tree(SHOWN));
}

#[tokio::test]
async fn a_multiplexed_connection() {
    let collector = Collector::new();
    collector
        .run(span("request").run(async {
            let mut conn = Traced::connect(&client()).await?;
            use_it(&mut conn).await
        }))
        .await
        .unwrap();
    collector.assert_one_trace();
    assert_eq!(collector.spans()[0].name, "CONNECT");
}

#[tokio::test]
async fn a_connection_manager() {
    let collector = Collector::new();
    load_script().await;
    let mut conn: Traced<ConnectionManager> = tracing(&collector).manage(client()).await.unwrap();
    collector.clear();
    use_it(&mut conn).await.unwrap();
    assert_used(&collector);
}

#[tokio::test]
async fn a_connection_of_deadpool() {
    let collector = Collector::new();
    load_script().await;
    let manager = deadpool_redis::Manager::new(client().get_connection_info().clone()).unwrap();
    let pool = deadpool_redis::Pool::builder(manager).build().unwrap();
    let tracing = tracing(&collector);

    let mut conn = tracing.wrap(pool.get().await.unwrap());
    use_it(&mut conn).await.unwrap();
    assert_used(&collector);
}

#[tokio::test]
async fn a_connection_of_bb8() {
    let collector = Collector::new();
    load_script().await;
    let manager = TracedManager::new(client(), tracing(&collector));
    let pool = bb8::Pool::builder().build(manager).await.unwrap();

    let mut conn = pool.get().await.unwrap();
    use_it(&mut *conn).await.unwrap();
    assert_used(&collector);
    collector.clear();

    // Without a dereference too.
    conn.get("user:1").await.unwrap();
    assert_eq!(
        collector
            .span("GET")
            .attribute("cache.hit")
            .unwrap()
            .to_string(),
        "false"
    );
}

#[tokio::test]
async fn a_borrowed_connection() {
    let collector = Collector::new();
    load_script().await;
    let pool = bb8::Pool::builder().build(client()).await.unwrap();
    let mut guard = pool.get().await.unwrap();

    let mut conn: Traced<Borrowed<'_, MultiplexedConnection>> =
        tracing(&collector).borrow(&mut *guard);
    use_it(&mut conn).await.unwrap();
    assert_used(&collector);
}

#[tokio::test]
async fn a_connection_of_a_sentinel() {
    let collector = Collector::new();
    let server = Server::start(&[]).await;
    let sentinel = Server::sentinel_of(server.port).await;
    let url = format!("redis://127.0.0.1:{}/", sentinel.port);
    let kind = SentinelServerType::Master;
    let mut sentinel = SentinelClient::build(vec![url], "main".to_owned(), None, kind).unwrap();

    let mut conn = Tracing::new()
        .with_server("127.0.0.1", server.port)
        .with_telemetry(collector.telemetry())
        .wrap(sentinel.get_async_connection().await.unwrap());
    conn.set("user:1", "Ada").await.unwrap();
    conn.get("user:1").await.unwrap();

    expect![[r#"
        CLIENT SET

        CLIENT GET [cache.hit=true]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

/// The server knows the script of [`use_it`].
async fn load_script() {
    let script = Script::new("return 1");
    script.load_async(&mut plain().await).await.unwrap();
}

//! Hits and misses.

use expect_test::expect;
use redis::{AsyncTypedCommands as _, Client, ProtocolVersion, cmd};
use throughline_testing::Collector;

use crate::{Keys, SHOWN, client, plain, traced, tracing};

#[tokio::test]
async fn a_read_of_one_value_says_hit_or_miss() {
    let keys = Keys::of("one_value").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let (text, hash) = (keys.key("text"), keys.key("hash"));

    conn.get(&text).await.unwrap();
    conn.set(&text, "").await.unwrap();
    conn.get(&text).await.unwrap();
    conn.hset(&hash, "field", 1).await.unwrap();
    conn.hget(&hash, "field").await.unwrap();
    conn.hget(&hash, "other").await.unwrap();
    conn.get_del(&text).await.unwrap();
    conn.get_del(&text).await.unwrap();
    conn.zscore(keys.key("scores"), "member").await.unwrap();
    conn.del(&hash).await.unwrap();

    expect![[r#"
        CLIENT GET [cache.hit=false]

        CLIENT SET

        CLIENT GET [cache.hit=true]

        CLIENT HSET

        CLIENT HGET [cache.hit=true]

        CLIENT HGET [cache.hit=false]

        CLIENT GETDEL [cache.hit=true]

        CLIENT GETDEL [cache.hit=false]

        CLIENT ZSCORE [cache.hit=false]

        CLIENT DEL
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

#[tokio::test]
async fn a_read_of_several_values_counts_hits_and_misses() {
    let keys = Keys::of("several_values").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    conn.set(keys.key("one"), 1).await.unwrap();
    conn.mget(&[keys.key("one"), keys.key("two"), keys.key("three")])
        .await
        .unwrap();
    conn.hset(keys.key("hash"), "field", 1).await.unwrap();
    cmd("HMGET")
        .arg(keys.key("hash"))
        .arg("field")
        .arg("other")
        .exec_async(&mut conn)
        .await
        .unwrap();

    expect![[r#"
        CLIENT SET

        CLIENT MGET [throughline.cache.hits=1 throughline.cache.misses=2]

        CLIENT HSET

        CLIENT HMGET [throughline.cache.hits=1 throughline.cache.misses=1]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

#[tokio::test]
async fn an_empty_collection_is_a_miss_if_one_says_so() {
    let keys = Keys::of("empty").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    conn.hgetall(keys.key("hash")).await.unwrap();
    let mut conn = tracing(&collector)
        .with_empty_as_miss(true)
        .wrap(plain().await);
    conn.hgetall(keys.key("hash")).await.unwrap();
    conn.rpush(keys.key("list"), "entry").await.unwrap();
    conn.lrange(keys.key("list"), 0, -1).await.unwrap();

    expect![[r#"
        CLIENT HGETALL

        CLIENT HGETALL [cache.hit=false]

        CLIENT RPUSH

        CLIENT LRANGE [cache.hit=true]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

#[tokio::test]
async fn the_newer_protocol_says_the_same() {
    let keys = Keys::of("resp_three").await;
    let collector = Collector::new();
    let info = client().get_connection_info().clone();
    let settings = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    let client = Client::open(info.set_redis_settings(settings)).unwrap();
    let mut conn = tracing(&collector)
        .with_empty_as_miss(true)
        .connect(&client)
        .await
        .unwrap();

    conn.get(keys.key("text")).await.unwrap();
    conn.zadd(keys.key("scores"), "member", 1.5).await.unwrap();
    conn.zscore(keys.key("scores"), "member").await.unwrap();
    conn.hgetall(keys.key("hash")).await.unwrap();
    conn.smembers(keys.key("set")).await.unwrap();

    expect![[r#"
        CLIENT CONNECT

        CLIENT GET [cache.hit=false]

        CLIENT ZADD

        CLIENT ZSCORE [cache.hit=true]

        CLIENT HGETALL [cache.hit=false]

        CLIENT SMEMBERS [cache.hit=false]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

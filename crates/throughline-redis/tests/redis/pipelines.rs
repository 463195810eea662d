//! Pipelines and transactions.

use expect_test::expect;
use redis::{AsyncTypedCommands as _, RedisResult, aio::transaction_async, cmd, pipe};
use throughline_core::span;
use throughline_testing::Collector;

use crate::{Keys, SHOWN, plain, traced};

#[tokio::test]
async fn a_pipeline_is_one_span_named_by_its_commands() {
    let keys = Keys::of("pipeline").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let (one, two) = (keys.key("one"), keys.key("two"));
    let work = span("request").run(async {
        let _: () = pipe()
            .set(&one, 1)
            .incr(&one, 1)
            .query_async(&mut conn)
            .await?;
        let _: (Option<i64>, Option<i64>) =
            pipe().get(&one).get(&two).query_async(&mut conn).await?;
        let _: (Option<i64>,) = pipe().get(&one).query_async(&mut conn).await?;
        let _: () = pipe()
            .atomic()
            .set(&one, 1)
            .set(&two, 2)
            .query_async(&mut conn)
            .await?;
        let _: () = pipe().atomic().set(&one, 1).query_async(&mut conn).await?;
        let found: (i64, i64) = pipe()
            .atomic()
            .get(&one)
            .incr(&two, 1)
            .query_async(&mut conn)
            .await?;
        assert_eq!(found, (1, 3));
        RedisResult::Ok(())
    });
    collector.run(work).await.unwrap();

    expect![[r#"
        INTERNAL request
          CLIENT PIPELINE [db.operation.batch.size=2]
          CLIENT PIPELINE GET [throughline.cache.hits=1 throughline.cache.misses=1 db.operation.batch.size=2]
          CLIENT GET [cache.hit=true]
          CLIENT MULTI SET [db.operation.batch.size=2]
          CLIENT MULTI SET
          CLIENT MULTI [throughline.cache.hits=1 throughline.cache.misses=0 db.operation.batch.size=2]
    "#]].assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

#[tokio::test]
async fn commands_that_fail_inside_of_a_pipeline_are_seen() {
    let keys = Keys::of("inside").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let (text, list) = (keys.key("text"), keys.key("list"));
    conn.set(&text, "text").await.unwrap();
    conn.rpush(&list, 1).await.unwrap();
    collector.clear();

    // The caller does not ask for the results, and gets them all the same.
    let results: Vec<RedisResult<redis::Value>> = pipe()
        .get(&text)
        .incr(&text, 1)
        .get(&list)
        .ignore_errors()
        .query_async(&mut conn)
        .await
        .unwrap();
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 2);
    let in_transaction: RedisResult<()> = pipe()
        .atomic()
        .set(&text, "text")
        .get(&list)
        .query_async(&mut conn)
        .await;
    in_transaction.unwrap_err();
    // The server refuses the whole transaction.
    let refused: RedisResult<()> = pipe()
        .atomic()
        .set(&text, "text")
        .cmd("NOSUCHCOMMAND")
        .query_async(&mut conn)
        .await;
    refused.unwrap_err();

    expect![[r#"
        CLIENT PIPELINE ERROR [throughline.cache.hits=1 throughline.cache.misses=0 db.operation.batch.size=3 error.type=ERR db.response.status_code=ERR throughline.redis.failed_commands=2]

        CLIENT MULTI ERROR [db.operation.batch.size=2 error.type=WRONGTYPE db.response.status_code=WRONGTYPE throughline.redis.failed_commands=1]

        CLIENT MULTI ERROR [db.operation.batch.size=2 error.type=EXECABORT db.response.status_code=EXECABORT]
    "#]].assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

#[tokio::test]
async fn a_transaction_whose_watched_key_changed_is_aborted_and_no_error() {
    let keys = Keys::of("aborted").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let mut other = plain().await;
    let key = keys.key("value");

    cmd("WATCH").arg(&key).exec_async(&mut conn).await.unwrap();
    other.set(&key, "changed").await.unwrap();
    let done: Option<()> = pipe()
        .atomic()
        .set(&key, "mine")
        .query_async(&mut conn)
        .await
        .unwrap();
    assert_eq!(done, None);
    assert_eq!(conn.get(&key).await.unwrap().as_deref(), Some("changed"));

    // The same by hand.
    cmd("WATCH").arg(&key).exec_async(&mut conn).await.unwrap();
    other.set(&key, "again").await.unwrap();
    cmd("MULTI").exec_async(&mut conn).await.unwrap();
    cmd("SET")
        .arg(&key)
        .arg("mine")
        .exec_async(&mut conn)
        .await
        .unwrap();
    cmd("EXEC").exec_async(&mut conn).await.unwrap();

    expect![[r#"
        CLIENT WATCH

        CLIENT MULTI SET [throughline.redis.aborted=true]

        CLIENT GET [cache.hit=true]

        CLIENT WATCH

        CLIENT MULTI

        CLIENT SET

        CLIENT EXEC [throughline.redis.aborted=true]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

#[tokio::test]
async fn the_transaction_of_redis_works_as_it_is() {
    let keys = Keys::of("transaction").await;
    let collector = Collector::new();
    let conn = traced(&collector).await;
    let key = keys.key("value");

    let (new,): (i64,) = transaction_async(conn, &[&key], async |mut conn, mut pipe| {
        let old: i64 = redis::AsyncCommands::get::<_, Option<i64>>(&mut conn, &key)
            .await?
            .unwrap_or(0);
        pipe.set(&key, old + 1)
            .ignore()
            .get(&key)
            .query_async(&mut conn)
            .await
    })
    .await
    .unwrap();
    assert_eq!(new, 1);

    expect![[r#"
        CLIENT WATCH

        CLIENT GET [cache.hit=false]

        CLIENT MULTI [throughline.cache.hits=1 throughline.cache.misses=0 db.operation.batch.size=2]

        CLIENT UNWATCH
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

//! What is measured.

use expect_test::expect;
use redis::{AsyncTypedCommands as _, cmd, pipe};
use throughline_testing::{Collector, Sampler};

use crate::{Keys, traced};

#[tokio::test]
async fn durations_and_look_ups_are_counted_also_when_nothing_is_sampled() {
    let keys = Keys::of("metrics").await;
    let collector = Collector::builder().sampler(Sampler::AlwaysOff).build();
    let mut conn = traced(&collector).await;
    let user = |id: u32| keys.key(&format!("user:{id}"));

    for id in 0..4 {
        conn.get(user(id)).await.unwrap();
    }
    conn.set(user(1), "Ada").await.unwrap();
    conn.get(user(1)).await.unwrap();
    conn.incr(user(1), 1).await.unwrap_err();
    cmd("EVAL")
        .arg("return redis.error_reply('OUT_OF_STOCK today')")
        .arg(0)
        .exec_async(&mut conn)
        .await
        .unwrap_err();
    let _: (Option<String>, Vec<Option<String>>) = pipe()
        .get(user(1))
        .mget(&[user(1), user(2), user(3)])
        .query_async(&mut conn)
        .await
        .unwrap();

    let metrics = collector.metrics();
    expect![[r#"
        db.client.operation.duration (histogram, s)
          count=1 [db.system.name=redis db.namespace="0" db.operation.name=EVAL error.type=_OTHER db.response.status_code=_OTHER]
          count=1 [db.system.name=redis db.namespace="0" db.operation.name=INCRBY error.type=ERR db.response.status_code=ERR]
          count=1 [db.system.name=redis db.namespace="0" db.operation.name=PIPELINE]
          count=1 [db.system.name=redis db.namespace="0" db.operation.name=SET]
          count=5 [db.system.name=redis db.namespace="0" db.operation.name=GET]
    "#]].assert_eq(&metrics.text(
        "db.client.operation.duration",
        &[
            "db.system.name",
            "db.namespace",
            "db.operation.name",
            "error.type",
            "db.response.status_code",
        ],
    ));
    expect![[r#"
        throughline.cache.requests (counter, {request})
          value=1 [throughline.cache.result=hit db.operation.name=MGET throughline.redis.key_template=test:metrics:user:{}]
          value=2 [throughline.cache.result=hit db.operation.name=GET throughline.redis.key_template=test:metrics:user:{}]
          value=2 [throughline.cache.result=miss db.operation.name=MGET throughline.redis.key_template=test:metrics:user:{}]
          value=4 [throughline.cache.result=miss db.operation.name=GET throughline.redis.key_template=test:metrics:user:{}]
    "#]].assert_eq(&metrics.text(
        "throughline.cache.requests",
        &[
            "throughline.cache.result",
            "db.operation.name",
            "throughline.redis.key_template",
        ],
    ));
    keys.remove().await;
}

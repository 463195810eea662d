//! Commands that wait for a message.

use expect_test::expect;
use redis::{AsyncTypedCommands as _, cmd};
use throughline_testing::Collector;

use crate::{Keys, SHOWN, plain, traced};

#[tokio::test]
async fn a_command_that_waits_says_whether_a_message_came_and_is_not_measured() {
    let keys = Keys::of("waits").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let (list, stream) = (keys.key("list"), keys.key("stream"));

    let mut read = cmd("XREAD");
    read.arg("BLOCK").arg(1).arg("STREAMS").arg(&stream).arg(0);
    cmd("BLPOP")
        .arg(&list)
        .arg(0.01)
        .exec_async(&mut conn)
        .await
        .unwrap();
    read.exec_async(&mut conn).await.unwrap();
    let mut other = plain().await;
    other.rpush(&list, "message").await.unwrap();
    other
        .xadd(&stream, "*", &[("field", "message")])
        .await
        .unwrap();
    cmd("BLPOP")
        .arg(&list)
        .arg(0.01)
        .exec_async(&mut conn)
        .await
        .unwrap();
    read.exec_async(&mut conn).await.unwrap();
    // Without BLOCK it is a read like others.
    cmd("XREAD")
        .arg("STREAMS")
        .arg(&stream)
        .arg(0)
        .exec_async(&mut conn)
        .await
        .unwrap();

    expect![[r#"
        CLIENT BLPOP [throughline.redis.wait=timeout]

        CLIENT XREAD [throughline.redis.wait=timeout]

        CLIENT BLPOP [throughline.redis.wait=message]

        CLIENT XREAD [throughline.redis.wait=message]

        CLIENT XREAD
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    expect![[r#"
        db.client.operation.duration (histogram, s)
          count=1 [db.operation.name=XREAD]
    "#]]
    .assert_eq(
        &collector
            .metrics()
            .text("db.client.operation.duration", &["db.operation.name"]),
    );
    keys.remove().await;
}

#[tokio::test]
async fn a_message_that_comes_while_the_command_waits_ends_it() {
    let keys = Keys::of("comes").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let mut other = plain().await;
    let list = keys.key("list");

    let mut pop = cmd("BLPOP");
    pop.arg(&list).arg(0);
    let wait = pop.query_async::<(String, String)>(&mut conn);
    let (popped, pushed) = tokio::join!(wait, other.rpush(&list, "message"));
    assert_eq!(popped.unwrap().1, "message");
    pushed.unwrap();

    expect![[r#"
        CLIENT BLPOP [throughline.redis.wait=message]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

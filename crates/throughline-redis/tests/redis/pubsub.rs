//! Subscribing.

use expect_test::expect;
use futures_util::StreamExt as _;
use redis::{AsyncTypedCommands as _, Client, IntoConnectionInfo as _, ProtocolVersion, PushKind};
use throughline_testing::Collector;

use crate::{client, plain, tracing};

#[tokio::test]
async fn subscribing_is_a_span_and_messages_are_read_from_the_connection_inside() {
    let collector = Collector::new();
    let mut pubsub = tracing(&collector).pubsub(&client()).await.unwrap();

    pubsub.subscribe("test:channel:ada").await.unwrap();
    pubsub.psubscribe("test:pattern:ada*").await.unwrap();
    plain()
        .await
        .publish("test:channel:ada", "hello")
        .await
        .unwrap();
    let message = pubsub.on_message().next().await.unwrap();
    assert_eq!(message.get_payload::<String>().unwrap(), "hello");
    pubsub.unsubscribe("test:channel:ada").await.unwrap();

    expect![[r#"
        CLIENT CONNECT

        CLIENT SUBSCRIBE

        CLIENT PSUBSCRIBE

        CLIENT UNSUBSCRIBE
    "#]]
    .assert_eq(&collector.tree(&["error.type", "throughline.redis.key_template"]));
    assert!(!crate::exported(&collector).contains("ada"));
}

#[tokio::test]
async fn a_multiplexed_connection_subscribes_too() {
    let collector = Collector::new();
    let info = client().get_connection_info().clone();
    let settings = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    let info = info
        .set_redis_settings(settings)
        .into_connection_info()
        .unwrap();
    let client = Client::open(info).unwrap();
    let (sender, mut messages) = tokio::sync::mpsc::unbounded_channel();
    let config = redis::AsyncConnectionConfig::new().set_push_sender(sender);
    let conn = client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .unwrap();
    let mut conn = tracing(&collector).wrap(conn);

    conn.subscribe("test:multiplexed").await.unwrap();
    conn.publish("test:multiplexed", "hello").await.unwrap();
    while messages.recv().await.unwrap().kind != PushKind::Message {}

    expect![[r#"
        CLIENT SUBSCRIBE

        CLIENT PUBLISH
    "#]]
    .assert_eq(&collector.tree(&["error.type"]));
}

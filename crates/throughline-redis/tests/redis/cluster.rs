//! A cluster of one, started for the test.

use expect_test::expect;
use redis::{AsyncTypedCommands as _, Client, cluster::ClusterClient, cmd};
use throughline_redis::Tracing;
use throughline_testing::Collector;

use crate::{SHOWN, server::Server};

#[tokio::test]
async fn a_connection_of_a_cluster() {
    let server = Server::start(&["--cluster-enabled", "yes"]).await;
    let url = format!("redis://127.0.0.1:{}/", server.port);
    let node = Client::open(url.as_str()).unwrap();
    let mut node = node.get_multiplexed_async_connection().await.unwrap();
    cmd("CLUSTER")
        .arg("ADDSLOTSRANGE")
        .arg(0)
        .arg(16_383)
        .exec_async(&mut node)
        .await
        .unwrap();
    let mut info = cmd("CLUSTER");
    info.arg("INFO");
    loop {
        let state: String = info.query_async(&mut node).await.unwrap();
        if state.contains("cluster_state:ok") {
            break;
        }
        tokio::task::yield_now().await;
    }

    let collector = Collector::new();
    let client = ClusterClient::new([url]).unwrap();
    let mut conn = Tracing::new()
        .with_server("127.0.0.1", server.port)
        .with_telemetry(collector.telemetry())
        .wrap(client.get_async_connection().await.unwrap());
    conn.subscribe("test:cluster").await.unwrap_err();
    conn.set("{user:1}:name", "Ada").await.unwrap();
    conn.mget(&["{user:1}:name", "{user:2}:name"])
        .await
        .unwrap();
    conn.get("{user:1}:name").await.unwrap();
    redis::pipe()
        .get("{user:1}:name")
        .get("{user:1}:mail")
        .exec_async(&mut conn)
        .await
        .unwrap();
    conn.rpush("{user:1}:list", 1).await.unwrap();
    conn.get("{user:1}:list").await.unwrap_err();

    expect![[r#"
        CLIENT SUBSCRIBE ERROR [error.type=configuration]

        CLIENT SET

        CLIENT MGET [throughline.cache.hits=1 throughline.cache.misses=1]

        CLIENT GET [cache.hit=true]

        CLIENT PIPELINE GET [throughline.cache.hits=1 throughline.cache.misses=1 db.operation.batch.size=2]

        CLIENT RPUSH

        CLIENT GET ERROR [error.type=WRONGTYPE db.response.status_code=WRONGTYPE]
    "#]].assert_eq(&collector.tree(SHOWN));
}

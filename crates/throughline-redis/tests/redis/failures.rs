//! Servers that refuse, hang up, or are not there.

use expect_test::expect;
use opentelemetry::trace::Status;
use redis::{AsyncTypedCommands as _, Client, cmd};
use throughline_redis::{Traced, Tracing};
use throughline_testing::Collector;

use crate::{Keys, SHOWN, client, exported, plain, server, traced, tracing};

#[tokio::test]
async fn an_error_of_the_server_has_its_code() {
    let keys = Keys::of("wrong_type").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    conn.rpush(keys.key("list"), 1).await.unwrap();
    collector.clear();

    let error = conn.get(keys.key("list")).await.unwrap_err();
    assert_eq!(error.code(), Some("WRONGTYPE"));

    let span = collector.span("GET");
    assert_eq!(
        span.status,
        Status::error("WRONGTYPE: Operation against a key holding the wrong kind of value")
    );
    expect![[r#"
        CLIENT GET ERROR [error.type=WRONGTYPE db.response.status_code=WRONGTYPE]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    keys.remove().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_by_the_span_of_connecting() {
    let collector = Collector::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::open(format!("redis://:hunter2@{address}/2")).unwrap();

    let error = collector.run(Traced::connect(&client)).await.unwrap_err();
    assert!(error.is_connection_refusal());

    expect![[r#"
        CLIENT CONNECT ERROR [db.namespace="2" error.type=connect_refused]
    "#]]
    .assert_eq(&collector.tree(&["db.namespace", "error.type"]));
    let port = collector
        .span("CONNECT")
        .attribute("server.port")
        .unwrap()
        .to_string();
    assert_eq!(port, address.port().to_string());
    assert!(!exported(&collector).contains("hunter2"));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let collector = Collector::new();
    let mut admin = plain().await;
    let user = format!("throughline-test-{}", std::process::id());
    let acl = |words: &[&str]| {
        let mut command = cmd("ACL");
        command.arg(words);
        command
    };
    acl(&["SETUSER", &user, "on", ">right-password", "~*", "+@all"])
        .exec_async(&mut admin)
        .await
        .unwrap();
    let info = client().get_connection_info().clone();
    let settings = info
        .redis_settings()
        .clone()
        .set_username(&user)
        .set_password("wrong-hunter2");
    let client = Client::open(info.set_redis_settings(settings)).unwrap();

    tracing(&collector).connect(&client).await.unwrap_err();
    // The same by hand.
    let mut conn = traced(&collector).await;
    cmd("AUTH")
        .arg(&user)
        .arg("wrong-hunter2")
        .exec_async(&mut conn)
        .await
        .unwrap_err();
    acl(&["DELUSER", &user])
        .exec_async(&mut admin)
        .await
        .unwrap();

    expect![[r#"
        CLIENT CONNECT ERROR [error.type=authentication_failed]

        CLIENT AUTH ERROR [error.type=WRONGPASS db.response.status_code=WRONGPASS]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
    assert!(!exported(&collector).contains("hunter2"));
    assert!(!exported(&collector).contains(&user));
}

#[tokio::test]
async fn a_connection_that_is_cut_during_a_command_is_told() {
    let collector = Collector::new();
    let (address, server) = server::that_hangs_up().await;
    let client = Client::open(format!("redis://{address}/")).unwrap();
    let tracing = Tracing::of(&client).with_telemetry(collector.telemetry());
    let mut conn = tracing.connect(&client).await.unwrap();

    let error = conn.get("user:1").await.unwrap_err();
    assert!(error.is_connection_dropped(), "{error}");
    server.await.unwrap();

    expect![[r#"
        CLIENT CONNECT

        CLIENT GET ERROR [error.type=closed]
    "#]]
    .assert_eq(&collector.tree(&["error.type"]));
}

#[tokio::test]
async fn a_connection_that_the_server_kills_is_told() {
    let keys = Keys::of("killed").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    let mut id = cmd("CLIENT");
    id.arg("ID");
    let id: i64 = id.query_async(&mut conn).await.unwrap();

    let mut pop = cmd("BLPOP");
    pop.arg(keys.key("list")).arg(0);
    let kill = async {
        let mut other = plain().await;
        let client = |words: &[&str]| {
            let mut command = cmd("CLIENT");
            command.arg(words).arg(id);
            command
        };
        // The command is under way once the server says so.
        let list = client(&["LIST", "ID"]);
        while !list
            .query_async::<String>(&mut other)
            .await?
            .contains("cmd=blpop")
        {}
        client(&["KILL", "ID"]).exec_async(&mut other).await
    };
    let (popped, killed) = tokio::join!(pop.exec_async(&mut conn), kill);
    killed.unwrap();
    popped.unwrap_err();

    expect![[r#"
        CLIENT CLIENT

        CLIENT BLPOP ERROR [error.type=closed]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

#[tokio::test]
async fn a_reply_that_takes_too_long_is_a_timeout() {
    let keys = Keys::of("too_long").await;
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    conn.set_response_timeout(std::time::Duration::from_millis(1));

    let error = cmd("BLPOP")
        .arg(keys.key("list"))
        .arg(0.05)
        .exec_async(&mut conn)
        .await
        .unwrap_err();
    assert!(error.is_timeout());

    expect![[r#"
        CLIENT BLPOP ERROR [error.type=timeout]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

//! Scripts and functions.

use expect_test::expect;
use opentelemetry::trace::Status;
use redis::{Script, cmd};
use throughline_testing::{Collector, TreeOptions};

use crate::traced;

#[tokio::test]
async fn a_script_that_is_not_loaded_yet_is_no_error() {
    let collector = Collector::new();
    let mut conn = traced(&collector).await;
    // No other run has loaded it.
    let now = std::time::SystemTime::now();
    let script = Script::new(&format!("return tonumber(ARGV[1]) -- {now:?}"));

    for expected in [1, 2] {
        let number: i64 = script.arg(expected).invoke_async(&mut conn).await.unwrap();
        assert_eq!(number, expected);
    }

    let options = TreeOptions::test()
        .attributes(["error.type", "db.response.status_code"].map(str::to_owned))
        .events(true);
    expect![[r#"
        CLIENT EVALSHA [db.response.status_code=NOSCRIPT]
          * throughline.redis.script_not_loaded

        CLIENT SCRIPT

        CLIENT EVALSHA

        CLIENT EVALSHA
    "#]]
    .assert_eq(&collector.tree_with(&options));
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span.status == Status::Unset));
    let procedure = spans[0].attribute("db.stored_procedure.name").unwrap();
    assert_eq!(procedure.to_string(), script.get_hash());
}

#[tokio::test]
async fn what_a_script_says_is_not_recorded() {
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    for reply in [
        "OUT_OF_STOCK ada@example.org",
        "ada@example.org",
        "ERR ada@example.org",
    ] {
        cmd("EVAL")
            .arg(format!("return redis.error_reply('{reply}')"))
            .arg(0)
            .exec_async(&mut conn)
            .await
            .unwrap_err();
    }

    expect![[r#"
        CLIENT EVAL ERROR [error.type=OUT_OF_STOCK db.response.status_code=OUT_OF_STOCK]

        CLIENT EVAL ERROR [error.type=ERR db.response.status_code=ERR]

        CLIENT EVAL ERROR [error.type=ERR db.response.status_code=ERR]
    "#]]
    .assert_eq(&collector.tree(&["error.type", "db.response.status_code"]));
}

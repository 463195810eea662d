//! Streams that are read to their end, and streams that are not.

use expect_test::expect;
use futures_util::{StreamExt as _, TryStreamExt as _};
use throughline_core::span;
use throughline_testing::Collector;

use crate::{SHOWN, database};

const NUMBERS: &str =
    "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n";

#[tokio::test]
async fn a_stream_ends_its_span_at_the_last_row() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let mut rows = sqlx::query(NUMBERS).bind(1).fetch(&pool);
    let mut count = 0;
    while rows.try_next().await.unwrap().is_some() {
        assert_eq!(collector.open_spans(), 1);
        count += 1;
    }
    assert_eq!(count, 9);
    // Ended, although the stream is still there.
    assert_eq!(collector.open_spans(), 0);

    expect![[r#"
        CLIENT SELECT SELECT [db.response.returned_rows=9]
    "#]]
    .assert_eq(&collector.tree(&SHOWN[1..]));
}

#[tokio::test]
async fn a_stream_that_is_dropped_early_ends_its_span_as_cancelled() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let mut rows = sqlx::query(NUMBERS).bind(1).fetch(&pool);
    rows.next().await.unwrap().unwrap();
    rows.next().await.unwrap().unwrap();
    drop(rows);
    let mut conn = pool.acquire().await.unwrap();
    let mut rows = sqlx::query(NUMBERS).bind(1).fetch(&mut *conn);
    rows.next().await.unwrap().unwrap();
    drop(rows);

    expect![[r#"
        CLIENT SELECT SELECT [db.response.returned_rows=2 throughline.outcome=cancelled]

        CLIENT SELECT SELECT [db.response.returned_rows=1 throughline.outcome=cancelled]
    "#]]
    .assert_eq(&collector.tree(&SHOWN[1..]));
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_ends_its_span() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    // abs() of the smallest integer overflows, in the second row.
    let sql = "SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808))";
    let mut rows = sqlx::query(sql).fetch(&pool);
    rows.next().await.unwrap().unwrap();
    rows.next().await.unwrap().unwrap_err();
    assert_eq!(collector.open_spans(), 0);
    assert!(rows.next().await.is_none());

    expect![[r#"
        CLIENT SELECT ERROR [db.response.returned_rows=1 error.type="1"]
    "#]]
    .assert_eq(&collector.tree(&SHOWN[1..]));
}

#[tokio::test]
async fn work_between_two_rows_does_not_run_inside_the_query() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let work = span("export").run(async {
        let mut rows = sqlx::query("SELECT name FROM users").fetch(&pool);
        while rows.try_next().await?.is_some() {
            span("write row").call_value(|| {});
        }
        Ok::<_, sqlx::Error>(())
    });
    collector.run(work).await.unwrap();

    expect![[r#"
        INTERNAL export
          CLIENT SELECT users
          INTERNAL write row
          INTERNAL write row
    "#]]
    .assert_eq(&collector.tree(&[]));
}

#[tokio::test]
async fn several_statements_in_one_text_are_one_span() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let sql = "INSERT INTO users (name) VALUES ('Alan'); SELECT name FROM users; \
               DELETE FROM users WHERE name = 'Alan'";
    let results: Vec<_> = sqlx::raw_sql(sql)
        .fetch_many(&pool)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(results.len(), 6);

    expect![[r#"
        CLIENT INSERT users; SELECT users; DELETE users [db.query.text="INSERT INTO users (name) VALUES (?); SELECT name FROM users; DELETE FROM users WHERE name = ?" db.response.returned_rows=3]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

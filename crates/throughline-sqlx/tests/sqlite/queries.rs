//! One query, one span.

use expect_test::expect;
use opentelemetry::trace::{SpanKind, Status};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Executor as _, QueryBuilder, Row as _, SqlSafeStr as _, Sqlite, Statement as _};
use throughline_core::{
    semconv::{Conventions, Names},
    span,
};
use throughline_sqlx::SqlitePool;
use throughline_testing::{Collector, Sampler};

use crate::{SHOWN, collector_with, database};

#[tokio::test]
async fn a_query_is_one_client_span_named_by_its_summary() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    sqlx::query("SELECT * FROM users WHERE id = ?")
        .bind(1)
        .fetch_one(&pool)
        .await
        .unwrap();

    let span = collector.span("SELECT users");
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.scope.name(), "throughline-sqlx");
    let attribute = |key: &str| span.attribute(key).map(ToString::to_string);
    assert_eq!(attribute("db.system.name").as_deref(), Some("sqlite"));
    assert_eq!(
        attribute("db.query.summary").as_deref(),
        Some("SELECT users")
    );
    assert_eq!(
        attribute("db.query.text").as_deref(),
        Some("SELECT * FROM users WHERE id = ?")
    );
    assert_eq!(attribute("server.address"), None);
    assert_eq!(attribute("db.namespace"), None);
}

#[tokio::test]
async fn every_way_to_run_a_query_gives_one_span_below_the_current_one() {
    let collector = Collector::new();
    let pool = database(&collector).await;
    let work = span("request").run(async {
        sqlx::query("SELECT 'execute' FROM users")
            .execute(&pool)
            .await?;
        sqlx::query("SELECT name FROM users")
            .fetch_all(&pool)
            .await?;
        sqlx::query("SELECT name FROM users WHERE id = ?")
            .bind(2)
            .fetch_one(&pool)
            .await?;
        sqlx::query("SELECT name FROM users WHERE id = ?")
            .bind(3)
            .fetch_optional(&pool)
            .await?;
        sqlx::query_as::<_, (i64, String)>("SELECT * FROM users")
            .fetch_all(&pool)
            .await?;
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM users")
            .fetch_one(&pool)
            .await?;
        sqlx::raw_sql("UPDATE users SET name = 'Ada L.' WHERE id = 1")
            .execute(&pool)
            .await?;
        pool.execute("DELETE FROM users WHERE id = 2").await?;
        let mut builder = QueryBuilder::<Sqlite>::new("INSERT INTO users (name) ");
        builder.push_values(["Alan", "Edsger"], |mut row, name| {
            row.push_bind(name);
        });
        builder.build().execute(&pool).await?;
        Ok::<_, sqlx::Error>(())
    });
    collector.run(work).await.unwrap();

    expect![[r#"
        INTERNAL request
          CLIENT SELECT users [db.query.text="SELECT ? FROM users" db.response.returned_rows=2]
          CLIENT SELECT users [db.query.text="SELECT name FROM users" db.response.returned_rows=2]
          CLIENT SELECT users [db.query.text="SELECT name FROM users WHERE id = ?" db.response.returned_rows=1]
          CLIENT SELECT users [db.query.text="SELECT name FROM users WHERE id = ?" db.response.returned_rows=0]
          CLIENT SELECT users [db.query.text="SELECT * FROM users" db.response.returned_rows=2]
          CLIENT SELECT users [db.query.text="SELECT count(*) FROM users" db.response.returned_rows=1]
          CLIENT UPDATE users [db.query.text="UPDATE users SET name = ? WHERE id = ?" db.rows_affected=1]
          CLIENT DELETE users [db.query.text="DELETE FROM users WHERE id = ?" db.rows_affected=1]
          CLIENT INSERT users [db.query.text="INSERT INTO users (name) VALUES (?), (?)" db.rows_affected=2]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

#[tokio::test]
async fn a_span_starts_at_the_first_poll_and_not_at_the_call() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let query = sqlx::query("SELECT * FROM users").fetch_all(&pool);
    let work = span("later").run(query);
    assert_eq!(collector.open_spans(), 0);
    collector.run(work).await.unwrap();

    expect![[r#"
        INTERNAL later
          CLIENT SELECT users
    "#]]
    .assert_eq(&collector.tree(&[]));

    collector.clear();
    drop(sqlx::query("SELECT * FROM users").fetch_all(&pool));
    assert!(collector.spans().is_empty());
}

#[tokio::test]
async fn an_error_of_the_database_has_its_code_and_no_values() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let error = sqlx::query("INSERT INTO users (name) VALUES (?)")
        .bind("Ada")
        .execute(&pool)
        .await;
    assert!(
        error
            .unwrap_err()
            .into_database_error()
            .unwrap()
            .is_unique_violation()
    );

    let span = collector.span("INSERT users");
    assert_eq!(
        span.attribute("db.response.status_code")
            .unwrap()
            .to_string(),
        "2067"
    );
    assert_eq!(span.attribute("error.type").unwrap().to_string(), "2067");
    assert_eq!(
        span.status,
        Status::error("UNIQUE constraint failed: users.name")
    );
    assert_eq!(span.attribute("db.rows_affected"), None);
}

#[tokio::test]
async fn a_query_without_an_answer_is_no_error() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let missing = sqlx::query("SELECT * FROM users WHERE id = ?")
        .bind(9)
        .fetch_one(&pool)
        .await;
    assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));

    let span = collector.span("SELECT users");
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.attribute("error.type"), None);
    assert_eq!(
        span.attribute("db.response.returned_rows")
            .unwrap()
            .to_string(),
        "0"
    );
}

#[tokio::test]
async fn a_pool_that_is_closed_or_empty_fails_the_query() {
    let collector = Collector::new();
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(std::time::Duration::from_millis(10))
        .connect("sqlite::memory:")
        .await
        .unwrap();
    let pool = SqlitePool::new(pool).with_telemetry(collector.telemetry());

    let taken = pool.acquire().await.unwrap();
    assert!(pool.try_acquire().is_none());
    assert!(pool.try_begin().await.unwrap().is_none());
    sqlx::query("SELECT 1").fetch_all(&pool).await.unwrap_err();
    drop(taken);
    pool.close().await;
    sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();

    expect![[r#"
        CLIENT SELECT ERROR [error.type=pool_timed_out]

        CLIENT SELECT ERROR [error.type=pool_closed]
    "#]]
    .assert_eq(&collector.tree(&["error.type", "db.response.returned_rows"]));
}

#[tokio::test]
async fn a_long_wait_for_a_connection_is_told_apart_from_the_query() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let mut taken = pool.acquire().await.unwrap();
    let query = tokio::spawn({
        let pool = pool.clone();
        async move { sqlx::query("SELECT name FROM users").fetch_all(&pool).await }
    });
    // The query is waiting for the one connection; a slow query holds it.
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
                SELECT max(i) FROM n";
    while collector.open_spans() == 0 {
        tokio::task::yield_now().await;
    }
    sqlx::query(slow).fetch_one(&mut *taken).await.unwrap();
    drop(taken);
    query.await.unwrap().unwrap();

    let waited = collector
        .span("SELECT users")
        .attribute("throughline.db.acquire_ms")
        .cloned();
    assert!(
        matches!(waited, Some(opentelemetry::Value::F64(waited)) if waited > 1.0),
        "{waited:?}"
    );
}

#[tokio::test]
async fn the_span_is_current_while_sqlx_works_for_it() {
    let collector = Collector::new();
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .before_acquire(|_, _| {
            Box::pin(async {
                span("before_acquire").run_value(async {}).await;
                Ok(true)
            })
        })
        .connect("sqlite::memory:")
        .await
        .unwrap();
    let pool = SqlitePool::new(pool);

    let work = span("request").run(async {
        sqlx::query("SELECT 1").execute(&pool).await?;
        sqlx::query("SELECT 2").fetch_one(&pool).await?;
        pool.begin().await?.commit().await
    });
    collector.run(work).await.unwrap();

    expect![[r#"
        INTERNAL request
          CLIENT SELECT
            INTERNAL before_acquire
          CLIENT SELECT
            INTERNAL before_acquire
          CLIENT BEGIN
            INTERNAL before_acquire
          CLIENT COMMIT
    "#]]
    .assert_eq(&collector.tree(&[]));
}

#[tokio::test]
async fn preparing_and_describing_are_spans_of_their_own() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let statement = pool
        .prepare("SELECT name FROM users WHERE id = ?".into_sql_str())
        .await
        .unwrap();
    let row = statement.query().bind(1).fetch_one(&pool).await.unwrap();
    assert_eq!(row.get::<String, _>(0), "Ada");
    let described = pool
        .describe("SELECT name FROM users".into_sql_str())
        .await
        .unwrap();
    assert_eq!(described.columns.len(), 1);
    let mut conn = pool.acquire().await.unwrap();
    conn.prepare("SELECT id FROM users".into_sql_str())
        .await
        .unwrap();
    conn.describe("SELECT id FROM nobody".into_sql_str())
        .await
        .unwrap_err();

    expect![[r#"
        CLIENT PREPARE [db.query.summary="SELECT users" db.operation.name=PREPARE]

        CLIENT SELECT users [db.query.summary="SELECT users"]

        CLIENT DESCRIBE [db.query.summary="SELECT users" db.operation.name=DESCRIBE]

        CLIENT PREPARE [db.query.summary="SELECT users" db.operation.name=PREPARE]

        CLIENT DESCRIBE ERROR [db.query.summary="SELECT nobody" db.operation.name=DESCRIBE]
    "#]]
    .assert_eq(&collector.tree(&["db.query.summary", "db.operation.name"]));
}

#[tokio::test]
async fn old_names_are_emitted_where_the_conventions_say_so() {
    for (names, shown) in [
        (
            Names::Stable,
            expect![[r#"
            CLIENT SELECT users [db.system.name=sqlite db.query.text="SELECT ? FROM users"]
        "#]],
        ),
        (
            Names::Old,
            expect![[r#"
            CLIENT SELECT users [db.system=sqlite db.statement="SELECT ? FROM users" db.operation=SELECT]
        "#]],
        ),
        (
            Names::Both,
            expect![[r#"
            CLIENT SELECT users [db.system.name=sqlite db.query.text="SELECT ? FROM users" db.system=sqlite db.statement="SELECT ? FROM users" db.operation=SELECT]
        "#]],
        ),
    ] {
        let mut conventions = Conventions::default();
        conventions.database = names;
        let collector = collector_with(conventions);
        let pool = database(&collector).await;
        sqlx::query("SELECT 1 FROM users")
            .execute(&pool)
            .await
            .unwrap();
        shown.assert_eq(&collector.tree(&[
            "db.system.name",
            "db.query.text",
            "db.system",
            "db.statement",
            "db.operation",
        ]));
    }
}

#[tokio::test]
async fn a_query_that_is_not_sampled_still_runs_in_its_parent_s_context() {
    let collector = Collector::builder().sampler(Sampler::AlwaysOff).build();
    let pool = database(&collector).await;

    let rows = collector.run(async { sqlx::query("SELECT * FROM users").fetch_all(&pool).await });
    assert_eq!(rows.await.unwrap().len(), 2);

    assert!(collector.spans().is_empty());
    assert!(
        collector
            .metrics()
            .get("db.client.operation.duration")
            .is_some()
    );
}

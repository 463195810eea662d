//! Queries that a real server ends early.

use expect_test::expect;
use opentelemetry::trace::Status;
use sqlx::Row as _;
use throughline_sqlx::{MySqlPool, PgPool};
use throughline_testing::Collector;

use crate::{
    SHOWN,
    databases::{with_mariadb, with_postgres},
};

#[tokio::test]
async fn a_backend_that_is_terminated_ends_its_query_with_the_server_s_code() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let admin = sqlx::PgPool::connect(&url).await.unwrap();
        let pool = PgPool::connect(&url)
            .await
            .unwrap()
            .with_telemetry(collector.telemetry());
        let mut conn = pool.acquire().await.unwrap();
        let pid: i32 = sqlx::query("SELECT pg_backend_pid()")
            .fetch_one(conn.untraced())
            .await
            .unwrap()
            .get(0);

        let sleep = sqlx::query("SELECT pg_sleep(60)").execute(&mut *conn);
        let kill = async {
            // Not before the query runs: a signal to an idle backend is another error.
            let running = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active' \
                 AND query LIKE 'SELECT pg_sleep%'";
            while sqlx::query(running)
                .bind(pid)
                .fetch_optional(&admin)
                .await
                .unwrap()
                .is_none()
            {
                tokio::task::yield_now().await;
            }
            let kill = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid);
            kill.execute(&admin).await.unwrap();
        };
        let (slept, ()) = tokio::join!(sleep, kill);

        let error = slept.unwrap_err();
        let code = error.as_database_error().unwrap().code().unwrap();
        assert_eq!(code, "57P01");
        expect![[r#"
            CLIENT SELECT ERROR [db.response.status_code=57P01 error.type=57P01]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_for_the_server_has_its_code() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = PgPool::connect(&url)
            .await
            .unwrap()
            .with_telemetry(collector.telemetry());
        let mut conn = pool.acquire().await.unwrap();
        sqlx::query("SET statement_timeout = 10")
            .execute(conn.untraced())
            .await
            .unwrap();

        let slept = sqlx::query("SELECT pg_sleep(60)").execute(&mut *conn).await;
        slept.unwrap_err();

        expect![[r#"
            CLIENT SELECT ERROR [db.response.status_code="57014" error.type="57014"]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_mariadb_kills_ends_its_query_with_an_error() {
    with_mariadb(async |url| {
        let collector = Collector::new();
        let admin = sqlx::MySqlPool::connect(&url).await.unwrap();
        let pool = MySqlPool::connect(&url)
            .await
            .unwrap()
            .with_telemetry(collector.telemetry());
        let mut conn = pool.acquire().await.unwrap();
        let id: u64 = sqlx::query_scalar("SELECT CONNECTION_ID()")
            .fetch_one(conn.untraced())
            .await
            .unwrap();

        let sleep = sqlx::query("DO SLEEP(60)").execute(&mut *conn);
        let kill = async {
            let running = "SELECT 1 FROM information_schema.processlist \
                 WHERE id = ? AND info LIKE 'DO SLEEP%'";
            while sqlx::query(running)
                .bind(id)
                .fetch_optional(&admin)
                .await
                .unwrap()
                .is_none()
            {
                tokio::task::yield_now().await;
            }
            let kill = sqlx::AssertSqlSafe(format!("KILL {id}"));
            sqlx::raw_sql(kill).execute(&admin).await.unwrap();
        };
        let (slept, ()) = tokio::join!(sleep, kill);

        slept.unwrap_err();
        let spans = collector.spans();
        let [span] = &spans[..] else {
            panic!("{spans:?}")
        };
        assert!(matches!(span.status, Status::Error { .. }), "{span:?}");
        assert!(span.attribute("error.type").is_some());
    })
    .await;
}

#[tokio::test]
async fn a_deadlock_has_its_code_on_the_query_that_was_chosen() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = PgPool::connect(&url)
            .await
            .unwrap()
            .with_telemetry(collector.telemetry());
        let script = "CREATE TABLE a (x INT); CREATE TABLE b (x INT)";
        sqlx::raw_sql(script)
            .execute(pool.untraced())
            .await
            .unwrap();
        let mut first = pool.begin().await.unwrap();
        let mut second = pool.begin().await.unwrap();
        for (tx, sql) in [(&mut first, "LOCK TABLE a"), (&mut second, "LOCK TABLE b")] {
            sqlx::query(sql).execute(&mut **tx).await.unwrap();
        }
        collector.clear();

        let crossed = async {
            tokio::join!(
                sqlx::query("LOCK TABLE b").execute(&mut *first),
                sqlx::query("LOCK TABLE a").execute(&mut *second),
            )
        };
        // Whoever is chosen lets the other one go on only when its transaction is over.
        let outcome = crossed.await;
        assert!(outcome.0.is_err() != outcome.1.is_err(), "{outcome:?}");

        let codes: Vec<_> = collector
            .spans()
            .iter()
            .filter_map(|span| span.attribute("error.type").map(ToString::to_string))
            .collect();
        assert_eq!(codes, ["40P01"]);
    })
    .await;
}

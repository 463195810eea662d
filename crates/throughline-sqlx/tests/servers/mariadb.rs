//! Queries on MariaDB.

use expect_test::expect;
use throughline_core::span;
use throughline_sqlx::{MySqlConnection, MySqlPool};
use throughline_testing::Collector;

use crate::{SHOWN, databases::with_mariadb};

async fn pool(url: &str, collector: &Collector) -> MySqlPool {
    let pool = sqlx::MySqlPool::connect(url).await.unwrap();
    let script =
        "CREATE TABLE users (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) UNIQUE NOT NULL);
         INSERT INTO users (name) VALUES ('Ada'), ('Grace')";
    sqlx::raw_sql(script).execute(&pool).await.unwrap();
    MySqlPool::new(pool).with_telemetry(collector.telemetry())
}

async fn add(conn: &mut MySqlConnection<'_>, name: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO users (name) VALUES (?)")
        .bind(name)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_span_says_which_database_of_which_server() {
    with_mariadb(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;

        sqlx::query("SELECT * FROM users WHERE id = ?")
            .bind(1)
            .fetch_one(&pool)
            .await
            .unwrap();

        let span = collector.span("SELECT users");
        let attribute = |key| span.attribute(key).map(ToString::to_string);
        let database = url.rsplit_once('/').unwrap().1;
        assert_eq!(attribute("db.system.name").as_deref(), Some("mysql"));
        assert_eq!(attribute("db.namespace").as_deref(), Some(database));
        assert!(attribute("server.address").is_some());
        assert!(attribute("server.port").is_some());
    })
    .await;
}

#[tokio::test]
async fn rows_are_counted_whether_they_are_returned_or_changed() {
    with_mariadb(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;
        let work = span("request").run(async {
            sqlx::query("SELECT name FROM users WHERE id > ?")
                .bind(0)
                .fetch_all(&pool)
                .await?;
            sqlx::query(r#"SELECT id FROM users WHERE name = "Nobody""#)
                .fetch_optional(&pool)
                .await?;
            sqlx::query("UPDATE users SET name = upper(name)")
                .execute(&pool)
                .await?;
            sqlx::raw_sql("DELETE FROM users WHERE id = 1; DELETE FROM users WHERE id = 2")
                .execute(&pool)
                .await
        });
        collector.run(work).await.unwrap();

        crate::assert_nowhere(&collector, "Nobody");
        expect![[r#"
            INTERNAL request
              CLIENT SELECT users [db.response.returned_rows=2]
              CLIENT SELECT users [db.response.returned_rows=0]
              CLIENT UPDATE users [db.rows_affected=2]
              CLIENT DELETE users; DELETE users [db.rows_affected=2]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn a_transaction_with_a_savepoint_is_shown_step_by_step() {
    with_mariadb(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;
        let work = span("request").run(async {
            let mut tx = pool.begin().await?;
            add(&mut tx, "Alan").await?;
            let mut savepoint = tx.begin().await?;
            add(&mut savepoint, "Nobody").await?;
            savepoint.rollback().await?;
            tx.commit().await
        });
        collector.run(work).await.unwrap();

        let names: Vec<String> = sqlx::query_scalar("SELECT name FROM users ORDER BY id")
            .fetch_all(pool.untraced())
            .await
            .unwrap();
        assert_eq!(names, ["Ada", "Grace", "Alan"]);
        expect![[r#"
            INTERNAL request
              CLIENT BEGIN
              CLIENT INSERT users [db.rows_affected=1]
              CLIENT SAVEPOINT
              CLIENT INSERT users [db.rows_affected=1]
              CLIENT ROLLBACK TO SAVEPOINT
              CLIENT COMMIT
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

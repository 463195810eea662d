//! Queries on PostgreSQL.

use expect_test::expect;
use futures_util::TryStreamExt as _;
use sqlx::{
    migrate::Migrator,
    postgres::{PgListener, PgPoolCopyExt as _},
};
use throughline_core::span;
use throughline_sqlx::{PgConnection, PgPool, PgTransaction};
use throughline_testing::Collector;

use crate::{SHOWN, databases::with_postgres};

async fn pool(url: &str, collector: &Collector) -> PgPool {
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let script = "CREATE TABLE users (id BIGSERIAL PRIMARY KEY, name TEXT UNIQUE NOT NULL);
         INSERT INTO users (name) VALUES ('Ada'), ('Grace')";
    sqlx::raw_sql(script).execute(&pool).await.unwrap();
    PgPool::new(pool).with_telemetry(collector.telemetry())
}

async fn add(conn: &mut PgConnection<'_>, name: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO users (name) VALUES ($1)")
        .bind(name)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

async fn add_two(tx: &mut PgTransaction<'_>) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO users (name) VALUES ($1)")
        .bind("Alan")
        .execute(&mut **tx)
        .await?;
    add(tx, "Edsger").await
}

#[tokio::test]
async fn a_span_says_which_database_of_which_server() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;

        sqlx::query("SELECT * FROM users WHERE id = $1")
            .bind(1_i64)
            .fetch_one(&pool)
            .await
            .unwrap();

        let span = collector.span("SELECT users");
        let attribute = |key| span.attribute(key).map(ToString::to_string);
        let options = pool.connect_options();
        assert_eq!(attribute("db.system.name").as_deref(), Some("postgresql"));
        assert_eq!(attribute("db.namespace").as_deref(), options.get_database());
        assert_eq!(
            attribute("server.address").as_deref(),
            Some(options.get_host())
        );
        assert_eq!(
            attribute("server.port"),
            Some(options.get_port().to_string())
        );
    })
    .await;
}

#[tokio::test]
async fn rows_are_counted_whether_they_are_returned_or_changed() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;
        let work = span("request").run(async {
            sqlx::query("SELECT name FROM users WHERE id > $1")
                .bind(0_i64)
                .fetch_all(&pool)
                .await?;
            let _: Option<(i64,)> = sqlx::query_as("SELECT id FROM users WHERE name = 'Nobody'")
                .fetch_optional(&pool)
                .await?;
            sqlx::query("UPDATE users SET name = upper(name)")
                .execute(&pool)
                .await?;
            let _: i64 = sqlx::query_scalar("INSERT INTO users (name) VALUES ($1) RETURNING id")
                .bind("Alan")
                .fetch_one(&pool)
                .await?;
            sqlx::raw_sql("DELETE FROM users WHERE id = 1; DELETE FROM users WHERE id = 2")
                .execute(&pool)
                .await
        });
        collector.run(work).await.unwrap();

        expect![[r#"
            INTERNAL request
              CLIENT SELECT users [db.response.returned_rows=2]
              CLIENT SELECT users [db.response.returned_rows=0]
              CLIENT UPDATE users [db.rows_affected=2]
              CLIENT INSERT users [db.response.returned_rows=1]
              CLIENT DELETE users; DELETE users [db.rows_affected=2]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn a_transaction_with_a_savepoint_is_shown_step_by_step() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;
        let work = span("request").run(async {
            let mut tx = pool.begin().await?;
            add_two(&mut tx).await?;
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
        assert_eq!(names, ["Ada", "Grace", "Alan", "Edsger"]);
        expect![[r#"
            INTERNAL request
              CLIENT BEGIN
              CLIENT INSERT users [db.rows_affected=1]
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

#[tokio::test]
async fn a_stream_that_is_dropped_half_way_is_cancelled_and_its_connection_goes_on() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;
        let mut conn = pool.acquire().await.unwrap();
        {
            let mut numbers =
                sqlx::query_scalar::<_, i32>("SELECT generate_series(1, 1000)").fetch(&mut *conn);
            assert_eq!(numbers.try_next().await.unwrap(), Some(1));
            assert_eq!(numbers.try_next().await.unwrap(), Some(2));
        }
        add(&mut conn, "Alan").await.unwrap();

        expect![[r#"
            CLIENT SELECT [db.response.returned_rows=2 throughline.outcome=cancelled]

            CLIENT INSERT users [db.rows_affected=1]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn what_the_inner_pool_offers_works_through_the_traced_one() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;

        // COPY.
        let mut copy = pool
            .copy_in_raw("COPY users (name) FROM STDIN")
            .await
            .unwrap();
        copy.send("Alan\nEdsger\n".as_bytes()).await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), 2);

        // LISTEN and NOTIFY.
        let mut listener = PgListener::connect_with(&pool).await.unwrap();
        listener.listen("news").await.unwrap();
        sqlx::query("SELECT pg_notify('news', $1)")
            .bind("hunter2")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(listener.recv().await.unwrap().payload(), "hunter2");

        // Migrations.
        let directory = tempfile::tempdir().unwrap();
        let script = "CREATE TABLE posts (id INT)";
        std::fs::write(directory.path().join("1_posts.sql"), script).unwrap();
        let migrator = Migrator::new(directory.path()).await.unwrap();
        migrator.run(&pool).await.unwrap();

        // Acquire, which hands out a connection of sqlx that nobody traces.
        let mut conn = sqlx::Acquire::acquire(&pool).await.unwrap();
        let posts: i64 = sqlx::query_scalar("SELECT count(*) FROM posts")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert_eq!(posts, 0);
        assert_eq!(pool.options().get_max_connections(), 10);

        crate::assert_nowhere(&collector, "hunter2");
        expect![[r#"
            CLIENT SELECT [db.response.returned_rows=1]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn queries_of_spawned_tasks_stay_below_the_span_that_spawned_them() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = pool(&url, &collector).await;
        let work = span("request").run(async {
            let tasks = ["Alan", "Edsger"].map(|name| {
                let pool = pool.clone();
                throughline_core::spawn(async move {
                    let mut conn = pool.acquire().await?;
                    add(&mut conn, name).await
                })
            });
            for task in tasks {
                task.await.unwrap()?;
            }
            Ok::<_, sqlx::Error>(())
        });
        collector.run(work).await.unwrap();

        expect![[r#"
            INTERNAL request
              CLIENT INSERT users [db.rows_affected=1]
              CLIENT INSERT users [db.rows_affected=1]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

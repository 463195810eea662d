//! Transactions, savepoints and their ends.

use expect_test::expect;
use sqlx::sqlite::SqliteConnectOptions;
use throughline_core::span;
use throughline_sqlx::{SqliteConnection, SqlitePool, SqliteTransaction};
use throughline_testing::Collector;

use crate::{database, names};

async fn add(conn: &mut SqliteConnection<'_>, name: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO users (name) VALUES (?)")
        .bind(name)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

async fn add_two(tx: &mut SqliteTransaction<'_>) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO users (name) VALUES (?)")
        .bind("Alan")
        .execute(&mut **tx)
        .await?;
    add(tx, "Edsger").await
}

const COMMAND: &[&str] = &["db.operation.name", "db.rows_affected"];

#[tokio::test]
async fn a_committed_transaction_shows_its_begin_and_commit() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let work = span("request").run(async {
        let mut tx = pool.begin().await?;
        sqlx::query("DELETE FROM users").execute(&mut *tx).await?;
        add_two(&mut tx).await?;
        tx.commit().await
    });
    collector.run(work).await.unwrap();

    assert_eq!(names(&pool).await, ["Alan", "Edsger"]);
    expect![[r#"
        INTERNAL request
          CLIENT BEGIN [db.operation.name=BEGIN]
          CLIENT DELETE users [db.rows_affected=2]
          CLIENT INSERT users [db.rows_affected=1]
          CLIENT INSERT users [db.rows_affected=1]
          CLIENT COMMIT [db.operation.name=COMMIT]
    "#]]
    .assert_eq(&collector.tree(COMMAND));
    assert!(collector.span("request").events.is_empty());
}

#[tokio::test]
async fn a_rolled_back_transaction_shows_its_rollback() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    add(&mut tx, "Alan").await.unwrap();
    tx.rollback().await.unwrap();

    assert_eq!(names(&pool).await, ["Ada", "Grace"]);
    expect![[r#"
        CLIENT BEGIN

        CLIENT INSERT users [db.rows_affected=1]

        CLIENT ROLLBACK [db.operation.name=ROLLBACK]
    "#]]
    .assert_eq(&collector.tree(COMMAND));
}

#[tokio::test]
async fn a_dropped_transaction_leaves_an_event_on_the_current_span() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let work = span("request").run(async {
        let mut tx = pool.begin().await?;
        add(&mut tx, "Alan").await?;
        add(&mut tx, "Ada").await?;
        tx.commit().await
    });
    collector.run(work).await.unwrap_err();

    assert_eq!(names(&pool).await, ["Ada", "Grace"]);
    let events = collector.span("request").events;
    let event = events
        .iter()
        .find(|e| e.name == "throughline.db.rollback_on_drop")
        .unwrap();
    assert_eq!(
        event.attributes,
        [opentelemetry::KeyValue::new("db.system.name", "sqlite")]
    );
    expect![[r#"
        INTERNAL request ERROR [error.type=sqlx_core::error::Error]
          CLIENT BEGIN
          CLIENT INSERT users
          CLIENT INSERT users ERROR [error.type="2067"]
    "#]]
    .assert_eq(&collector.tree(&["error.type"]));
}

#[tokio::test]
async fn savepoints_nest() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    let mut outer = loop {
        // The connection of the set-up is on its way back to the pool.
        match pool.try_begin().await.unwrap() {
            Some(tx) => break tx,
            None => tokio::task::yield_now().await,
        }
    };
    let mut kept = outer.begin().await.unwrap();
    add(&mut kept, "Alan").await.unwrap();
    kept.commit().await.unwrap();
    let mut undone = outer.begin().await.unwrap();
    add(&mut undone, "Edsger").await.unwrap();
    undone.rollback().await.unwrap();
    outer.commit().await.unwrap();

    assert_eq!(names(&pool).await, ["Ada", "Grace", "Alan"]);
    expect![[r#"
        CLIENT BEGIN [db.operation.name=BEGIN]

        CLIENT SAVEPOINT [db.operation.name=SAVEPOINT]

        CLIENT INSERT users [db.rows_affected=1]

        CLIENT RELEASE SAVEPOINT [db.operation.name="RELEASE SAVEPOINT"]

        CLIENT SAVEPOINT [db.operation.name=SAVEPOINT]

        CLIENT INSERT users [db.rows_affected=1]

        CLIENT ROLLBACK TO SAVEPOINT [db.operation.name="ROLLBACK TO SAVEPOINT"]

        CLIENT COMMIT [db.operation.name=COMMIT]
    "#]]
    .assert_eq(&collector.tree(COMMAND));
}

#[tokio::test]
async fn a_transaction_on_a_file_is_seen_by_the_pool_s_other_connections_after_its_commit() {
    let collector = Collector::new();
    let directory = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}?mode=rwc",
        directory.path().join("users.db").display()
    );
    let pool = SqlitePool::connect(&url)
        .await
        .unwrap()
        .with_telemetry(collector.telemetry());
    sqlx::raw_sql("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
        .execute(&pool)
        .await
        .unwrap();

    let mut conn = pool.acquire().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    add(&mut tx, "Ada").await.unwrap();
    assert!(names(&pool).await.is_empty());
    tx.commit().await.unwrap();
    assert_eq!(names(&pool).await, ["Ada"]);

    expect![[r#"
        CLIENT CREATE TABLE users

        CLIENT BEGIN [db.operation.name=BEGIN]

        CLIENT INSERT users [db.rows_affected=1]

        CLIENT COMMIT [db.operation.name=COMMIT]
    "#]]
    .assert_eq(&collector.tree(COMMAND));
}

#[tokio::test]
async fn every_way_to_open_a_pool_and_a_transaction_is_traced() {
    let collector = Collector::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("empty.db");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let url = format!("sqlite://{}", path.display());
    let pools = [
        SqlitePool::connect_with(options.clone()).await.unwrap(),
        SqlitePool::connect_lazy_with(options),
        SqlitePool::connect_lazy(&url).unwrap(),
    ];
    for pool in pools {
        let pool = pool.with_telemetry(collector.telemetry());
        let mut conn = pool.acquire().await.unwrap();
        conn.begin_with("BEGIN EXCLUSIVE")
            .await
            .unwrap()
            .commit()
            .await
            .unwrap();
        drop(conn);
        let tx = loop {
            match pool.try_begin_with("BEGIN DEFERRED").await.unwrap() {
                Some(tx) => break tx,
                None => tokio::task::yield_now().await,
            }
        };
        tx.commit().await.unwrap();
        let mut conn = pool.acquire().await.unwrap();
        conn.close_on_drop();
        conn.close().await.unwrap();

        let texts = collector.spans();
        let texts: Vec<_> = texts
            .iter()
            .filter_map(|s| s.attribute("db.query.text"))
            .collect();
        assert_eq!(texts.len(), 2);
        assert_eq!(collector.spans().len(), 4);
        collector.clear();
    }
}

#[tokio::test]
async fn a_connection_that_belongs_to_no_pool_is_traced_too() {
    use sqlx::Connection as _;
    let collector = Collector::new();
    let mut raw = sqlx::SqliteConnection::connect("sqlite::memory:")
        .await
        .unwrap();

    let mut conn = SqliteConnection::new(&mut raw).with_telemetry(collector.telemetry());
    sqlx::query("SELECT 1").execute(&mut conn).await.unwrap();
    conn.begin().await.unwrap().commit().await.unwrap();

    expect![[r#"
        CLIENT SELECT

        CLIENT BEGIN [db.operation.name=BEGIN]

        CLIENT COMMIT [db.operation.name=COMMIT]
    "#]]
    .assert_eq(&collector.tree(COMMAND));
}

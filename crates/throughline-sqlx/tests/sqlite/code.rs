//! Code that is written for sqlx and goes on compiling.

use axum::{Router, extract::State, routing::get};
use sqlx::{Acquire, Executor, Row as _, Sqlite, SqliteExecutor, migrate::Migrator};
use throughline_core::span;
use throughline_sqlx::{SqliteConnection, SqlitePool};
use throughline_testing::Collector;

use crate::database;

#[derive(sqlx::FromRow)]
struct User {
    name: String,
}

async fn of_any_executor<'e, E>(executor: E) -> sqlx::Result<Vec<User>>
where
    E: Executor<'e, Database = Sqlite>,
{
    sqlx::query_as("SELECT * FROM users ORDER BY id")
        .fetch_all(executor)
        .await
}

async fn of_sqlite_executor(executor: impl SqliteExecutor<'_>) -> sqlx::Result<i64> {
    let row = sqlx::query("SELECT count(*) FROM users")
        .fetch_one(executor)
        .await?;
    row.try_get(0)
}

async fn of_acquire<'a, A>(acquire: A) -> sqlx::Result<i64>
where
    A: Acquire<'a, Database = Sqlite>,
{
    let mut conn = acquire.acquire().await?;
    of_sqlite_executor(&mut *conn).await
}

async fn show(State(pool): State<SqlitePool>) -> String {
    let mut tx = pool.begin().await.unwrap();
    let mut nested = tx.begin().await.unwrap();
    let count = of_sqlite_executor(&mut *nested).await.unwrap();
    nested.commit().await.unwrap();
    of_any_executor(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    count.to_string()
}

#[tokio::test]
async fn generic_code_takes_pools_connections_and_transactions() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    assert_eq!(of_any_executor(&pool).await.unwrap()[1].name, "Grace");
    let mut conn = pool.acquire().await.unwrap();
    assert_eq!(of_sqlite_executor(&mut *conn).await.unwrap(), 2);
    let mut tx = conn.begin().await.unwrap();
    assert_eq!(of_sqlite_executor(&mut *tx).await.unwrap(), 2);
    assert_eq!(of_any_executor(&mut *tx).await.unwrap().len(), 2);
    drop(tx);
    drop(conn);

    // Not traced: the trait hands out sqlx's own connection.
    collector.clear();
    assert_eq!(of_acquire(&pool).await.unwrap(), 2);
    assert!(collector.spans().is_empty());
}

#[tokio::test]
async fn migrations_run_on_the_pool() {
    let collector = Collector::new();
    let pool = database(&collector).await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("1_pets.sql"),
        "CREATE TABLE pets (id INT);",
    )
    .unwrap();

    let migrator = Migrator::new(directory.path()).await.unwrap();
    migrator.run(&pool).await.unwrap();

    sqlx::query("SELECT * FROM pets")
        .execute(&pool)
        .await
        .unwrap();
    collector.span("SELECT pets");
}

#[tokio::test]
async fn spawned_code_and_handlers_are_send_and_stay_in_the_trace() {
    let collector = Collector::new();
    let pool = database(&collector).await;
    let _compiles: Router = Router::new().route("/", get(show)).with_state(pool.clone());

    let work = span("request").run_value(async {
        let shown = throughline_core::spawn(show(State(pool.clone())));
        shown.await.unwrap()
    });
    assert_eq!(collector.run(work).await, "2");

    collector.assert_no_orphans();
    collector.assert_one_trace();
}

#[tokio::test]
async fn the_inner_pool_and_connection_are_within_reach() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    assert_eq!(pool.size(), 1);
    let mut raw = pool.untraced().acquire().await.unwrap();
    let mut conn: SqliteConnection<'_> = pool.wrap(&mut raw);
    sqlx::query("SELECT * FROM users")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(of_sqlite_executor(conn.untraced()).await.unwrap(), 2);

    assert_eq!(collector.spans().len(), 1);
}

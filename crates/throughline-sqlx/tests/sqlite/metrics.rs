//! The duration of operations.

use expect_test::expect;
use throughline_testing::Collector;

use crate::database;

#[tokio::test]
async fn the_duration_is_counted_by_summary_and_error() {
    let collector = Collector::new();
    let pool = database(&collector).await;

    for id in 0..3 {
        sqlx::query("SELECT * FROM users WHERE id = ?")
            .bind(id)
            .fetch_optional(&pool)
            .await
            .unwrap();
    }
    sqlx::query("INSERT INTO users (name) VALUES (?)")
        .bind("Ada")
        .execute(&pool)
        .await
        .unwrap_err();
    sqlx::query("no SQL").execute(&pool).await.unwrap_err();
    pool.begin().await.unwrap().rollback().await.unwrap();

    let metrics = collector.metrics();
    let duration = metrics.get("db.client.operation.duration").unwrap();
    assert_eq!(duration.unit, "s");
    expect![[r#"
        db.client.operation.duration (histogram, s)
          count=1 [db.system.name=sqlite db.operation.name=BEGIN]
          count=1 [db.system.name=sqlite db.operation.name=ROLLBACK]
          count=1 [db.system.name=sqlite db.query.summary="INSERT users" error.type="2067" db.response.status_code="2067"]
          count=1 [db.system.name=sqlite error.type="1" db.response.status_code="1"]
          count=3 [db.system.name=sqlite db.query.summary="SELECT users"]
    "#]]
    .assert_eq(&metrics.text(
        "db.client.operation.duration",
        &["db.system.name", "db.query.summary", "db.operation.name", "error.type", "db.response.status_code"],
    ));
}

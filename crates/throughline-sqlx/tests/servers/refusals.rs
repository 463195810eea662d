//! What the servers refuse: the code is recorded, the value is not, the error is the same.

use expect_test::expect;
use throughline_core::span;
use throughline_sqlx::{MySqlPool, PgPool};
use throughline_testing::Collector;

use crate::{
    SHOWN, assert_nowhere,
    databases::{with_mariadb, with_postgres},
};

#[tokio::test]
async fn postgresql_says_why_by_its_sqlstate() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let plain = sqlx::PgPool::connect(&url).await.unwrap();
        let script = "CREATE TABLE teams (id INT PRIMARY KEY);
             CREATE TABLE users (
                 name TEXT CONSTRAINT one_name UNIQUE CONSTRAINT some_name NOT NULL,
                 age INT CONSTRAINT grown CHECK (age > 17),
                 team INT CONSTRAINT in_team REFERENCES teams (id));
             INSERT INTO users (name) VALUES ('hunter2')";
        sqlx::raw_sql(script).execute(&plain).await.unwrap();
        let pool = PgPool::new(plain.clone()).with_telemetry(collector.telemetry());

        let work = span("request").run_value(async {
            for sql in [
                "INSERT INTO users (name) VALUES ('hunter2')",
                "INSERT INTO users (name) VALUES (NULL)",
                "INSERT INTO users (name, age) VALUES ('hunter2x', 7)",
                "INSERT INTO users (name, team) VALUES ('hunter2x', 77777)",
                "SELECT 'hunter2'::int",
                "SELECT * FROM users WHERE name = 'hunter2' LIMIT",
                "SELECT hunter FROM users",
                "SELECT 1 / 0",
            ] {
                let expected = sqlx::query(sql).execute(&plain).await.unwrap_err();
                let got = sqlx::query(sql).execute(&pool).await.unwrap_err();
                assert_eq!(got.to_string(), expected.to_string());
            }
            let nobody = sqlx::query("SELECT * FROM users WHERE name = $1").bind("hunter2x");
            let got = nobody.fetch_one(&pool).await.unwrap_err();
            assert!(matches!(got, sqlx::Error::RowNotFound));
        });
        collector.run(work).await;

        assert_nowhere(&collector, "hunter2");
        assert_nowhere(&collector, "77777");
        expect![[r#"
            INTERNAL request
              CLIENT INSERT users ERROR [db.response.status_code="23505" error.type="23505" throughline.db.constraint=one_name throughline.db.violation=unique]
              CLIENT INSERT users ERROR [db.response.status_code="23502" error.type="23502" throughline.db.violation=not_null]
              CLIENT INSERT users ERROR [db.response.status_code="23514" error.type="23514" throughline.db.constraint=grown throughline.db.violation=check]
              CLIENT INSERT users ERROR [db.response.status_code="23503" error.type="23503" throughline.db.constraint=in_team throughline.db.violation=foreign_key]
              CLIENT SELECT ERROR [db.response.status_code=22P02 error.type=22P02]
              CLIENT SELECT users ERROR [db.response.status_code="42601" error.type="42601"]
              CLIENT SELECT users ERROR [db.response.status_code="42703" error.type="42703"]
              CLIENT SELECT ERROR [db.response.status_code="22012" error.type="22012"]
              CLIENT SELECT users [db.response.returned_rows=0]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn mariadb_says_why_by_its_number() {
    with_mariadb(async |url| {
        let collector = Collector::new();
        let plain = sqlx::MySqlPool::connect(&url).await.unwrap();
        let script = "CREATE TABLE teams (id INT PRIMARY KEY);
             CREATE TABLE users (
                 name VARCHAR(20) NOT NULL UNIQUE,
                 age INT, CONSTRAINT grown CHECK (age > 17),
                 team INT, FOREIGN KEY (team) REFERENCES teams (id));
             INSERT INTO users (name) VALUES ('hunter2')";
        sqlx::raw_sql(script).execute(&plain).await.unwrap();
        let pool = MySqlPool::new(plain.clone()).with_telemetry(collector.telemetry());

        let work = span("request").run_value(async {
            for sql in [
                "INSERT INTO users (name) VALUES ('hunter2')",
                "INSERT INTO users (name) VALUES (NULL)",
                "INSERT INTO users (name, age) VALUES ('hunter2x', 7)",
                "INSERT INTO users (name, team) VALUES ('hunter2x', 77777)",
                "SELECT * FROM users WHERE name = 'hunter2' LIMIT",
                "SELECT hunter FROM users",
            ] {
                let expected = sqlx::query(sql).execute(&plain).await.unwrap_err();
                let got = sqlx::query(sql).execute(&pool).await.unwrap_err();
                assert_eq!(got.to_string(), expected.to_string());
            }
        });
        collector.run(work).await;

        assert_nowhere(&collector, "hunter2");
        assert_nowhere(&collector, "77777");
        expect![[r#"
            INTERNAL request
              CLIENT INSERT users ERROR [db.response.status_code="1062" error.type="1062" throughline.db.violation=unique]
              CLIENT INSERT users ERROR [db.response.status_code="1048" error.type="1048" throughline.db.violation=not_null]
              CLIENT INSERT users ERROR [db.response.status_code="4025" error.type="4025" throughline.db.violation=check]
              CLIENT INSERT users ERROR [db.response.status_code="1452" error.type="1452" throughline.db.violation=foreign_key]
              CLIENT SELECT users ERROR [db.response.status_code="1064" error.type="1064"]
              CLIENT SELECT users ERROR [db.response.status_code="1054" error.type="1054"]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

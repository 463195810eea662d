//! The same requests on real databases.

use std::env;

use sqlx::AssertSqlSafe;

use super::*;

const POSTGRES: (&str, &str) = (
    "THROUGHLINE_TEST_POSTGRES_URL",
    "postgres://postgres@127.0.0.1:5432/postgres",
);
const MARIADB: (&str, &str) = (
    "THROUGHLINE_TEST_MARIADB_URL",
    "mysql://root@127.0.0.1:3306/mysql",
);

#[tokio::test]
async fn every_request_goes_as_well_on_postgresql() {
    let (name, url) = fresh_database(POSTGRES);
    let server = sqlx::PgPool::connect(&server_url(POSTGRES))
        .await
        .expect("PostgreSQL answers; `cargo xtask test` starts one where none does");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&server).await.unwrap();
    let driven = tokio::spawn(drive_twice(url)).await;
    let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::query(drop).execute(&server).await.unwrap();
    assert_shown(&driven.unwrap(), "postgresql");
}

#[tokio::test]
async fn every_request_goes_as_well_on_mariadb() {
    let (name, url) = fresh_database(MARIADB);
    let server = sqlx::MySqlPool::connect(&server_url(MARIADB))
        .await
        .expect("MariaDB answers; `cargo xtask test` starts one where none does");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&server).await.unwrap();
    let driven = tokio::spawn(drive_twice(url)).await;
    let drop = AssertSqlSafe(format!("DROP DATABASE {name}"));
    sqlx::query(drop).execute(&server).await.unwrap();
    assert_shown(&driven.unwrap(), "mysql");
}

#[tokio::test]
async fn a_database_that_is_not_the_showcase_s_is_left_alone() {
    let file = env::temp_dir().join(format!("showcase-{:x}", unique()));
    let url = format!("sqlite:{}", file.display());
    let theirs = sqlx::SqlitePool::connect(&format!("{url}?mode=rwc"))
        .await
        .unwrap();
    let script = "CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada')";
    sqlx::raw_sql(script).execute(&theirs).await.unwrap();

    let error = database::open(Some(&url)).await.err().unwrap();

    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&theirs)
        .await
        .unwrap();
    theirs.close().await;
    std::fs::remove_file(file).unwrap();
    assert_eq!(users, 1);
    assert_eq!(
        error.to_string(),
        "cannot fill the database; DATABASE_URL must name an empty one, or one that the showcase filled before"
    );
}

#[tokio::test]
async fn an_unknown_kind_of_database_is_named_without_its_password() {
    let error = database::open(Some("oracle://scott:tiger@localhost/db"))
        .await
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        r#"DATABASE_URL starts with "oracle"; the showcase knows postgres:, mysql:, mariadb: and sqlite:"#
    );
}

/// The second run finds what the first one left.
async fn drive_twice(url: String) -> Shown {
    drop(drive_on(&url).await);
    drive_on(&url).await
}

async fn drive_on(url: &str) -> Shown {
    let options = Options {
        database_url: Some(url.to_owned()),
        ..FREE_PORTS
    };
    Shown::drive_with(&options, Telemetry::isolated()).await.0
}

#[track_caller]
fn assert_shown(shown: &Shown, system: &'static str) {
    shown.assert_tree(
        "log in",
        &expect![[r#"
            SERVER POST /api/login [http.response.status_code=200 user.id=5]
              INTERNAL validate_token
              INTERNAL query_user
                CLIENT SELECT users [db.response.returned_rows=1]
              INTERNAL compare_hash
                INTERNAL argon2
              INTERNAL create_session
                CLIENT INSERT sessions
        "#]],
    );
    let query = shown.call("list posts, one join", "SELECT posts comments users");
    let found = query.attribute("db.system.name").map(ToString::to_string);
    assert_eq!(found.as_deref(), Some(system));
}

fn server_url((variable, usual): (&str, &str)) -> String {
    env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

/// Names a database of this test alone, and the URL that leads to it.
fn fresh_database(server: (&str, &str)) -> (String, String) {
    let name = format!("showcase_{:x}", unique());
    let url = server_url(server);
    let (host, _) = url.rsplit_once('/').expect("the URL names a database");
    let url = format!("{host}/{name}");
    (name, url)
}

fn unique() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_ne_bytes(bytes)
}

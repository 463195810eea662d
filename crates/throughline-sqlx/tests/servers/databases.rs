//! A database for each test, gone when the test ends, also when it fails.

use std::env;

use sqlx::AssertSqlSafe;

const POSTGRES: (&str, &str) = (
    "THROUGHLINE_TEST_POSTGRES_URL",
    "postgres://postgres@127.0.0.1:5432/postgres",
);
const MARIADB: (&str, &str) = (
    "THROUGHLINE_TEST_MARIADB_URL",
    "mysql://root@127.0.0.1:3306/mysql",
);

/// Where PostgreSQL is, with a database that is always there.
pub(crate) fn postgres_url() -> String {
    url(POSTGRES)
}

/// Where MariaDB is, with a database that is always there.
pub(crate) fn mariadb_url() -> String {
    url(MARIADB)
}

/// Runs a test with the URL of an empty PostgreSQL database.
pub(crate) async fn with_postgres<F>(test: impl FnOnce(String) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let name = fresh_name();
    let server = sqlx::PgPool::connect(&postgres_url())
        .await
        .expect("PostgreSQL answers; `cargo xtask test` starts one where none does");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&server).await.unwrap();
    let outcome = tokio::spawn(test(with_database(&postgres_url(), &name))).await;
    let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::query(drop).execute(&server).await.unwrap();
    outcome.unwrap();
}

/// Runs a test with the URL of an empty MariaDB database.
pub(crate) async fn with_mariadb<F>(test: impl FnOnce(String) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let name = fresh_name();
    let server = sqlx::MySqlPool::connect(&mariadb_url())
        .await
        .expect("MariaDB answers; `cargo xtask test` starts one where none does");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&server).await.unwrap();
    let outcome = tokio::spawn(test(with_database(&mariadb_url(), &name))).await;
    let drop = AssertSqlSafe(format!("DROP DATABASE {name}"));
    sqlx::query(drop).execute(&server).await.unwrap();
    outcome.unwrap();
}

fn url((variable, usual): (&str, &str)) -> String {
    env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

fn with_database(url: &str, name: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{name}")
}

/// A name that no other test has, nor another run of this one.
fn fresh_name() -> String {
    let directory = tempfile::Builder::new().prefix("").rand_bytes(16).tempdir();
    let random = directory.unwrap();
    let random = random.path().file_name().unwrap().to_str().unwrap();
    format!("throughline_{}", random.to_ascii_lowercase())
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
use super::{Backend, Target};

#[cfg(any(feature = "mysql", feature = "postgres"))]
fn parts(target: &Target) -> (Option<&str>, Option<&str>, Option<u16>) {
    (
        target.namespace.as_deref(),
        target.address.as_deref(),
        target.port,
    )
}

#[test]
#[cfg(feature = "sqlite")]
fn sqlite_has_no_server() {
    use sqlx_sqlite::{Sqlite, SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename("/home/ada/secret.db");
    let target = <Sqlite as super::Backend>::target(&options);
    assert!(target.namespace.is_none() && target.address.is_none() && target.port.is_none());
}

#[test]
#[cfg(feature = "postgres")]
fn postgres_options_say_database_and_server() {
    use sqlx_postgres::{PgConnectOptions, Postgres};
    let options = PgConnectOptions::new_without_pgpass().username("ada");
    let tcp = options
        .clone()
        .host("db.example")
        .port(6432)
        .database("shop");
    assert_eq!(
        parts(&Postgres::target(&tcp)),
        (Some("shop"), Some("db.example"), Some(6432))
    );
    let folder = options.clone().host("/var/run/postgresql").port(5432);
    assert_eq!(
        parts(&Postgres::target(&folder)).1,
        Some("/var/run/postgresql"),
    );
    assert_eq!(Postgres::target(&folder).port, None);
    let socket = options.socket("/tmp/pg").database("shop");
    assert_eq!(
        parts(&Postgres::target(&socket)),
        (Some("shop"), Some("/tmp/pg"), None)
    );
}

#[test]
#[cfg(feature = "mysql")]
fn mysql_options_say_database_and_server() {
    use sqlx_mysql::{MySql, MySqlConnectOptions};
    let options = MySqlConnectOptions::new();
    let tcp = options
        .clone()
        .host("db.example")
        .port(3307)
        .database("shop");
    assert_eq!(
        parts(&MySql::target(&tcp)),
        (Some("shop"), Some("db.example"), Some(3307))
    );
    let socket = options.socket("/tmp/mysql");
    assert_eq!(
        parts(&MySql::target(&socket)),
        (None, Some("/tmp/mysql"), None)
    );
}

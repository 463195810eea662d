//! Servers that are not there, hang, or break off: the span says it, the error is sqlx's own,
//! and nobody waits for ever.

use std::time::Duration;

use expect_test::expect;
use opentelemetry::trace::Status;
use sqlx::{mysql::MySqlPoolOptions, postgres::PgPoolOptions};
use throughline_sqlx::{MySqlPool, PgPool};
use throughline_testing::Collector;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::{
    SHOWN, assert_nowhere,
    databases::{mariadb_url, postgres_url, with_mariadb, with_postgres},
};

/// Long enough for a connection to a server on this machine, and short for a test.
const PATIENCE: Duration = Duration::from_millis(200);

#[tokio::test]
async fn nobody_listens() {
    let collector = Collector::new();
    let url = "postgres://ada:hunter2@127.0.0.1:1/db";
    let pool = || {
        PgPoolOptions::new()
            .acquire_timeout(PATIENCE)
            .connect_lazy(url)
    };
    let traced = PgPool::new(pool().unwrap()).with_telemetry(collector.telemetry());

    let expected = sqlx::query("SELECT 1").execute(&pool().unwrap()).await;
    let got = sqlx::query("SELECT 1").execute(&traced).await;

    assert_eq!(
        got.unwrap_err().to_string(),
        expected.unwrap_err().to_string()
    );
    assert_nowhere(&collector, "hunter2");
    expect![[r#"
        CLIENT SELECT ERROR [error.type=pool_timed_out]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

#[tokio::test]
async fn a_server_that_never_answers_ends_with_the_patience_of_the_pool() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let collector = Collector::new();
    let url = format!("mysql://ada:hunter2@{address}/db");
    let pool = MySqlPoolOptions::new()
        .acquire_timeout(PATIENCE)
        .connect_lazy(&url);
    let pool = MySqlPool::new(pool.unwrap()).with_telemetry(collector.telemetry());

    let error = sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();

    assert!(matches!(error, sqlx::Error::PoolTimedOut), "{error:?}");
    assert_nowhere(&collector, "hunter2");
    expect![[r#"
        CLIENT SELECT ERROR [error.type=pool_timed_out]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

#[tokio::test]
async fn a_pool_without_a_free_connection_says_so() {
    with_postgres(async |url| {
        let collector = Collector::new();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect(&url)
            .await
            .unwrap();
        let pool = PgPool::new(pool).with_telemetry(collector.telemetry());
        let _held = pool.acquire().await.unwrap();

        let error = sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();
        assert!(matches!(error, sqlx::Error::PoolTimedOut), "{error:?}");
        let error = pool.begin().await.unwrap_err();
        assert!(matches!(error, sqlx::Error::PoolTimedOut), "{error:?}");

        expect![[r#"
            CLIENT SELECT ERROR [error.type=pool_timed_out]

            CLIENT BEGIN ERROR [error.type=pool_timed_out]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_shown_nowhere() {
    with_mariadb(async |url| {
        let (_, database) = url.rsplit_once('/').unwrap();
        let admin = sqlx::MySqlPool::connect(&url).await.unwrap();
        // The user's name is its database's, and goes with the test.
        let user = database.replace("throughline_", "u");
        let create = format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'the right one'");
        let create = sqlx::AssertSqlSafe(create);
        sqlx::raw_sql(create).execute(&admin).await.unwrap();

        let collector = Collector::new();
        let (_, server) = url.split_once('@').unwrap();
        let wrong = format!("mysql://{user}:hunter2@{server}");
        let pool = MySqlPool::connect_lazy(&wrong).unwrap();
        let pool = pool.with_telemetry(collector.telemetry());
        let error = sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();

        let drop = sqlx::AssertSqlSafe(format!("DROP USER '{user}'@'%'"));
        sqlx::raw_sql(drop).execute(&admin).await.unwrap();
        let number = error.as_database_error().unwrap().code().unwrap();
        assert_eq!(number, "28000");
        assert_nowhere(&collector, "hunter2");
        assert_nowhere(&collector, &user);
        expect![[r#"
            CLIENT SELECT ERROR [db.response.status_code="1045" error.type="1045"]
        "#]]
        .assert_eq(&collector.tree(SHOWN));
    })
    .await;
}

#[tokio::test]
async fn a_server_without_tls_is_refused_by_a_client_that_requires_it() {
    // PostgreSQL's answer to the request for TLS: no.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 8];
            if socket.read_exact(&mut request).await.is_ok() {
                let _ = socket.write_all(b"N").await;
            }
        }
    });
    let collector = Collector::new();
    let url = format!("postgres://ada:hunter2@{address}/db?sslmode=require");
    let pool = PgPool::connect_lazy(&url).unwrap();
    let pool = pool.with_telemetry(collector.telemetry());

    let error = sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();

    assert!(matches!(error, sqlx::Error::Tls(_)), "{error:?}");
    assert_nowhere(&collector, "hunter2");
    expect![[r#"
        CLIENT SELECT ERROR [error.type=tls]
    "#]]
    .assert_eq(&collector.tree(SHOWN));
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle_of_a_query_ends_its_span() {
    for (url, sql) in [
        (postgres_url(), "SELECT pg_sleep(60)"),
        (mariadb_url(), "SELECT SLEEP(60)"),
    ] {
        let (cut, proxied) = proxy(&url).await;
        let collector = Collector::new();
        let error = if url.starts_with("postgres") {
            let pool = PgPool::connect(&proxied).await.unwrap();
            let pool = pool.with_telemetry(collector.telemetry());
            let mut conn = pool.acquire().await.unwrap();
            let query = sqlx::query(sql).execute(&mut *conn);
            cut_while_running(&collector, cut, query).await.unwrap_err()
        } else {
            let pool = MySqlPool::connect(&proxied).await.unwrap();
            let pool = pool.with_telemetry(collector.telemetry());
            let mut conn = pool.acquire().await.unwrap();
            let query = sqlx::query(sql).execute(&mut *conn);
            cut_while_running(&collector, cut, query).await.unwrap_err()
        };

        assert!(matches!(error, sqlx::Error::Io(_)), "{error:?}");
        let span = collector.span("SELECT");
        assert!(matches!(span.status, Status::Error { .. }), "{span:?}");
        let kind = span.attribute("error.type").unwrap().to_string();
        assert!(["reset", "eof"].contains(&&*kind), "{kind}");
    }
}

/// Breaks the connection off once the query has started.
async fn cut_while_running<T>(
    collector: &Collector,
    cut: oneshot::Sender<()>,
    query: impl Future<Output = T>,
) -> T {
    let cut = async {
        while collector.open_spans() == 0 {
            tokio::task::yield_now().await;
        }
        cut.send(()).unwrap();
    };
    tokio::join!(query, cut).0
}

/// Stands between a client and the server of `url` until it is told to go.
async fn proxy(url: &str) -> (oneshot::Sender<()>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let (_, rest) = url.split_once('@').unwrap();
    let (server, _) = rest.split_once('/').unwrap();
    let proxied = url.replacen(server, &own, 1);
    let server = server.to_owned();
    let (cut, told) = oneshot::channel();
    tokio::spawn(async move {
        let serve = async {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(server).await.unwrap();
            let _ = copy_bidirectional(&mut client, &mut server).await;
        };
        // Both sockets close with it.
        tokio::select! {
            () = serve => {}
            _ = told => {}
        }
    });
    (cut, proxied)
}

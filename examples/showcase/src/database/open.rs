//! Opening the database and filling it.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use throughline::sqlx::{MySqlPool, PgPool, SqlitePool};

use super::Database;

/// Why there is no database to work with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot open the database")]
    Open(#[source] sqlx::Error),
    #[error(
        "cannot fill the database; DATABASE_URL must name an empty one, or one that the showcase filled before"
    )]
    Fill(#[source] sqlx::Error),
    #[error(
        "DATABASE_URL starts with {scheme:?}; the showcase knows postgres:, mysql:, mariadb: and sqlite:"
    )]
    Scheme { scheme: String },
}

/// Makes the tables and their first rows, on a pool that is not traced.
macro_rules! fill {
    ($pool:expr, $schema:expr) => {
        let pool = $pool;
        let marker = sqlx::raw_sql("SELECT filled FROM showcase").execute(pool);
        if marker.await.is_ok() {
            let reset = sqlx::raw_sql(include_str!("reset.sql")).execute(pool);
            reset.await.map_err(Error::Fill)?;
        }
        for script in [$schema, include_str!("seed.sql")] {
            let filled = sqlx::raw_sql(script).execute(pool).await;
            filled.map_err(Error::Fill)?;
        }
    };
}

/// Opens the database that `url` names, or SQLite in memory, and fills it afresh.
///
/// What the showcase itself put into it before is dropped; nothing else is touched.
pub(crate) async fn open(url: Option<&str>) -> Result<Database, Error> {
    let Some(url) = url else {
        return Ok(Database::Sqlite(in_memory().await?));
    };
    match url.split(':').next().unwrap_or_default() {
        "postgres" | "postgresql" => {
            let pool = sqlx::PgPool::connect(url).await.map_err(Error::Open)?;
            fill!(&pool, include_str!("postgres.sql"));
            Ok(Database::Postgres(PgPool::new(pool)))
        }
        "mysql" | "mariadb" => {
            let pool = sqlx::MySqlPool::connect(url).await.map_err(Error::Open)?;
            fill!(&pool, include_str!("mysql.sql"));
            Ok(Database::MySql(MySqlPool::new(pool)))
        }
        "sqlite" => {
            let options: SqliteConnectOptions = url.parse().map_err(Error::Open)?;
            let pool = sqlx::SqlitePool::connect_with(options.create_if_missing(true))
                .await
                .map_err(Error::Open)?;
            fill!(&pool, include_str!("sqlite.sql"));
            Ok(Database::Sqlite(SqlitePool::new(pool)))
        }
        // Not the whole of it: it may hold a password.
        scheme => Err(Error::Scheme {
            scheme: scheme.chars().take(20).collect(),
        }),
    }
}

/// Opens a fresh database that lives as long as the pool.
async fn in_memory() -> Result<SqlitePool, Error> {
    // All connections share one cache. Without `read_uncommitted`, a reader there locks its tables,
    // and a slow export would hold up every writer.
    let options = "sqlite::memory:"
        .parse::<SqliteConnectOptions>()
        .map_err(Error::Open)?
        .pragma("read_uncommitted", "true");
    // The database is gone with its last connection, so one always stays open.
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(Error::Open)?;
    fill!(&pool, include_str!("sqlite.sql"));
    // Traced from here on: no request waits for the set-up.
    Ok(SqlitePool::new(pool))
}

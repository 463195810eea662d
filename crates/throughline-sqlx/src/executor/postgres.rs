//! The executors of PostgreSQL.

super::executors!(sqlx_postgres::Postgres, PgPool, PgConnection, PgTransaction);

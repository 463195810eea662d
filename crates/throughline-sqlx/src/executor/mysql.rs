//! The executors of MySQL.

super::executors!(
    sqlx_mysql::MySql,
    MySqlPool,
    MySqlConnection,
    MySqlTransaction
);

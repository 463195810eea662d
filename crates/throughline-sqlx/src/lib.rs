//! Traced sqlx pools, connections and transactions.

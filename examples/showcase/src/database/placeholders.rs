//! PostgreSQL numbers its placeholders, and the others do not.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

/// Writes `$1`, `$2` for each `?`.
///
/// The text is a constant of this program, without a question mark in any literal.
pub(crate) fn numbered(sql: &'static str) -> AssertSqlSafe<String> {
    let mut numbered = String::with_capacity(sql.len() + 8);
    for (number, part) in sql.split('?').enumerate() {
        if number > 0 {
            let _ = write!(numbered, "${number}");
        }
        numbered.push_str(part);
    }
    AssertSqlSafe(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_from_one() {
        let AssertSqlSafe(sql) = numbered("SELECT a FROM t WHERE b = ? AND c = ?");
        assert_eq!(sql, "SELECT a FROM t WHERE b = $1 AND c = $2");
        let AssertSqlSafe(sql) = numbered("SELECT 1");
        assert_eq!(sql, "SELECT 1");
    }
}

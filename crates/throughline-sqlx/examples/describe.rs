//! Shows what would be exported for a statement that has no values bound to it.
//!
//! Reads JSON lines `{"id": …, "system": "postgresql", "sql": "SELECT …"}` from standard input
//! and writes `{"id": …, "text": "…", "summary": "…"}` for each, in the same order. `system` is
//! a `db.system.name`; one that is not known is read most carefully. A line that cannot be read
//! gives `{"id": null, "error": "…"}`.
//!
//! ```console
//! $ echo '{"id": 1, "system": "mysql", "sql": "SELECT * FROM t WHERE a = \"x\""}' |
//!     cargo run -q -p throughline-sqlx --example describe
//! {"id":1,"text":"SELECT * FROM t WHERE a = ?","summary":"SELECT t"}
//! ```

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use throughline_sqlx::sql::{self, Dialect};

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    system: String,
    sql: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Described {
        id: Value,
        text: String,
        summary: String,
    },
    Failed {
        id: Value,
        error: String,
    },
}

fn main() -> io::Result<()> {
    describe(io::stdin().lock(), io::stdout().lock())
}

fn describe(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    for line in input.split(b'\n') {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        serde_json::to_writer(&mut output, &answer(&line))?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

fn answer(line: &[u8]) -> Answer {
    match serde_json::from_slice::<Request>(line) {
        Ok(Request { id, system, sql }) => {
            let dialect = Dialect::of_system(&system);
            Answer::Described {
                id,
                text: sql::sanitise(&sql, dialect).into_owned(),
                summary: sql::summarise(&sql, dialect),
            }
        }
        Err(error) => Answer::Failed {
            id: Value::Null,
            error: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_answered_in_its_order_and_a_bad_one_stops_nothing() {
        let input = concat!(
            r#"{"id": 1, "system": "postgresql", "sql": "SELECT * FROM t WHERE a = 'x'"}"#,
            "\n\nno JSON\n",
            r#"{"id": "b", "system": "mysql", "sql": "SELECT \"x\" FROM t"}"#,
            "\n",
            r#"{"sql": "no SQL"}"#,
        );
        let mut output = Vec::new();
        describe(input.as_bytes(), &mut output).unwrap();
        assert_eq!(
            String::from_utf8(output).unwrap(),
            concat!(
                r#"{"id":1,"text":"SELECT * FROM t WHERE a = ?","summary":"SELECT t"}"#,
                "\n",
                r#"{"id":null,"error":"expected ident at line 1 column 2"}"#,
                "\n",
                r#"{"id":"b","text":"SELECT ? FROM t","summary":"SELECT t"}"#,
                "\n",
                r#"{"id":null,"text":"no SQL","summary":""}"#,
                "\n",
            )
        );
    }
}

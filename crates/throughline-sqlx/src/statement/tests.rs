use super::*;

#[test]
fn the_text_is_sanitised_unless_values_are_bound() {
    let statement = Statement::new("SELECT * FROM t WHERE a = 'x' AND b = ?", Dialect::Sqlite);
    let text = |has_binds| statement.text(has_binds).unwrap().to_string();
    assert_eq!(text(true), "SELECT * FROM t WHERE a = 'x' AND b = ?");
    assert_eq!(text(false), "SELECT * FROM t WHERE a = ? AND b = ?");
}

#[test]
fn a_long_text_is_cut_at_a_character_after_it_was_sanitised() {
    let text = format!("SELECT '{}', {}", "secret".repeat(600), "ä".repeat(2000));
    let statement = Statement::new(&text, Dialect::Sqlite);
    let recorded = statement.text(false).unwrap().to_string();
    assert!(recorded.starts_with("SELECT ?, ää"));
    assert!((LONGEST_TEXT - 1..=LONGEST_TEXT).contains(&recorded.len()));
    assert!(statement.text(true).unwrap().as_str().len() <= LONGEST_TEXT);
}

#[test]
fn a_short_text_without_values_is_kept_once() {
    let text = "SELECT * FROM t WHERE a = ?";
    assert_eq!(Statement::new(text, Dialect::Sqlite).size(), text.len());
}

#[test]
fn what_a_statement_does_decides_which_numbers_mean_something() {
    let cases = [
        ("SELECT 1", false, true),
        ("INSERT INTO t VALUES (1)", true, false),
        ("INSERT INTO t SELECT * FROM u", true, true),
        ("CREATE TABLE t (a INT)", false, false),
        ("PRAGMA user_version", false, true),
        ("INSERT INTO t VALUES (1); DELETE FROM t", true, false),
        ("INSERT INTO t VALUES (1); SELECT 1", false, true),
    ];
    for (text, writes, reads) in cases {
        let statement = Statement::new(text, Dialect::Sqlite);
        assert_eq!(
            (statement.writes, statement.reads),
            (writes, reads),
            "{text}"
        );
    }
}

#[test]
fn summaries_beyond_the_bound_name_spans_and_no_metric() {
    let first = Summary::of("SELECT interned_first".to_owned());
    for number in 0..1100 {
        Summary::of(format!("SELECT interned_{number}"));
    }
    let late = Summary::of("SELECT interned_late".to_owned());
    assert_eq!(late.text().unwrap(), "SELECT interned_late");
    assert_eq!(late.operation(), Some("SELECT"));
    assert_eq!(late.interned(), None);
    assert_eq!(first, Summary::of("SELECT interned_first".to_owned()));
}

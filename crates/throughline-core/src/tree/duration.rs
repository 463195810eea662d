//! Durations in three digits.

use std::time::Duration;

/// Writes a duration in the unit that suits it: `950 ns`, `12.3 µs`, `1.25 s`, `2 min 5 s`.
///
/// It is cut, not rounded, so that it never shows the next unit's value.
pub(super) fn text(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => three_digits(nanos, 1_000, "µs"),
        1_000_000..1_000_000_000 => three_digits(nanos, 1_000_000, "ms"),
        1_000_000_000..60_000_000_000 => three_digits(nanos, 1_000_000_000, "s"),
        _ => format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        ),
    }
}

fn three_digits(nanos: u128, unit: u128, name: &str) -> String {
    let whole = nanos / unit;
    match whole {
        0..10 => format!("{whole}.{:02} {name}", nanos % unit * 100 / unit),
        10..100 => format!("{whole}.{} {name}", nanos % unit * 10 / unit),
        _ => format!("{whole} {name}"),
    }
}

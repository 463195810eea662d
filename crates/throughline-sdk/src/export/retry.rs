//! When to send again, and when to give up.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);

/// A server that asks for more is not believed: the batch would be given up anyway.
const LONGEST_ASKED: Duration = Duration::from_mins(1);

/// Returns how long to wait after `failures` failed attempts, at least one.
///
/// Doubles from 250 ms to 8 s, less up to a half at random, so that the instances of a
/// service do not return all at once. What the server asks for is a lower bound.
pub(super) fn delay(failures: u32, asked: Option<Duration>, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let jittered = full.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0);
    asked.map_or(jittered, |asked| jittered.max(asked.min(LONGEST_ASKED)))
}

/// Returns a number from 0 to 1. Good enough to spread load, which is all it is for.
pub(super) fn random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(bits >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_obey_the_server() {
        let ms = Duration::from_millis;
        let asked = |seconds| Some(Duration::from_secs(seconds));
        // (failures, asked, random, expected)
        let table = [
            (1, None, 0.0, ms(250)),
            (1, None, 1.0, ms(125)),
            (2, None, 0.0, ms(500)),
            (5, None, 0.0, ms(4_000)),
            (6, None, 0.0, ms(8_000)),
            (u32::MAX, None, 0.0, ms(8_000)),
            (u32::MAX, None, 1.0, ms(4_000)),
            (1, asked(3), 0.5, ms(3_000)),
            (1, asked(0), 0.0, ms(250)),
            (1, asked(86_400), 0.0, ms(60_000)),
        ];
        for (failures, asked, random, expected) in table {
            assert_eq!(
                delay(failures, asked, random),
                expected,
                "{failures} {asked:?} {random}"
            );
        }
    }

    #[test]
    fn random_numbers_lie_between_zero_and_one_and_differ() {
        let numbers: Vec<f64> = (0..8).map(|_| random()).collect();
        assert!(
            numbers.iter().all(|number| (0.0..=1.0).contains(number)),
            "{numbers:?}"
        );
        assert!(
            numbers
                .iter()
                .any(|number| (number - numbers[0]).abs() > f64::EPSILON)
        );
    }
}

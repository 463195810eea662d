//! Attributes that were set more than once.

use opentelemetry::KeyValue;

/// Leaves each attribute with the value that was set last, at the place of the first.
///
/// The specification wants a second value to replace the first; the SDK keeps both, and what
/// a backend makes of that is anybody's guess. It is done on the export thread, since no
/// request needs to wait for it.
pub(crate) fn keep_last(attributes: &mut Vec<KeyValue>) {
    let mut kept = 0;
    for at in 0..attributes.len() {
        let (before, rest) = attributes.split_at_mut(at);
        // A span has a dozen attributes: comparing is less work than hashing.
        let earlier = before[..kept]
            .iter_mut()
            .find(|each| each.key == rest[0].key);
        if let Some(earlier) = earlier {
            std::mem::swap(earlier, &mut rest[0]);
        } else {
            attributes.swap(kept, at);
            kept += 1;
        }
    }
    attributes.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_stays_at_the_first_place() {
        for (set, kept) in [
            (vec![], vec![]),
            (vec![("a", 1)], vec![("a", 1)]),
            (vec![("a", 1), ("b", 2)], vec![("a", 1), ("b", 2)]),
            (vec![("a", 1), ("a", 2)], vec![("a", 2)]),
            (
                vec![("a", 1), ("b", 2), ("a", 3), ("c", 4), ("a", 5), ("b", 6)],
                vec![("a", 5), ("b", 6), ("c", 4)],
            ),
        ] {
            let pairs = |pairs: Vec<(&'static str, i64)>| -> Vec<KeyValue> {
                pairs
                    .into_iter()
                    .map(|(key, value)| KeyValue::new(key, value))
                    .collect()
            };
            let mut attributes = pairs(set);
            keep_last(&mut attributes);
            assert_eq!(attributes, pairs(kept));
        }
    }
}

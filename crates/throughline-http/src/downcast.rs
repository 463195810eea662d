//! Telling one type among all that a generic stands for.

use std::any::Any;

/// Changes `value` if it is a `U`, and leaves it alone otherwise.
pub(crate) fn if_it_is<U: 'static, T: 'static>(value: T, change: impl FnOnce(U) -> U) -> T {
    let mut value = Some(value);
    if let Some(found) = (&mut value as &mut dyn Any).downcast_mut::<Option<U>>() {
        *found = found.take().map(change);
    }
    value.expect("it was put back at once")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_type_that_is_meant_is_changed() {
        let longer = |text: String| text + "!";
        assert_eq!(if_it_is::<String, _>("yes".to_owned(), longer), "yes!");
        assert_eq!(if_it_is::<String, _>(7, longer), 7);
    }
}

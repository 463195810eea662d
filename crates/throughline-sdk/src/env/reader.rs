//! Typed look-ups that leave warnings.

use std::{str::FromStr, time::Duration};

/// Reads variables and keeps what was wrong with them.
pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            warnings: Vec::new(),
        }
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Only `true`, in any case, is true (specification: "Boolean").
    pub(super) fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.text(name) else {
            return false;
        };
        if value.eq_ignore_ascii_case("true") {
            return true;
        }
        if !value.eq_ignore_ascii_case("false") {
            self.warn(format!(
                "{name} is neither `true` nor `false`: taken as `false`"
            ));
        }
        false
    }

    pub(super) fn number<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let value = self.text(name)?;
        let number = value.parse().ok();
        if number.is_none() {
            self.warn(format!(
                "{name}={value} is not a number in range: the default is used"
            ));
        }
        number
    }

    pub(super) fn positive(&mut self, name: &str) -> Option<usize> {
        let number = self.number(name)?;
        if number == 0 {
            self.warn(format!("{name}=0 is not possible: the default is used"));
            return None;
        }
        Some(number)
    }

    /// A duration in milliseconds.
    pub(super) fn millis(&mut self, name: &str) -> Option<Duration> {
        self.number(name).map(Duration::from_millis)
    }

    /// A duration in milliseconds that cannot be zero.
    pub(super) fn positive_millis(&mut self, name: &str) -> Option<Duration> {
        let duration = self.millis(name)?;
        if duration.is_zero() {
            self.warn(format!("{name}=0 is not possible: the default is used"));
            return None;
        }
        Some(duration)
    }

    /// The members of a comma-separated list, without empty ones.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let value = self.text(name)?;
        let members = value
            .split(',')
            .map(str::trim)
            .filter(|member| !member.is_empty());
        Some(members.map(str::to_owned).collect())
    }

    /// Warns where a variable is set that has no effect here.
    pub(super) fn ignored(&mut self, names: &[&str], why: &str) {
        for name in names {
            if self.text(name).is_some() {
                self.warn(format!("{name} has no effect: {why}"));
            }
        }
    }
}

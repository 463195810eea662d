//! Noticing that the work panicked.

use std::{fmt, thread};

/// Calls back if it is dropped by a panic that began after it was made.
///
/// A panic in a future unwinds through `poll` and leaves the future to be dropped by its
/// owner, who may have caught the panic by then. Only a value on the stack of that very
/// `poll` sees it.
#[must_use = "it notices a panic only while it lives"]
pub struct UnwindGuard<F: FnMut()> {
    on_unwind: F,
    was_panicking: bool,
}

impl<F: FnMut()> UnwindGuard<F> {
    /// Watches from now on.
    pub fn new(on_unwind: F) -> Self {
        Self {
            on_unwind,
            was_panicking: thread::panicking(),
        }
    }
}

impl<F: FnMut()> Drop for UnwindGuard<F> {
    fn drop(&mut self) {
        if thread::panicking() && !self.was_panicking {
            (self.on_unwind)();
        }
    }
}

impl<F: FnMut()> fmt::Debug for UnwindGuard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnwindGuard").finish_non_exhaustive()
    }
}

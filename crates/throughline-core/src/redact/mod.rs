//! What must not leave the process.

//! The invariants of the repository, see `docs/architecture.md`.
//!
//! Each is a test over the manifests, the lock file or the source tree, so that it can't be
//! forgotten. The rules on text are functions of one file, tested on text that breaks them.

mod dependencies;
mod documents;
mod sources;
mod tree;

//! What must not leave the process.
//!
//! Secrets fail closed: where it is unclear how far a secret reaches, more is removed, not less. What is removed becomes
//! `REDACTED`. Nothing here fails or panics, and every function is linear in the length of its input and returns the input itself
//! when there is nothing to remove.
//!
//! | Function | For |
//! |---|---|
//! | [`url`] | `url.full` and URLs in captured headers: credentials, secret query values |
//! | [`query`] | `url.query` |
//! | [`is_secret_header`] | headers that are never recorded |
//! | [`message`] | `exception.message` and status descriptions |

mod header;
mod message;
mod url;

pub use header::is_secret_header;
pub use message::{MAX_MESSAGE_LEN, message};
pub use url::{QueryKeys, query, url};

/// What stands in the place of a secret.
pub const REDACTED: &str = "REDACTED";

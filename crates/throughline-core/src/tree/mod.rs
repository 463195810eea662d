//! Traces as text.
//!
//! [`traces`] groups finished spans into traces and puts each in the order of a tree,
//! [`render`] writes that tree. The same spans always give the same text.
//!
//! With [`TreeOptions::test`] nothing in the text changes from run to run:
//!
//! ```text
//! SERVER POST /payments ERROR (remote parent) [http.response.status_code=502]
//!   CLIENT INSERT payments
//!   INTERNAL process_payment ERROR [error.type=Declined]
//!     CLIENT POST ERROR [http.response.status_code=402]
//! ```
//!
//! With [`TreeOptions::console`] a person sees where the time went:
//!
//! ```text
//! trace 4bf92f3577b34da6a3ce929d0e0e4736: 4 spans, 3 errors, 48.0 ms
//!   48.0 ms  ━━━━━━━━━━━━━━━━━━━━  SERVER POST /payments ERROR [http.response.status_code=502]
//!   1.10 ms  ━                       CLIENT INSERT payments
//!   45.0 ms   ━━━━━━━━━━━━━━━━━━     INTERNAL process_payment ERROR "declined" [error.type=Declined]
//!   43.0 ms   ━━━━━━━━━━━━━━━━━        CLIENT POST ERROR [http.response.status_code=402]
//! ```
//!
//! # How to read a line
//!
//! | part | when it is there |
//! | --- | --- |
//! | indentation | two spaces a level |
//! | `SERVER` | always: the span's kind |
//! | name | always |
//! | `ERROR`, `OK` | when the status is set; the description follows where the options say so |
//! | `(remote parent)` | the parent is in another process, also when its span was collected too |
//! | `(parent missing)` | the parent is in this process, but not among the spans |
//! | `(parent cycle)` | the span is its own ancestor: broken data |
//! | `(not sampled)` | the span was recorded, but its flags say that it is not sampled |
//! | `[key=value ..]` | attributes, in the order that was asked for |
//! | `* name [..]` | an event, under its span; of an exception, what the span's line does not say yet |
//! | `-> SERVER name [..]` | a link, under its span; `-> elsewhere` when its target is not here |
//!
//! A string value is quoted when it has white space or quotes in it, is empty, or reads like a
//! number or boolean: `http.response.status_code="200"` is a string, and so a mistake. Control
//! characters, in names too, are escaped, so that a request cannot write to a terminal.

mod attributes;
mod duration;
mod layout;
mod options;
mod render;

pub use attributes::{Attributes, attribute_list};
pub use layout::{Place, Row, Trace, traces};
pub use options::{Ids, TreeOptions};
pub use render::render;

#[cfg(test)]
mod tests;

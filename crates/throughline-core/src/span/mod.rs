//! Spans by hand: as short as no span, and impossible to leave open.
//!
//! [`span`] names one, [`SpanSpec::run`] runs work inside it. When the work returns an
//! error, is dropped or panics, the span says so.
//!
//! ```
//! # async fn charge() -> Result<u32, std::fmt::Error> { Ok(7) }
//! # async fn pay() -> Result<(), std::fmt::Error> {
//! let receipt = throughline_core::span("process_payment")
//!     .attribute("payment.id", 7)
//!     .run(async { charge().await })
//!     .await?;
//! throughline_core::current().set("payment.receipt", receipt);
//! # Ok(())
//! # }
//! ```

mod current;
mod failure;
mod run;
mod spec;
mod value;

pub use current::{CurrentSpan, current};
pub use failure::{record_error, record_error_with_causes};
pub use run::{Observe, Plain, Run, Tried};
pub use spec::{SpanSpec, span};
pub use value::IntoValue;

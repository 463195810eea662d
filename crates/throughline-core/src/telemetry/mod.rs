//! Where spans and metrics go, and how an instrumentation finds it.
//!
//! An instrumentation never talks to a provider. It declares what it needs as an
//! [`Instruments`] type, keeps a [`Resolver`] of it, and asks that resolver on each
//! operation. The answer comes from, in this order:
//!
//! 1. the [`Telemetry`] that was given to the layer or client,
//! 2. the one that the current [`Context`](opentelemetry::Context) carries
//!    (see [`Telemetry::context`]), which is how a test has a collector of its own,
//! 3. the one installed for the process with [`Telemetry::install_global`],
//! 4. the providers set with `opentelemetry::global`, looked up again until there are some.

mod global;
mod handle;
mod head;
mod resolver;
mod series;
mod tracer;

pub use handle::{Instruments, Telemetry};
pub use head::{FollowParent, Head, HeadSampler};
pub use resolver::Resolver;
pub use series::{CounterSeries, HistogramSeries, UpDownSeries};
pub use tracer::{Started, Tracer};

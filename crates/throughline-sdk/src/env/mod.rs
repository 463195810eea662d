//! The `OTEL_*` variables: the only place in throughline that reads them.
//!
//! [`Settings::read`] takes the look-up as a closure, so that nothing else touches the
//! process's environment. An empty value counts as unset, a value that cannot be used is
//! replaced by its default, and each such case leaves a warning (specification:
//! "Environment Variable Specification", parsing). `docs/environment.md` lists every
//! variable.

mod otlp;
mod reader;
mod settings;

pub(crate) use otlp::{EndpointSetting, OtlpSettings, parse_header};
pub(crate) use settings::{Limits, Propagator, Settings, TraceExporter};

#[cfg(test)]
mod tests;

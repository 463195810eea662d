//! The ways in.

use crate::{builder::Builder, error::InitError, guard::Guard};

/// Sets telemetry up for the process, as the environment says.
///
/// The same as `builder(service_name).install()`. The name wins over `OTEL_SERVICE_NAME`; see
/// [`Builder::with_service_name_from_env`] for the other way round.
///
/// # Errors
///
/// If telemetry is installed already, or the export thread cannot start. A bad variable is
/// not an error but a warning of [`Health`](crate::Health).
#[track_caller]
pub fn init(service_name: impl Into<String>) -> Result<Guard, InitError> {
    builder(service_name).install()
}

/// Starts setting telemetry up with settings in code.
pub fn builder(service_name: impl Into<String>) -> Builder {
    Builder::new(service_name.into())
}

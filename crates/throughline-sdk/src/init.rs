//! The ways in.

use crate::{builder::Builder, error::InitError, guard::Guard};

/// Sets telemetry up for the process, as the environment says.
///
/// The same as `builder(service_name).install()`. The name wins over `OTEL_SERVICE_NAME`; see
/// [`Builder::with_service_name_from_env`] for the other way round.
///
/// ```standalone_crate
/// let telemetry = throughline_sdk::init("users-api")?;
///
/// let error = throughline_sdk::init("users-api").unwrap_err();
/// assert!(error.is_already_installed());
/// println!("{error}"); // telemetry was already installed at src/main.rs:1:17: keep that guard, …
/// # assert_eq!(throughline_sdk::Health::of_process(), telemetry.health());
/// # assert!(throughline_sdk::Health::of_process().tracing.enabled);
/// # let provider = opentelemetry::global::tracer_provider();
/// # use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
/// # assert!(provider.tracer("").start("").span_context().is_valid());
///
/// telemetry.shutdown_blocking(std::time::Duration::from_secs(1));
/// throughline_sdk::init("users-api")?; // the place is free again
/// # Ok::<(), throughline_sdk::InitError>(())
/// ```
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

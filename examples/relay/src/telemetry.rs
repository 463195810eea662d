//! Setting telemetry up.

use throughline::sdk::{Guard, InitError};

/// Follows `OTEL_*`, but sends nothing anywhere if they name no place to send it to.
pub(crate) fn install() -> Result<Guard, InitError> {
    throughline::builder("relay")
        .with_service_name_from_env()
        .with_export_if_configured()
        .install()
}

//! Setting telemetry up.

use std::env;

use throughline::sdk::{Guard, InitError};

/// Follows `OTEL_*`, but sends nothing anywhere if they name no place to send it to.
pub(crate) fn install() -> Result<Guard, InitError> {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let endpoint = is_set("OTEL_EXPORTER_OTLP_ENDPOINT");
    let traces = is_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") || is_set("OTEL_TRACES_EXPORTER");
    let metrics = is_set("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") || is_set("OTEL_METRICS_EXPORTER");

    let mut builder = throughline::builder("relay").with_service_name_from_env();
    if !endpoint && !traces {
        builder = builder.with_otlp(false);
    }
    if !endpoint && !metrics {
        builder = builder.with_metrics(false);
    }
    builder.install()
}

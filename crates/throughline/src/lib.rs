//! OpenTelemetry layers for tower and axum services: the facade.

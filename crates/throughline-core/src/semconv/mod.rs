//! OpenTelemetry semantic conventions as pure functions.

//! OpenTelemetry tower layers for HTTP servers and clients.

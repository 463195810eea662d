//! Event names.

super::names::names! {
    /// span event, stable, OpenTelemetry exceptions: an error or panic, with the `exception.*` attributes.
    EXCEPTION = "exception";
}

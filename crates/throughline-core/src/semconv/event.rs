//! Event names.

super::names::names! {
    /// span event, stable, OpenTelemetry exceptions: an error or panic, with the `exception.*` attributes.
    EXCEPTION = "exception";
    /// span event, ours: a transaction was dropped while it was open.
    THROUGHLINE_DB_ROLLBACK_ON_DROP = "throughline.db.rollback_on_drop";
}

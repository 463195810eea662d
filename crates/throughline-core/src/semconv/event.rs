//! Event names.

super::names::names! {
    /// span event, stable, OpenTelemetry exceptions: an error or panic, with the `exception.*` attributes.
    EXCEPTION = "exception";
    /// span event, ours: a transaction was dropped while it was open.
    THROUGHLINE_DB_ROLLBACK_ON_DROP = "throughline.db.rollback_on_drop";
    /// span event, ours: the server does not know the script yet, and it will be loaded.
    THROUGHLINE_REDIS_SCRIPT_NOT_LOADED = "throughline.redis.script_not_loaded";
}

//! Attribute names.
//!
//! Every doc line says: the type, the stability of the name, and who defines it. `docs/attributes.md` says on which span each
//! of them appears and when.
//!
//! The conventions are those of OpenTelemetry 1.44.0. *Old* names are the ones before HTTP 1.21 and database 1.34 became stable;
//! they are emitted only when [`Conventions`](super::Conventions) asks for them.

super::names::names! {
    // HTTP.

    /// string, stable, OpenTelemetry HTTP: the method, or `_OTHER` for one that is not known.
    HTTP_REQUEST_METHOD = "http.request.method";
    /// string, stable, OpenTelemetry HTTP: the method as sent, when `http.request.method` differs from it.
    HTTP_REQUEST_METHOD_ORIGINAL = "http.request.method_original";
    /// string array, stable, OpenTelemetry HTTP: prefix of captured request headers, followed by `.` and the lower-case name.
    HTTP_REQUEST_HEADER = "http.request.header";
    /// int, stable, OpenTelemetry HTTP: how many times the request was sent before.
    HTTP_REQUEST_RESEND_COUNT = "http.request.resend_count";
    /// int, development, OpenTelemetry HTTP: bytes of the request body that were read or written.
    HTTP_REQUEST_BODY_SIZE = "http.request.body.size";
    /// int, stable, OpenTelemetry HTTP: the status code.
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
    /// string array, stable, OpenTelemetry HTTP: prefix of captured response headers, followed by `.` and the lower-case name.
    HTTP_RESPONSE_HEADER = "http.response.header";
    /// int, development, OpenTelemetry HTTP: bytes of the response body that were read or written.
    HTTP_RESPONSE_BODY_SIZE = "http.response.body.size";
    /// string, stable, OpenTelemetry HTTP: the matched route with its parameters, never the path.
    HTTP_ROUTE = "http.route";

    // Where and how.

    /// string, stable, OpenTelemetry URL: path of the request.
    URL_PATH = "url.path";
    /// string, stable, OpenTelemetry URL: query without `?`, secret values replaced.
    URL_QUERY = "url.query";
    /// string, stable, OpenTelemetry URL: `http` or `https`.
    URL_SCHEME = "url.scheme";
    /// string, stable, OpenTelemetry URL: absolute URL, credentials and secret values replaced.
    URL_FULL = "url.full";
    /// string, development, OpenTelemetry URL: the low-cardinality template of an outgoing URL.
    URL_TEMPLATE = "url.template";
    /// string, stable, OpenTelemetry server: name or address of the server, as the client called it.
    SERVER_ADDRESS = "server.address";
    /// int, stable, OpenTelemetry server: port of the server, as the client called it.
    SERVER_PORT = "server.port";
    /// string, stable, OpenTelemetry client: address of the client behind all trusted proxies.
    CLIENT_ADDRESS = "client.address";
    /// string, stable, OpenTelemetry network: address of the other end of the connection.
    NETWORK_PEER_ADDRESS = "network.peer.address";
    /// int, stable, OpenTelemetry network: port of the other end of the connection.
    NETWORK_PEER_PORT = "network.peer.port";
    /// string, stable, OpenTelemetry network: `1.0`, `1.1`, `2` or `3`.
    NETWORK_PROTOCOL_VERSION = "network.protocol.version";
    /// string, stable, OpenTelemetry user agent: the `User-Agent` header.
    USER_AGENT_ORIGINAL = "user_agent.original";

    // gRPC.

    /// string, release candidate, OpenTelemetry RPC: `grpc`.
    RPC_SYSTEM_NAME = "rpc.system.name";
    /// string, release candidate, OpenTelemetry RPC: `package.Service/Method`.
    RPC_METHOD = "rpc.method";
    /// string, release candidate, OpenTelemetry RPC: name of the status code, as `NOT_FOUND`.
    RPC_RESPONSE_STATUS_CODE = "rpc.response.status_code";

    // Errors.

    /// string, stable, OpenTelemetry error: the class of the error; finite for transports, see [`error`](super::error).
    ERROR_TYPE = "error.type";
    /// string, stable, OpenTelemetry exception: type of the error.
    EXCEPTION_TYPE = "exception.type";
    /// string, stable, OpenTelemetry exception: text of the error, scrubbed by [`redact::message`](crate::redact::message).
    EXCEPTION_MESSAGE = "exception.message";

    // Code.


    // Database.

    /// string, stable, OpenTelemetry database: the product, as `postgresql`, `mysql`, `sqlite`.
    DB_SYSTEM_NAME = "db.system.name";
    /// string, stable, OpenTelemetry database: the query with its placeholders.
    DB_QUERY_TEXT = "db.query.text";
    /// string, stable, OpenTelemetry database: low-cardinality summary of the query, also the span's name.
    DB_QUERY_SUMMARY = "db.query.summary";
    /// string, stable, OpenTelemetry database: name of the database.
    DB_NAMESPACE = "db.namespace";
    /// string, stable, OpenTelemetry database: the operation, where it is known without parsing the query.
    DB_OPERATION_NAME = "db.operation.name";
    /// string, stable, OpenTelemetry database: the table, where it is known without parsing the query.
    DB_COLLECTION_NAME = "db.collection.name";
    /// string, stable, OpenTelemetry database: SQLSTATE or the product's own code.
    DB_RESPONSE_STATUS_CODE = "db.response.status_code";
    /// int, development, OpenTelemetry database: rows that came back.
    DB_RESPONSE_RETURNED_ROWS = "db.response.returned_rows";
    /// int, stable, OpenTelemetry database: how many operations one call sends, from two on.
    DB_OPERATION_BATCH_SIZE = "db.operation.batch.size";
    /// string, stable, OpenTelemetry database: the stored procedure, function or script.
    DB_STORED_PROCEDURE_NAME = "db.stored_procedure.name";
    /// int, ours: rows that the statement changed.
    DB_ROWS_AFFECTED = "db.rows_affected";

    // Who and what, set by the service or from its headers.

    /// string, development, OpenTelemetry user: identifier of the user.
    USER_ID = "user.id";
    /// string, ours: kind of the user.
    USER_TYPE = "user.type";
    /// string, ours: identifier of the request, from or to `x-request-id`.
    REQUEST_ID = "request.id";
    /// bool, ours: whether a cache answered.
    CACHE_HIT = "cache.hit";
    /// string, ours: key or key template of a cache lookup.
    CACHE_KEY = "cache.key";

    // Ours.

    /// string, ours: how the work ended, as `completed`, `client_gone_mid_body`, `panicked`.
    THROUGHLINE_OUTCOME = "throughline.outcome";
    /// double, ours: milliseconds that a query on a pool waited for its connection.
    THROUGHLINE_DB_ACQUIRE_MS = "throughline.db.acquire_ms";

    /// string, ours: the kind of constraint that a database call violated.
    THROUGHLINE_DB_VIOLATION = "throughline.db.violation";
    /// string, ours: the name of the constraint that a database call violated.
    THROUGHLINE_DB_CONSTRAINT = "throughline.db.constraint";
    /// string, ours: key of a redis command with all that may differ replaced by `{}`.
    THROUGHLINE_REDIS_KEY_TEMPLATE = "throughline.redis.key_template";
    /// bool, ours: a watched key changed, so that the redis transaction did nothing.
    THROUGHLINE_REDIS_ABORTED = "throughline.redis.aborted";
    /// string, ours: how a blocking redis command ended, `message` or `timeout`.
    THROUGHLINE_REDIS_WAIT = "throughline.redis.wait";
    /// int, ours: bytes of a redis reply that is big.
    THROUGHLINE_REDIS_REPLY_BYTES = "throughline.redis.reply_bytes";
    /// int, ours: commands of a redis pipeline that failed.
    THROUGHLINE_REDIS_FAILED_COMMANDS = "throughline.redis.failed_commands";
    /// int, ours: values that a call found in a cache.
    THROUGHLINE_CACHE_HITS = "throughline.cache.hits";
    /// int, ours: values that a call did not find in a cache.
    THROUGHLINE_CACHE_MISSES = "throughline.cache.misses";
    /// string, ours: `hit` or `miss`, label of `throughline.cache.requests`.
    THROUGHLINE_CACHE_RESULT = "throughline.cache.result";

    /// bool, OpenTelemetry metrics: labels were left out because there were too many series.
    OTEL_METRIC_OVERFLOW = "otel.metric.overflow";

    // Old HTTP names, up to 1.20.

    /// string, old name of `http.request.method`.
    HTTP_METHOD = "http.method";
    /// string, old name of `url.full`; on servers the URL as far as it is known.
    HTTP_URL = "http.url";
    /// string, old name of `url.path` and `url.query` together.
    HTTP_TARGET = "http.target";
    /// string, old name of `url.scheme`.
    HTTP_SCHEME = "http.scheme";
    /// int, old name of `http.response.status_code`.
    HTTP_STATUS_CODE = "http.status_code";
    /// string, old name of `network.protocol.version`, with `2.0` and `3.0`.
    HTTP_FLAVOR = "http.flavor";
    /// string, old name of `user_agent.original`.
    HTTP_USER_AGENT = "http.user_agent";
    /// string, old name of `client.address`.
    HTTP_CLIENT_IP = "http.client_ip";
    /// int, old name of `http.request.resend_count`.
    HTTP_RESEND_COUNT = "http.resend_count";
    /// int, old name of `http.request.body.size`.
    HTTP_REQUEST_CONTENT_LENGTH = "http.request_content_length";
    /// int, old name of `http.response.body.size`.
    HTTP_RESPONSE_CONTENT_LENGTH = "http.response_content_length";
    /// string, old name of `server.address` on servers.
    NET_HOST_NAME = "net.host.name";
    /// int, old name of `server.port` on servers.
    NET_HOST_PORT = "net.host.port";
    /// string, old name of `server.address` on clients.
    NET_PEER_NAME = "net.peer.name";
    /// int, old name of `server.port` on clients.
    NET_PEER_PORT = "net.peer.port";
    /// string, old name of `network.peer.address`.
    NET_SOCK_PEER_ADDR = "net.sock.peer.addr";
    /// int, old name of `network.peer.port`.
    NET_SOCK_PEER_PORT = "net.sock.peer.port";

    // Old database names, up to 1.24.

    /// string, old name of `db.system.name`.
    DB_SYSTEM = "db.system";
    /// string, old name of `db.namespace`.
    DB_NAME = "db.name";
    /// string, old name of `db.query.text`.
    DB_STATEMENT = "db.statement";
    /// string, old name of `db.operation.name`.
    DB_OPERATION = "db.operation";
    /// string, old name of `db.collection.name`.
    DB_SQL_TABLE = "db.sql.table";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;
    use crate::semconv::{event, metric};

    #[test]
    fn no_name_is_declared_twice() {
        assert_eq!(ALL.iter().collect::<BTreeSet<_>>().len(), ALL.len());
    }

    #[test]
    fn the_documented_names_are_exactly_the_declared_ones() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/attributes.md");
        let documented = std::fs::read_to_string(path).unwrap();
        let documented: Vec<&str> = documented
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(name, _)| name.strip_suffix(".<key>").unwrap_or(name))
            .collect();
        let unique: BTreeSet<&str> = documented.iter().copied().collect();
        assert_eq!(unique.len(), documented.len(), "a name has two rows");
        let declared: BTreeSet<&str> = ALL
            .iter()
            .chain(metric::ALL)
            .chain(event::ALL)
            .copied()
            .collect();
        assert_eq!(unique, declared);
    }

    #[test]
    fn every_documented_row_has_five_filled_columns() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/attributes.md");
        let text = std::fs::read_to_string(path).unwrap();
        for row in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            assert_eq!(cells.len(), 5, "{row}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
        }
    }
}

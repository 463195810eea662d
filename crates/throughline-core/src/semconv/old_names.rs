//! The names before the HTTP and database conventions were stable.
//!
//! Each function takes the attributes of one span, or a part of them, under their stable names, and adds or puts in the old ones
//! as [`Names`] says. With [`Names::Stable`] it returns at once. Source: the migration guides of
//! [HTTP](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/non-normative/http-migration.md) and
//! [databases](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/non-normative/db-migration.md).
//!
//! What has no old name (`error.type`, `http.route`, captured headers, our own) stays as it is in every case.

use opentelemetry::{Key, KeyValue, Value};

use super::{Names, attr};

/// Renames the attributes of an HTTP server span.
///
/// Beside the plain renames, `url.path` and `url.query` become `http.target`, and with scheme and host, where those are in the
/// same list, also `http.url`, which dashboards of older servers look for.
pub fn http_server(attributes: &mut Vec<KeyValue>, names: Names) {
    if !names.old() {
        return;
    }
    let target = target(attributes);
    let url = target
        .as_deref()
        .and_then(|target| server_url(attributes, target));
    rename(attributes, names, |name| {
        Some(match name {
            attr::SERVER_ADDRESS => Rename::To(attr::NET_HOST_NAME),
            attr::SERVER_PORT => Rename::To(attr::NET_HOST_PORT),
            attr::CLIENT_ADDRESS => Rename::To(attr::HTTP_CLIENT_IP),
            attr::URL_SCHEME => Rename::To(attr::HTTP_SCHEME),
            attr::URL_PATH | attr::URL_QUERY => Rename::Gone,
            name => return http_common(name),
        })
    });
    attributes.extend(target.map(|target| KeyValue::new(attr::HTTP_TARGET, target)));
    attributes.extend(url.map(|url| KeyValue::new(attr::HTTP_URL, url)));
}

/// Renames the attributes of an HTTP client span.
pub fn http_client(attributes: &mut Vec<KeyValue>, names: Names) {
    rename(attributes, names, |name| {
        Some(match name {
            attr::SERVER_ADDRESS => Rename::To(attr::NET_PEER_NAME),
            attr::SERVER_PORT => Rename::To(attr::NET_PEER_PORT),
            attr::URL_FULL => Rename::To(attr::HTTP_URL),
            attr::HTTP_REQUEST_RESEND_COUNT => Rename::To(attr::HTTP_RESEND_COUNT),
            name => return http_common(name),
        })
    });
}

/// Renames the attributes of a database span.
///
/// `db.system.name` has new values for some products: `microsoft.sql_server` was `mssql`, `oracle.db` was `oracle`.
pub fn database(attributes: &mut Vec<KeyValue>, names: Names) {
    rename(attributes, names, |name| {
        Some(match name {
            attr::DB_SYSTEM_NAME => Rename::Value(attr::DB_SYSTEM, old_system),
            attr::DB_NAMESPACE => Rename::To(attr::DB_NAME),
            attr::DB_QUERY_TEXT => Rename::To(attr::DB_STATEMENT),
            attr::DB_OPERATION_NAME => Rename::To(attr::DB_OPERATION),
            attr::DB_COLLECTION_NAME => Rename::To(attr::DB_SQL_TABLE),
            attr::SERVER_ADDRESS => Rename::To(attr::NET_PEER_NAME),
            attr::SERVER_PORT => Rename::To(attr::NET_PEER_PORT),
            attr::NETWORK_PEER_ADDRESS => Rename::To(attr::NET_SOCK_PEER_ADDR),
            attr::NETWORK_PEER_PORT => Rename::To(attr::NET_SOCK_PEER_PORT),
            _ => return None,
        })
    });
}

/// What becomes of one attribute.
enum Rename {
    /// It keeps its value under another name.
    To(&'static str),
    /// It gets another name and another value.
    Value(&'static str, fn(&Value) -> Value),
    /// It has no old counterpart of its own.
    Gone,
}

fn http_common(name: &str) -> Option<Rename> {
    Some(match name {
        attr::HTTP_REQUEST_METHOD => Rename::To(attr::HTTP_METHOD),
        attr::HTTP_RESPONSE_STATUS_CODE => Rename::To(attr::HTTP_STATUS_CODE),
        attr::HTTP_REQUEST_BODY_SIZE => Rename::To(attr::HTTP_REQUEST_CONTENT_LENGTH),
        attr::HTTP_RESPONSE_BODY_SIZE => Rename::To(attr::HTTP_RESPONSE_CONTENT_LENGTH),
        attr::USER_AGENT_ORIGINAL => Rename::To(attr::HTTP_USER_AGENT),
        attr::NETWORK_PROTOCOL_VERSION => Rename::Value(attr::HTTP_FLAVOR, flavor),
        attr::NETWORK_PEER_ADDRESS => Rename::To(attr::NET_SOCK_PEER_ADDR),
        attr::NETWORK_PEER_PORT => Rename::To(attr::NET_SOCK_PEER_PORT),
        _ => return None,
    })
}

fn rename(attributes: &mut Vec<KeyValue>, names: Names, of: impl Fn(&str) -> Option<Rename>) {
    let old = |attribute: &KeyValue| match of(attribute.key.as_str())? {
        Rename::To(name) => Some(KeyValue::new(name, attribute.value.clone())),
        Rename::Value(name, value) => Some(KeyValue::new(name, value(&attribute.value))),
        Rename::Gone => None,
    };
    match names {
        Names::Stable => {}
        Names::Both => {
            // Only what was there is looked at, so nothing is renamed twice.
            for at in 0..attributes.len() {
                let renamed = old(&attributes[at]);
                attributes.extend(renamed);
            }
        }
        Names::Old => attributes.retain_mut(|attribute| match of(attribute.key.as_str()) {
            None => true,
            Some(Rename::Gone) => false,
            Some(Rename::To(name)) => {
                attribute.key = Key::from_static_str(name);
                true
            }
            Some(Rename::Value(name, value)) => {
                attribute.value = value(&attribute.value);
                attribute.key = Key::from_static_str(name);
                true
            }
        }),
    }
}

fn flavor(version: &Value) -> Value {
    match version.as_str().as_ref() {
        "2" => "2.0".into(),
        "3" => "3.0".into(),
        _ => version.clone(),
    }
}

fn old_system(system: &Value) -> Value {
    match system.as_str().as_ref() {
        "microsoft.sql_server" => "mssql".into(),
        "oracle.db" => "oracle".into(),
        _ => system.clone(),
    }
}

fn target(attributes: &[KeyValue]) -> Option<String> {
    let path = text(attributes, attr::URL_PATH)?;
    let mut target = path.as_str().into_owned();
    if let Some(query) = text(attributes, attr::URL_QUERY) {
        target.push('?');
        target.push_str(&query.as_str());
    }
    Some(target)
}

fn server_url(attributes: &[KeyValue], target: &str) -> Option<String> {
    let scheme = text(attributes, attr::URL_SCHEME)?;
    let host = text(attributes, attr::SERVER_ADDRESS)?.as_str();
    let mut url = format!("{}://", scheme.as_str());
    if host.contains(':') {
        url.extend(["[", &host, "]"]);
    } else {
        url.push_str(&host);
    }
    if let Some(port) = text(attributes, attr::SERVER_PORT) {
        url.extend([":", &port.as_str()]);
    }
    // The asterisk form has no path that a URL could hold.
    if target.starts_with('/') {
        url.push_str(target);
    }
    Some(url)
}

fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == name)
        .map(|attribute| &attribute.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Convert = fn(&mut Vec<KeyValue>, Names);

    fn converted(
        convert: Convert,
        names: Names,
        stable: &[(&'static str, &'static str)],
    ) -> Vec<String> {
        let mut attributes = stable
            .iter()
            .map(|(name, value)| KeyValue::new(*name, *value))
            .collect::<Vec<_>>();
        convert(&mut attributes, names);
        attributes
            .iter()
            .map(|attribute| format!("{}={}", attribute.key, attribute.value))
            .collect()
    }

    const SERVER: &[(&str, &str)] = &[
        (attr::HTTP_REQUEST_METHOD, "GET"),
        (attr::URL_SCHEME, "https"),
        (attr::URL_PATH, "/a"),
        (attr::URL_QUERY, "b=c"),
        (attr::SERVER_ADDRESS, "::1"),
        (attr::SERVER_PORT, "8443"),
        (attr::CLIENT_ADDRESS, "192.0.2.1"),
        (attr::NETWORK_PROTOCOL_VERSION, "2"),
        (attr::USER_AGENT_ORIGINAL, "curl"),
        (attr::HTTP_ROUTE, "/a"),
        (attr::ERROR_TYPE, "500"),
    ];

    const SERVER_OLD: &[&str] = &[
        "http.method=GET",
        "http.scheme=https",
        "net.host.name=::1",
        "net.host.port=8443",
        "http.client_ip=192.0.2.1",
        "http.flavor=2.0",
        "http.user_agent=curl",
        "http.target=/a?b=c",
        "http.url=https://[::1]:8443/a?b=c",
    ];

    #[test]
    fn stable_names_are_left_alone_without_an_allocation() {
        for convert in [http_server as Convert, http_client, database] {
            let mut attributes = Vec::with_capacity(1);
            attributes.push(KeyValue::new(attr::HTTP_REQUEST_METHOD, "GET"));
            let (place, capacity) = (attributes.as_ptr(), attributes.capacity());
            convert(&mut attributes, Names::Stable);
            assert_eq!(
                attributes,
                [KeyValue::new(attr::HTTP_REQUEST_METHOD, "GET")]
            );
            assert_eq!(
                (attributes.as_ptr(), attributes.capacity()),
                (place, capacity)
            );
        }
    }

    #[test]
    fn both_generations_stand_side_by_side() {
        let found = converted(http_server, Names::Both, SERVER);
        let stable = SERVER.iter().map(|(name, value)| format!("{name}={value}"));
        let expected: Vec<String> = stable
            .chain(SERVER_OLD.iter().map(ToString::to_string))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn old_names_replace_the_stable_ones_of_a_server() {
        let mut found = converted(http_server, Names::Old, SERVER);
        let mut expected: Vec<&str> = SERVER_OLD
            .iter()
            .copied()
            .chain(["http.route=/a", "error.type=500"])
            .collect();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_attributes_of_the_end_are_renamed_alone() {
        let end = &[
            (attr::HTTP_RESPONSE_STATUS_CODE, "200"),
            (attr::HTTP_RESPONSE_BODY_SIZE, "7"),
        ];
        let expected = ["http.status_code=200", "http.response_content_length=7"];
        assert_eq!(converted(http_server, Names::Old, end), expected);
        assert_eq!(converted(http_client, Names::Old, end), expected);
    }

    #[test]
    fn a_server_url_needs_scheme_and_host() {
        for (stable, expected) in [
            (&[(attr::URL_PATH, "/a")][..], &["http.target=/a"][..]),
            (
                &[
                    (attr::URL_PATH, "*"),
                    (attr::URL_SCHEME, "http"),
                    (attr::SERVER_ADDRESS, "h"),
                ],
                &[
                    "http.scheme=http",
                    "net.host.name=h",
                    "http.target=*",
                    "http.url=http://h",
                ],
            ),
        ] {
            assert_eq!(converted(http_server, Names::Old, stable), expected);
        }
    }

    #[test]
    fn old_names_of_a_client() {
        let stable = &[
            (attr::HTTP_REQUEST_METHOD, "GET"),
            (attr::URL_FULL, "http://h/"),
            (attr::SERVER_ADDRESS, "h"),
            (attr::SERVER_PORT, "80"),
            (attr::HTTP_REQUEST_RESEND_COUNT, "1"),
            (attr::NETWORK_PEER_ADDRESS, "192.0.2.1"),
            (attr::NETWORK_PEER_PORT, "80"),
            (attr::NETWORK_PROTOCOL_VERSION, "1.1"),
        ];
        let expected = [
            "http.method=GET",
            "http.url=http://h/",
            "net.peer.name=h",
            "net.peer.port=80",
            "http.resend_count=1",
            "net.sock.peer.addr=192.0.2.1",
            "net.sock.peer.port=80",
            "http.flavor=1.1",
        ];
        assert_eq!(converted(http_client, Names::Old, stable), expected);
    }

    #[test]
    fn old_names_of_a_database() {
        let stable = &[
            (attr::DB_SYSTEM_NAME, "microsoft.sql_server"),
            (attr::DB_NAMESPACE, "shop"),
            (attr::DB_QUERY_TEXT, "SELECT 1"),
            (attr::DB_QUERY_SUMMARY, "SELECT"),
            (attr::DB_OPERATION_NAME, "SELECT"),
            (attr::DB_COLLECTION_NAME, "users"),
            (attr::SERVER_ADDRESS, "h"),
        ];
        let expected = [
            "db.system=mssql",
            "db.name=shop",
            "db.statement=SELECT 1",
            "db.query.summary=SELECT",
            "db.operation=SELECT",
            "db.sql.table=users",
            "net.peer.name=h",
        ];
        assert_eq!(converted(database, Names::Old, stable), expected);
        let both = converted(
            database,
            Names::Both,
            &[(attr::DB_SYSTEM_NAME, "postgresql")],
        );
        assert_eq!(both, ["db.system.name=postgresql", "db.system=postgresql"]);
    }
}

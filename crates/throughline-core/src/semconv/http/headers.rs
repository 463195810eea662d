//! Captured headers.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderName};
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};

use crate::redact::{self, QueryKeys, REDACTED};
use crate::semconv::attr;

/// The headers that are recorded, with their attribute names ready.
///
/// A header that carries credentials (see [`is_secret_header`](redact::is_secret_header)) or that is marked
/// [sensitive](http::HeaderValue::is_sensitive) is recorded as `REDACTED` even when it is listed: its presence shows, its value
/// does not. There is no switch against that. In all other values, the credentials and secret query values of a URL are replaced.
///
/// Source: HTTP spans, `http.request.header.<key>` and `http.response.header.<key>`.
#[derive(Clone, Debug, Default)]
pub struct CapturedHeaders {
    headers: Vec<Captured>,
}

impl CapturedHeaders {
    /// Lists request headers, recorded as `http.request.header.<key>`.
    pub fn request(names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self::new(attr::HTTP_REQUEST_HEADER, names)
    }

    /// Lists response headers, recorded as `http.response.header.<key>`.
    pub fn response(names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self::new(attr::HTTP_RESPONSE_HEADER, names)
    }

    /// Says whether nothing is captured, which is the default.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Gives the number of listed headers, the most attributes that one message can add.
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Appends one attribute for each listed header that is present, with one string for each of its lines.
    ///
    /// Bytes that are not UTF-8 become U+FFFD.
    pub fn append(&self, headers: &HeaderMap, keys: &QueryKeys, to: &mut Vec<KeyValue>) {
        for Captured {
            name,
            attribute,
            secret,
        } in &self.headers
        {
            let values: Vec<StringValue> = headers
                .get_all(name)
                .iter()
                .map(|value| {
                    if *secret || value.is_sensitive() {
                        return REDACTED.into();
                    }
                    let text = String::from_utf8_lossy(value.as_bytes());
                    StringValue::from(redact::url(&text, keys).into_owned())
                })
                .collect();
            if !values.is_empty() {
                to.push(KeyValue::new(
                    attribute.clone(),
                    Value::Array(Array::String(values)),
                ));
            }
        }
    }

    fn new(prefix: &str, names: impl IntoIterator<Item = HeaderName>) -> Self {
        let mut headers: Vec<Captured> = Vec::new();
        for name in names {
            if headers.iter().all(|known| known.name != name) {
                let attribute = Key::from(Arc::<str>::from(format!("{prefix}.{name}")));
                headers.push(Captured {
                    secret: redact::is_secret_header(&name),
                    name,
                    attribute,
                });
            }
        }
        Self { headers }
    }
}

#[derive(Clone, Debug)]
struct Captured {
    name: HeaderName,
    attribute: Key,
    secret: bool,
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};

    use super::*;

    fn captured(captured: &CapturedHeaders, headers: &HeaderMap) -> Vec<(String, Vec<String>)> {
        let mut to = Vec::new();
        captured.append(headers, &QueryKeys::default(), &mut to);
        to.into_iter()
            .map(|KeyValue { key, value, .. }| match value {
                Value::Array(Array::String(values)) => (
                    key.to_string(),
                    values.iter().map(ToString::to_string).collect(),
                ),
                other => panic!("not a string array: {other:?}"),
            })
            .collect()
    }

    fn entry(name: &str, values: &[&str]) -> (String, Vec<String>) {
        (
            name.to_owned(),
            values.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn listed_headers_become_string_arrays_under_their_lower_case_name() {
        let mut headers = HeaderMap::new();
        headers.append("X-Tenant", HeaderValue::from_static("a"));
        headers.append("x-tenant", HeaderValue::from_static("b"));
        headers.append("x-odd", HeaderValue::from_bytes(b"\xff!").unwrap());
        headers.append("x-unlisted", HeaderValue::from_static("c"));
        let list = CapturedHeaders::request(
            ["x-tenant", "x-odd", "x-absent", "x-tenant"].map(HeaderName::from_static),
        );
        assert_eq!(
            captured(&list, &headers),
            [
                entry("http.request.header.x-tenant", &["a", "b"]),
                entry("http.request.header.x-odd", &["\u{fffd}!"]),
            ],
        );
        assert_eq!(list.len(), 3);
        let list = CapturedHeaders::response([HeaderName::from_static("x-tenant")]);
        assert_eq!(
            captured(&list, &headers),
            [entry("http.response.header.x-tenant", &["a", "b"])]
        );
    }

    #[test]
    fn credentials_never_show_even_when_listed() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer hunter2"));
        headers.insert(COOKIE, HeaderValue::from_static("session=hunter2"));
        headers.append(SET_COOKIE, HeaderValue::from_static("session=hunter2"));
        headers.append(SET_COOKIE, HeaderValue::from_static("other=hunter2"));
        headers.insert("x-api-key", HeaderValue::from_static("hunter2"));
        let mut marked = HeaderValue::from_static("hunter2");
        marked.set_sensitive(true);
        headers.insert("x-plain", marked);
        headers.insert(
            LOCATION,
            HeaderValue::from_static("https://u:hunter2@h/?sig=hunter2&a=b"),
        );
        let names = [AUTHORIZATION, COOKIE, SET_COOKIE, LOCATION]
            .into_iter()
            .chain(["x-api-key", "x-plain"].map(HeaderName::from_static));
        let found = captured(&CapturedHeaders::request(names), &headers);
        assert_eq!(found.len(), 6);
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        assert_eq!(
            found[2],
            entry("http.request.header.set-cookie", &["REDACTED", "REDACTED"])
        );
        assert_eq!(
            found[3],
            entry(
                "http.request.header.location",
                &["https://REDACTED:REDACTED@h/?sig=REDACTED&a=b"]
            ),
        );
    }
}

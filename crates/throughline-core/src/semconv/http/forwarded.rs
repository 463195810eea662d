//! The headers by which proxies tell what they saw.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::header::{FORWARDED, HeaderMap, HeaderName};

pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(super) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// One hop of `Forwarded` (RFC 7239, section 4). A parameter that is missing or cannot be read is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) node: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    pub(super) proto: Option<&'a str>,
}

/// The elements of all `Forwarded` lines, the client's first. Lines that are not UTF-8 are left out.
pub(super) fn elements(headers: &HeaderMap) -> impl Iterator<Item = Element<'_>> {
    headers
        .get_all(FORWARDED)
        .iter()
        .filter_map(|line| std::str::from_utf8(line.as_bytes()).ok())
        .flat_map(|line| Unquoted {
            rest: Some(line),
            separator: b',',
        })
        .map(element)
}

/// The first value of a list header such as `X-Forwarded-Host`.
pub(super) fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let line = headers.get(name)?.to_str().ok()?;
    line.split(',')
        .next()
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

/// The values of all `X-Forwarded-For` lines, the nearest hop first.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .rev()
        .flat_map(|line| {
            std::str::from_utf8(line.as_bytes())
                .unwrap_or_default()
                .rsplit(',')
                .map(str::trim)
        })
}

/// A node of `Forwarded` or `X-Forwarded-For`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node<'a> {
    /// An address, in any of the ways in which proxies write it.
    Address(IpAddr, Option<u16>),
    /// An obfuscated identifier (RFC 7239, section 6.3): it starts with `_`.
    Obfuscated(&'a str),
    /// `unknown`, empty or garbage.
    Unknown,
}

impl<'a> Node<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let text = text.trim().trim_matches('"');
        if let Ok(address) = text.parse::<IpAddr>() {
            return Self::Address(address.to_canonical(), None);
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Self::Address(address.ip().to_canonical(), Some(address.port()));
        }
        // `[v6]`, and `address:_port` with an obfuscated port (RFC 7239, section 6).
        let (host, port_is_sane) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.starts_with('_')),
            _ => (text, true),
        };
        let address = match host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
        {
            Some(host) => host.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => host.parse().ok(),
        };
        match address {
            Some(address) if port_is_sane => Self::Address(address.to_canonical(), None),
            _ if is_obfuscated(host) => Self::Obfuscated(host),
            _ => Self::Unknown,
        }
    }
}

/// RFC 7239, section 6.3, with a bound on the length so that nobody can fill spans through it.
fn is_obfuscated(text: &str) -> bool {
    (2..=128).contains(&text.len())
        && text.starts_with('_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn element(text: &str) -> Element<'_> {
    let mut element = Element::default();
    for pair in (Unquoted {
        rest: Some(text),
        separator: b';',
    }) {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let slot = match name.trim() {
            name if name.eq_ignore_ascii_case("for") => &mut element.node,
            name if name.eq_ignore_ascii_case("host") => &mut element.host,
            name if name.eq_ignore_ascii_case("proto") => &mut element.proto,
            _ => continue,
        };
        // RFC 7239, section 4: each parameter at most once. The first one stays.
        if slot.is_none() {
            *slot = value_of(value.trim());
        }
    }
    element
}

/// A token, or the inside of a quoted string. No address, host or scheme needs an escape: a value with one is garbage.
fn value_of(text: &str) -> Option<&str> {
    let inside = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => text,
    };
    (!inside.is_empty() && !inside.contains(['"', '\\'])).then_some(inside)
}

/// Splits at a separator that stands outside of quotes.
struct Unquoted<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Unquoted<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let (mut quoted, mut escaped) = (false, false);
        for (at, byte) in text.bytes().enumerate() {
            if escaped {
                escaped = false;
            } else if byte == b'"' {
                quoted = !quoted;
            } else if quoted && byte == b'\\' {
                escaped = true;
            } else if !quoted && byte == self.separator {
                self.rest = Some(&text[at + 1..]);
                return Some(&text[..at]);
            }
        }
        self.rest = None;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn lines(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                name.clone(),
                HeaderValue::from_bytes(line.as_bytes()).unwrap(),
            );
        }
        headers
    }

    fn read(text: &'static str) -> Vec<Element<'static>> {
        Unquoted {
            rest: Some(text),
            separator: b',',
        }
        .map(element)
        .collect()
    }

    #[test]
    fn elements_are_read_with_quotes_and_any_case() {
        let element = |node, host, proto| Element { node, host, proto };
        for (text, expected) in [
            (
                "for=192.0.2.60",
                vec![element(Some("192.0.2.60"), None, None)],
            ),
            (
                "For=\"[2001:db8::1]:4711\";Proto=https; HOST=\"a:1\"",
                vec![element(
                    Some("[2001:db8::1]:4711"),
                    Some("a:1"),
                    Some("https"),
                )],
            ),
            (
                "for=a, for=\"b,;c\";host=x",
                vec![
                    element(Some("a"), None, None),
                    element(Some("b,;c"), Some("x"), None),
                ],
            ),
            (
                "host=first;host=second",
                vec![element(None, Some("first"), None)],
            ),
            (
                "for=\"unterminated, host=x",
                vec![element(None, None, None)],
            ),
            ("host=\"a\\\"b\"", vec![element(None, None, None)]),
            ("for=;host=", vec![element(None, None, None)]),
            ("garbage", vec![element(None, None, None)]),
            ("", vec![element(None, None, None)]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let headers = lines(
            &FORWARDED,
            &["for=1.1.1.1, for=2.2.2.2", "\u{fc}=\u{ff}", "for=3.3.3.3"],
        );
        let nodes: Vec<_> = elements(&headers)
            .filter_map(|element| element.node)
            .collect();
        assert_eq!(nodes, ["1.1.1.1", "2.2.2.2", "3.3.3.3"]);
        let headers = lines(&X_FORWARDED_FOR, &["1.1.1.1, 2.2.2.2", "3.3.3.3"]);
        assert_eq!(
            x_forwarded_for(&headers).collect::<Vec<_>>(),
            ["3.3.3.3", "2.2.2.2", "1.1.1.1"]
        );
    }

    #[test]
    fn the_first_value_of_a_list_is_the_clients() {
        for (line, expected) in [
            ("a, b", Some("a")),
            (" a ", Some("a")),
            ("", None),
            (",b", None),
        ] {
            let headers = lines(&X_FORWARDED_HOST, &[line]);
            assert_eq!(first(&headers, &X_FORWARDED_HOST), expected, "{line}");
        }
    }

    #[test]
    fn nodes_are_read_in_every_way_proxies_write_them() {
        let address = |text: &str, port| Node::Address(text.parse().unwrap(), port);
        for (text, node) in [
            ("192.0.2.1", address("192.0.2.1", None)),
            ("192.0.2.1:8080", address("192.0.2.1", Some(8080))),
            ("192.0.2.1:_http", address("192.0.2.1", None)),
            ("[2001:db8::1]", address("2001:db8::1", None)),
            ("[2001:db8::1]:99", address("2001:db8::1", Some(99))),
            ("[2001:db8::1]:_x", address("2001:db8::1", None)),
            ("2001:db8::1", address("2001:db8::1", None)),
            ("\"[2001:db8::1]\"", address("2001:db8::1", None)),
            ("::ffff:192.0.2.1", address("192.0.2.1", None)),
            ("_hidden", Node::Obfuscated("_hidden")),
            ("_hidden:_port", Node::Obfuscated("_hidden")),
            ("unknown", Node::Unknown),
            ("_", Node::Unknown),
            ("_<script>", Node::Unknown),
            ("", Node::Unknown),
            ("192.0.2.1:99999", Node::Unknown),
            ("999.1.1.1", Node::Unknown),
            ("[::1", Node::Unknown),
            ("example.com", Node::Unknown),
        ] {
            assert_eq!(Node::parse(text), node, "{text}");
        }
    }
}

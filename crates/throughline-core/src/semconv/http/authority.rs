//! Host and port of a request.

use std::net::Ipv6Addr;

/// The longest host name that DNS can hold, and enough for any address.
const MAX_HOST: usize = 255;

/// A host and, where it was written, a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authority<'a> {
    /// Name or address of the host; an IPv6 address has no brackets.
    pub host: &'a str,
    /// The port, when it was written.
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address; anything before an `@` is left out.
    ///
    /// `None` for whatever cannot be a host, so that garbage in one header lets the next source speak.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            let port = if rest.is_empty() {
                None
            } else {
                port(rest.strip_prefix(':')?)?.0
            };
            return Some(Self { host, port });
        }
        let (host, port) = match text.split_once(':') {
            None => (text, None),
            Some((_, rest)) if rest.contains(':') => {
                text.parse::<Ipv6Addr>().ok()?;
                return Some(Self {
                    host: text,
                    port: None,
                });
            }
            Some((host, rest)) => (host, port(rest)?.0),
        };
        let valid = !host.is_empty() && host.len() <= MAX_HOST && host.bytes().all(is_host_byte);
        valid.then_some(Self { host, port })
    }

    /// Gives the same host with the default port of a scheme where no port was written.
    pub fn with_default_port(self, scheme: &str) -> Self {
        Self {
            port: self.port.or_else(|| default_port(scheme)),
            ..self
        }
    }
}

/// Gives the default port of a scheme: 80 for `http`, 443 for `https`.
///
/// RFC 9110, section 4.2.
pub fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else {
        None
    }
}

/// The port behind a colon, which RFC 3986 allows to be empty; `None` for garbage.
fn port(text: &str) -> Option<Port> {
    if text.is_empty() {
        return Some(Port(None));
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Port(Some(text.parse().ok()?)))
}

/// A port that may be empty.
struct Port(Option<u16>);

/// RFC 3986, `reg-name`, with the underscore that container names use (it is in `unreserved` anyhow).
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("example.com:8080", "example.com", Some(8080)),
            (" example.com:8080 ", "example.com", Some(8080)),
            ("example.com:", "example.com", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]", "::1", None),
            ("[::1]:8080", "::1", Some(8080)),
            ("[2001:db8::7]:443", "2001:db8::7", Some(443)),
            ("2001:db8::7", "2001:db8::7", None),
            ("::1", "::1", None),
            ("my_service", "my_service", None),
            ("user:pass@example.com:1", "example.com", Some(1)),
        ] {
            assert_eq!(
                Authority::parse(text),
                Some(Authority { host, port }),
                "{text}"
            );
        }
    }

    #[test]
    fn garbage_is_no_host() {
        let long = "a".repeat(256);
        for text in [
            "",
            " ",
            ":80",
            "a b",
            "host:http",
            "host:99999",
            "host:+80",
            "[::1",
            "[::1]80",
            "[nope]",
            "[]",
            "a:b:c",
            "a/b",
            "a,b",
            "a\"b",
            "<script>",
            "ho\u{0}st",
            &long,
        ] {
            assert_eq!(Authority::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_default_port_fills_only_a_gap() {
        for (text, scheme, port) in [
            ("a", "http", Some(80)),
            ("a", "HTTPS", Some(443)),
            ("a:8080", "https", Some(8080)),
            ("a", "unix", None),
        ] {
            assert_eq!(
                Authority::parse(text)
                    .unwrap()
                    .with_default_port(scheme)
                    .port,
                port
            );
        }
    }
}

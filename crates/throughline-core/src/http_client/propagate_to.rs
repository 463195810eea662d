//! To whom the trace context is sent.

use std::sync::Arc;

/// The hosts that are told about the trace.
///
/// The trace context is two ids and a flag, and the baggage is whatever the service put into
/// it. OpenTelemetry sends both to every host; a service that calls third parties may want to
/// name the hosts that belong to it.
///
/// ```
/// use throughline_core::http_client::PropagateTo;
///
/// let ours = PropagateTo::hosts(["payments", "*.example.com"]);
/// assert!(ours.allows("payments"));
/// assert!(ours.allows("eu.API.example.com"));
/// assert!(!ours.allows("example.com"));
/// assert!(!ours.allows("example.com.evil.test"));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum PropagateTo {
    /// Every host, which is the default.
    #[default]
    All,
    /// These hosts.
    Hosts(Hosts),
    /// No host. Spans are still made.
    None,
}

/// The hosts of a [`PropagateTo::Hosts`].
#[derive(Clone, Debug)]
pub struct Hosts(Arc<[Pattern]>);

#[derive(Debug)]
enum Pattern {
    Exact(Box<str>),
    /// The suffix, with its dot.
    Below(Box<str>),
}

impl PropagateTo {
    /// Names the hosts: a name or address, or `*.` and a domain for all names below it.
    ///
    /// Names are compared without case and without a final dot. Ports do not matter. IPv6
    /// addresses are written with or without brackets. A domain's own name is not below it.
    pub fn hosts<I>(hosts: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let patterns = hosts
            .into_iter()
            .map(|host| Pattern::new(host.as_ref()))
            .collect();
        Self::Hosts(Hosts(patterns))
    }

    /// Says whether `host` is told.
    pub fn allows(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Hosts(Hosts(patterns)) => {
                let host = bare(host);
                patterns.iter().any(|pattern| pattern.matches(host))
            }
            Self::None => false,
        }
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        match text.trim().strip_prefix('*') {
            Some(suffix) if suffix.starts_with('.') => {
                Self::Below(bare(suffix).to_ascii_lowercase().into())
            }
            _ => Self::Exact(bare(text.trim()).to_ascii_lowercase().into()),
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => host.eq_ignore_ascii_case(name),
            Self::Below(suffix) => {
                let (host, suffix) = (host.as_bytes(), suffix.as_bytes());
                host.len() > suffix.len()
                    && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
            }
        }
    }
}

/// Takes off the brackets of an IPv6 address and the final dot of a name.
fn bare(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_allows_its_hosts_and_no_others() {
        let list = PropagateTo::hosts([
            "api",
            "*.Example.com",
            "10.0.0.1",
            "[::1]",
            " b.test. ",
            "*",
        ]);
        for (host, allowed) in [
            ("api", true),
            ("API", true),
            ("api.", true),
            ("api2", false),
            ("x.api", false),
            ("a.example.com", true),
            ("a.b.example.COM.", true),
            ("example.com", false),
            ("badexample.com", false),
            ("a.example.com.evil.test", false),
            ("10.0.0.1", true),
            ("10.0.0.10", false),
            ("::1", true),
            ("[::1]", true),
            ("b.test", true),
            ("*", true),
            ("anything", false),
            ("", false),
            ("é.example.com", true),
        ] {
            assert_eq!(list.allows(host), allowed, "{host}");
        }
    }

    #[test]
    fn all_and_none_do_not_look_at_the_host() {
        for host in ["api", ""] {
            assert!(PropagateTo::default().allows(host));
            assert!(!PropagateTo::None.allows(host));
        }
    }
}

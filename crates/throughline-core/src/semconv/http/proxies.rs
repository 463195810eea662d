//! Which proxies are believed.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The peers whose `Forwarded` and `X-Forwarded-*` headers are believed.
///
/// Anybody can send such headers. They are therefore read only when the peer of the connection is trusted, and the chain of
/// clients is walked from the peer outwards only as long as each hop is trusted itself: the first one that is not is the client.
///
/// The default trusts peers that cannot be the public: loopback, private (RFC 1918, RFC 4193), link-local and shared (RFC 6598)
/// addresses. A service behind an ingress or a sidecar so sees the real client with no setting, and a public client that
/// connects directly cannot make up an address. Two things are not covered and need a word:
///
/// - a proxy with a public address (a CDN, a load balancer in front of the ingress): add its [network](Self::network);
/// - a peer whose address is not known, as when the server does not hand on the connection's information:
///   [`unknown_peer`](Self::unknown_peer).
///
/// ```
/// use throughline_core::semconv::http::TrustedProxies;
///
/// let cdn: ipnet::IpNet = "203.0.113.0/24".parse()?;
/// let proxies = TrustedProxies::default().network(cdn);
/// assert!(proxies.trusts("203.0.113.7".parse()?));
/// assert!(!proxies.trusts("198.51.100.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies {
    base: Base,
    networks: Vec<IpNet>,
    unknown_peer: bool,
}

impl TrustedProxies {
    /// Trusts no peer: forwarded headers are never read.
    pub const fn none() -> Self {
        Self {
            base: Base::None,
            networks: Vec::new(),
            unknown_peer: false,
        }
    }

    /// Trusts every peer, also an unknown one: the client's own claim counts.
    ///
    /// Right only where nothing but a proxy that overwrites these headers can reach the service.
    pub const fn all() -> Self {
        Self {
            base: Base::All,
            networks: Vec::new(),
            unknown_peer: true,
        }
    }

    /// Trusts one more network, or one address as a network of its own.
    #[must_use]
    pub fn network(mut self, network: impl Into<IpNet>) -> Self {
        self.networks.push(network.into());
        self
    }

    /// Trusts a peer whose address is not known.
    ///
    /// For servers on a Unix socket, or without connection information, that only a proxy can reach.
    #[must_use]
    pub fn unknown_peer(mut self) -> Self {
        self.unknown_peer = true;
        self
    }

    /// Says whether a hop with this address is trusted.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let base = match self.base {
            Base::None => false,
            Base::Local => is_local(address),
            Base::All => true,
        };
        base || self
            .networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Says whether the forwarded headers of a connection are believed.
    pub fn trusts_peer(&self, peer: Option<SocketAddr>) -> bool {
        peer.map_or(self.unknown_peer, |peer| self.trusts(peer.ip()))
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self {
            base: Base::Local,
            networks: Vec::new(),
            unknown_peer: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    None,
    Local,
    All,
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            // RFC 6598: 100.64.0.0/10 is used inside of clouds and carriers and is not routed publicly.
            let shared = first == 100 && (64..128).contains(&second);
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_trusts_only_what_cannot_be_the_public() {
        for (address, trusted) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("169.254.1.1", true),
            ("100.64.0.1", true),
            ("100.127.255.255", true),
            ("100.128.0.1", false),
            ("100.63.0.1", false),
            ("8.8.8.8", false),
            ("0.0.0.0", false),
            ("::1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("2001:db8::1", false),
            ("::ffff:10.0.0.1", true),
            ("::ffff:8.8.8.8", false),
        ] {
            assert_eq!(
                TrustedProxies::default().trusts(address.parse().unwrap()),
                trusted,
                "{address}"
            );
        }
    }

    #[test]
    fn an_unknown_peer_is_trusted_only_when_said() {
        assert!(!TrustedProxies::default().trusts_peer(None));
        assert!(TrustedProxies::default().unknown_peer().trusts_peer(None));
        assert!(TrustedProxies::all().trusts_peer(None));
        assert!(!TrustedProxies::none().trusts_peer(Some("127.0.0.1:1".parse().unwrap())));
    }

    #[test]
    fn networks_are_added_to_the_base() {
        let network: IpNet = "198.51.100.0/24".parse().unwrap();
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let proxies = TrustedProxies::none().network(network).network(one);
        for (address, trusted) in [
            ("198.51.100.9", true),
            ("198.51.101.9", false),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(
                proxies.trusts(address.parse().unwrap()),
                trusted,
                "{address}"
            );
        }
    }
}

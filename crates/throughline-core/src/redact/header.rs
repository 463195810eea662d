//! Headers that carry credentials.

use http::HeaderName;

/// Says whether a header carries credentials and must never be recorded.
///
/// By its name: `Authorization`, `Cookie`, `X-Api-Key` and every name that contains one of the words by which such headers are
/// called (`token`, `secret`, `api-key`, `session`, `jwt`, and so on). Rather one too many than one too few.
pub fn is_secret_header(name: &HeaderName) -> bool {
    // Header names are lower-case by construction.
    let name = name.as_str();
    EXACT.contains(&name) || PARTS.iter().any(|part| name.contains(part))
}

const EXACT: [&str; 3] = ["dpop", "x-auth", "x-key"];

const PARTS: [&str; 22] = [
    "access-key",
    "accesskey",
    "api-key",
    "api_key",
    "apikey",
    "assertion",
    "authorization",
    "authentication",
    "client-cert",
    "cookie",
    "credential",
    "csrf",
    "jwt",
    "oidc-data",
    "passphrase",
    "password",
    "passwd",
    "private-key",
    "secret",
    "session",
    "signature",
    "token",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_judged_by_name() {
        for (name, secret) in [
            ("Authorization", true),
            ("Proxy-Authorization", true),
            ("Cookie", true),
            ("Set-Cookie", true),
            ("X-Api-Key", true),
            ("X-Auth-Token", true),
            ("x-amz-security-token", true),
            ("X-CSRF-Token", true),
            ("x-goog-iap-jwt-assertion", true),
            ("x-amzn-oidc-data", true),
            ("x-forwarded-client-cert", true),
            ("X-Vault-Token", true),
            ("X-Hub-Signature-256", true),
            ("Authentication-Info", true),
            ("DPoP", true),
            ("content-type", false),
            ("user-agent", false),
            ("x-request-id", false),
            ("x-forwarded-for", false),
            ("www-authenticate", false),
            ("etag", false),
        ] {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            assert_eq!(is_secret_header(&name), secret, "{name}");
        }
    }
}

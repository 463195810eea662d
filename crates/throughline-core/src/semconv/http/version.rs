//! `network.protocol.version`.

use http::Version;

/// Gives `network.protocol.version` of an HTTP version: `0.9`, `1.0`, `1.1`, `2` or `3`.
///
/// `None` for a version that has no name here. HTTP spans, `network.protocol.version`: `2` and `3`, without `.0`.
pub fn protocol_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_3 => Some("3"),
        Version::HTTP_09 => Some("0.9"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_as_the_conventions_write_them() {
        for (version, text) in [
            (Version::HTTP_09, "0.9"),
            (Version::HTTP_10, "1.0"),
            (Version::HTTP_11, "1.1"),
            (Version::HTTP_2, "2"),
            (Version::HTTP_3, "3"),
        ] {
            assert_eq!(protocol_version(version), Some(text));
        }
    }
}

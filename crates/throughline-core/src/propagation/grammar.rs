//! The character classes that the W3C formats share.

/// Removes optional white space (RFC 9110, section 5.6.3: spaces and tabs) at both ends.
pub(super) fn trim_ows(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Whether the text is a `token` (RFC 9110, section 5.6.2).
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_token_byte)
}

/// Whether the byte may stand in a `token`.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the byte is a `baggage-octet`: printable ASCII without space, quote, comma, semicolon and backslash.
pub(super) fn is_baggage_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_white_space_is_spaces_and_tabs_only() {
        for (text, trimmed) in [
            ("", ""),
            (" \t", ""),
            ("a", "a"),
            ("\t a b \t", "a b"),
            ("\u{b}a", "\u{b}a"),
        ] {
            assert_eq!(trim_ows(text.as_bytes()), trimmed.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn a_token_has_no_delimiters_and_is_not_empty() {
        assert!(is_token(b"user-id_1.x!%"));
        for text in ["", "a b", "a=b", "a,b", "(a)", "a/b", "\u{e9}"] {
            assert!(!is_token(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn baggage_octets_are_the_ranges_of_the_specification() {
        for byte in 0..=u8::MAX {
            let listed =
                matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
            assert_eq!(is_baggage_octet(byte), listed, "{byte:#x}");
        }
    }
}

//! Which status codes are errors, and their `error.type`.

use http::StatusCode;

/// Says whether a status code makes the server's span an error: 500 and above.
///
/// HTTP spans, "Status": for a server 4xx is the caller's fault and leaves the span unset. The status carries no description,
/// because `http.response.status_code` already tells it.
pub fn is_server_error(status: StatusCode) -> bool {
    status.as_u16() >= 500
}

/// Says whether a status code makes the client's span an error: 400 and above, unknown codes included.
///
/// HTTP spans, "Status".
pub fn is_client_error(status: StatusCode) -> bool {
    status.as_u16() >= 400
}

/// Gives the three digits of a status code, as `error.type` wants them, from a static table.
///
/// HTTP spans, `error.type`: "the status code number represented as a string".
pub fn error_type(status: StatusCode) -> &'static str {
    // `StatusCode` holds 100 to 999 by construction; `get` keeps this free of a panic if that ever grows.
    let at = usize::from(status.as_u16().saturating_sub(FIRST)) * 3;
    TEXT.get(at..at + 3).unwrap_or("_OTHER")
}

const FIRST: u16 = 100;
const LEN: usize = 900 * 3;
static DIGITS: [u8; LEN] = digits();
static TEXT: &str = match std::str::from_utf8(&DIGITS) {
    Ok(text) => text,
    Err(_) => panic!("digits are ASCII"),
};

/// The digits of 100 to 999, one after the other.
const fn digits() -> [u8; LEN] {
    let mut bytes = [b'0'; LEN];
    let mut at = 0;
    let (mut hundreds, mut tens, mut ones) = (b'1', b'0', b'0');
    while at < LEN {
        bytes[at] = hundreds;
        bytes[at + 1] = tens;
        bytes[at + 2] = ones;
        at += 3;
        ones += 1;
        if ones > b'9' {
            ones = b'0';
            tens += 1;
        }
        if tens > b'9' {
            tens = b'0';
            hundreds += 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_code_has_its_digits() {
        for code in 100..=999 {
            assert_eq!(
                error_type(StatusCode::from_u16(code).unwrap()),
                code.to_string()
            );
        }
    }

    #[test]
    fn status_codes_are_judged_per_side() {
        for (code, server, client) in [
            (100, false, false),
            (101, false, false),
            (200, false, false),
            (204, false, false),
            (304, false, false),
            (399, false, false),
            (400, false, true),
            (404, false, true),
            (499, false, true),
            (500, true, true),
            (503, true, true),
            (599, true, true),
            (600, true, true),
            (999, true, true),
        ] {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(is_server_error(status), server, "{code}");
            assert_eq!(is_client_error(status), client, "{code}");
        }
    }
}

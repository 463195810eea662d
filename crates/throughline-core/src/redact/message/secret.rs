//! Words that name secrets, and the shapes of secrets.

/// How far the secret behind a word reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One value.
    Word,
    /// Several words, to the end of the line.
    Line,
}

/// Says whether a word names a secret.
pub(super) fn kind_of(word: &str) -> Option<Kind> {
    // Of a long word the end says what it is. Separators do not count: `api_key`, `api-key` and `apiKey` are one.
    let mut buffer = [0; 64];
    let mut len = 0;
    let tail = word.as_bytes();
    for byte in &tail[tail.len().saturating_sub(buffer.len())..] {
        if byte.is_ascii_alphanumeric() {
            buffer[len] = byte.to_ascii_lowercase();
            len += 1;
        }
    }
    let word = std::str::from_utf8(&buffer[..len]).unwrap_or_default();
    let has = |part: &&str| word.contains(*part);
    if LINE.iter().any(has) {
        return Some(Kind::Line);
    }
    (WORDS.contains(&word) || PARTS.iter().any(has)).then_some(Kind::Word)
}

const LINE: [&str; 2] = ["authorization", "cookie"];
const WORDS: [&str; 6] = ["auth", "jwt", "otp", "pass", "pin", "sig"];
const PARTS: [&str; 16] = [
    "accesskey",
    "apikey",
    "authkey",
    "clientkey",
    "credential",
    "encryptionkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "sessionid",
    "sharedkey",
    "signature",
    "token",
];

/// Says whether a word behind `Bearer` or `Basic` belongs to a sentence about them.
pub(super) fn is_prose(word: &str) -> bool {
    const PROSE: [&str; 20] = [
        "and",
        "auth",
        "authentication",
        "authorization",
        "challenge",
        "credentials",
        "error",
        "format",
        "header",
        "is",
        "not",
        "or",
        "realm",
        "required",
        "scheme",
        "token",
        "tokens",
        "was",
        "with",
        "expected",
    ];
    let word = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
    PROSE.iter().any(|prose| word.eq_ignore_ascii_case(prose))
}

/// Says whether a word may be Base64 and is no word of a language.
pub(super) fn looks_like_base64(word: &str) -> bool {
    let word = word.trim_end_matches([',', ';', '.', ')']);
    let classes = Classes::of(word.bytes());
    word.len() >= 6
        && (word.ends_with('=') || classes.digits > 0 || (classes.upper > 1 && classes.lower > 0))
}

/// How a private key in PEM begins.
pub(super) const PEM_BEGIN: &str = "-----BEGIN ";

/// How much of a long run decides what it is; more would not be linear, since each word of the run is looked at.
const MAX_LOOK_AHEAD: usize = 256;

/// The length of the secret token that a text starts with, of which `word` is the first part.
pub(super) fn token_len(text: &str, word: &str) -> Option<usize> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/=".contains(&byte);
    if word.starts_with("eyJ") && word.len() >= 10 {
        // The parts of a JSON web token are joined by dots.
        return Some(run(text, |byte| {
            byte.is_ascii_alphanumeric() || b"_-.+/=".contains(&byte)
        }));
    }
    if has_known_prefix(word) || is_opaque(word) {
        return Some(run(text, is_base64));
    }
    // The standard alphabet of Base64, which has a slash: a path is not so long without a dot, a dash or an underscore.
    let len = run(&text[..text.floor_char_boundary(MAX_LOOK_AHEAD)], is_base64);
    let long = &text[..len];
    let classes = Classes::of(long.bytes());
    let padded = len >= 20 && classes.mixed() && (long.ends_with('=') || long.contains('+'));
    let standard = len >= 40
        && classes.upper >= 2
        && classes.lower >= 2
        && classes.digits >= 1
        && !long.contains(['-', '_'])
        && !text[len..].starts_with('.');
    (padded || standard).then(|| run(text, is_base64))
}

/// The length of a private key in PEM that a text starts with, to the end of the text when it is not closed.
pub(super) fn pem_len(text: &str) -> Option<usize> {
    let label = text.strip_prefix(PEM_BEGIN)?;
    // Labels are short; a look further ahead would not be linear.
    let label = &label[..label.floor_char_boundary(64)];
    let (label, _) = label.split_once("-----")?;
    if !label.ends_with("KEY") && !label.ends_with("KEY BLOCK") {
        return None;
    }
    let end = text.find("-----END ").map(|at| at + "-----END ".len());
    Some(
        end.and_then(|end| Some(end + text[end..].find("-----")? + 5))
            .unwrap_or(text.len()),
    )
}

fn has_known_prefix(word: &str) -> bool {
    const AWS: [&str; 9] = [
        "AKIA", "ASIA", "ABIA", "ACCA", "AGPA", "AIDA", "ANPA", "ANVA", "AROA",
    ];
    const PREFIXES: [&str; 24] = [
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xoxa-",
        "xoxb-",
        "xoxp-",
        "xoxr-",
        "xoxs-",
        "xapp-",
        "sk-",
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "rk_test_",
        "whsec_",
        "AIza",
        "npm_",
        "hf_",
        "dop_v1_",
        "pypi-",
    ];
    let aws = AWS.iter().any(|prefix| word.starts_with(prefix))
        && word.len() >= 16
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let others = PREFIXES.iter().any(|prefix| {
        word.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() >= 12 && rest.bytes().any(|byte| byte.is_ascii_digit()))
    });
    aws || others
}

/// Says whether a word is too long and too mixed to be anything but a key.
fn is_opaque(word: &str) -> bool {
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let classes = Classes::of(word.bytes());
    if plain {
        let hexadecimal = word.len() >= 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let lower = word.len() >= 32 && classes.digits >= 4;
        return hexadecimal || lower || word.len() >= 64 || (word.len() >= 20 && classes.mixed());
    }
    word.len() >= 24 && classes.mixed() && !is_uuid(word)
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// How many bytes of each class a word has.
#[derive(Clone, Copy, Default)]
struct Classes {
    upper: usize,
    lower: usize,
    digits: usize,
}

impl Classes {
    fn of(bytes: impl Iterator<Item = u8>) -> Self {
        bytes.fold(Self::default(), |mut classes, byte| {
            classes.upper += usize::from(byte.is_ascii_uppercase());
            classes.lower += usize::from(byte.is_ascii_lowercase());
            classes.digits += usize::from(byte.is_ascii_digit());
            classes
        })
    }

    /// Two digits at least, so that `Http2ConnectionError` stays a name.
    const fn mixed(self) -> bool {
        self.upper >= 2 && self.lower >= 2 && self.digits >= 2
    }
}

fn run(text: &str, what: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| what(*byte)).count()
}

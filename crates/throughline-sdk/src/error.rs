//! Why set-up failed.

use std::{error::Error, fmt, panic::Location};

/// Why [`init`](crate::init) or a [`Builder`](crate::Builder) could not set telemetry up.
///
/// Only what the code asks for can fail. A bad environment variable never stops a service:
/// it is replaced by its default and listed among the warnings of [`Health`](crate::Health).
pub struct InitError(Kind);

#[derive(Debug)]
enum Kind {
    AlreadyInstalled {
        first: &'static Location<'static>,
    },
    Invalid {
        what: &'static str,
        why: String,
    },
    Unsupported {
        what: &'static str,
        feature: &'static str,
    },
    Thread(std::io::Error),
    Client(String),
}

impl InitError {
    pub(crate) fn already_installed(first: &'static Location<'static>) -> Self {
        Self(Kind::AlreadyInstalled { first })
    }

    pub(crate) fn invalid(what: &'static str, why: impl Into<String>) -> Self {
        Self(Kind::Invalid {
            what,
            why: why.into(),
        })
    }

    pub(crate) fn unsupported(what: &'static str, feature: &'static str) -> Self {
        Self(Kind::Unsupported { what, feature })
    }

    pub(crate) fn thread(error: std::io::Error) -> Self {
        Self(Kind::Thread(error))
    }

    pub(crate) fn client(why: impl Into<String>) -> Self {
        Self(Kind::Client(why.into()))
    }

    /// Returns whether telemetry was already installed in this process.
    pub fn is_already_installed(&self) -> bool {
        matches!(self.0, Kind::AlreadyInstalled { .. })
    }

    /// Returns whether a value given in code is not usable.
    pub fn is_invalid_setting(&self) -> bool {
        matches!(self.0, Kind::Invalid { .. } | Kind::Unsupported { .. })
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::AlreadyInstalled { first } => write!(
                f,
                "telemetry was already installed at {first}: keep that guard, or use \
                 `Builder::build` for a pipeline without globals"
            ),
            Kind::Invalid { what, why } => write!(f, "invalid {what}: {why}"),
            Kind::Unsupported { what, feature } => {
                write!(
                    f,
                    "{what} is not compiled in: enable the feature `{feature}` of throughline-sdk"
                )
            }
            Kind::Thread(_) => f.write_str("cannot start the export thread"),
            Kind::Client(why) => write!(f, "cannot build the OTLP client: {why}"),
        }
    }
}

/// The same text as `Display`: what a `main` that returns this error prints.
impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Thread(error) => Some(error),
            _ => None,
        }
    }
}

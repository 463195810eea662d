//! What a tree shows.

use std::borrow::Cow;

use super::Attributes;
use crate::semconv::attr;

/// What a tree shows.
///
/// # Defaults
///
/// | | [`test`](Self::test) | [`console`](Self::console) |
/// | --- | --- | --- |
/// | [`attributes`](Self::attributes) | none | what tells one call from another, listed there |
/// | [`ids`](Self::ids) | hidden | hidden, but for the trace id |
/// | [`header`](Self::header) | no | yes |
/// | [`durations`](Self::durations) | no | yes, with a bar |
/// | [`events`](Self::events) | no | yes |
/// | [`links`](Self::links) | yes | yes |
/// | [`descriptions`](Self::descriptions) | no | yes |
/// | [`limit`](Self::limit) | none | 200 spans a trace |
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct TreeOptions {
    pub(super) attributes: Attributes,
    /// For spans that call nobody; `None` if that makes no difference.
    pub(super) attributes_without_callee: Option<Attributes>,
    pub(super) ids: Ids,
    pub(super) header: bool,
    pub(super) durations: bool,
    pub(super) events: bool,
    pub(super) links: bool,
    pub(super) descriptions: bool,
    pub(super) limit: usize,
}

/// What the console preset shows.
const CONSOLE: [&str; 12] = [
    attr::HTTP_RESPONSE_STATUS_CODE,
    attr::RPC_RESPONSE_STATUS_CODE,
    attr::ERROR_TYPE,
    attr::EXCEPTION_TYPE,
    attr::EXCEPTION_MESSAGE,
    attr::SERVER_ADDRESS,
    attr::SERVER_PORT,
    attr::DB_RESPONSE_RETURNED_ROWS,
    attr::DB_ROWS_AFFECTED,
    attr::CACHE_HIT,
    "messaging.batch.message_count",
    attr::USER_ID,
];

/// What says whom a span calls.
const CALLEE: [&str; 2] = [attr::SERVER_ADDRESS, attr::SERVER_PORT];

/// How ids are shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ids {
    /// As they are, in hex.
    Full,
    /// Not at all.
    #[default]
    Hidden,
    /// As `#1`, `#2`, .. in the order of the text.
    Numbered,
}

impl TreeOptions {
    /// Shows what stays the same from run to run: kinds, names, statuses, marks and links.
    pub fn test() -> Self {
        Self {
            attributes: Attributes::None,
            attributes_without_callee: None,
            ids: Ids::Hidden,
            header: false,
            durations: false,
            events: false,
            links: true,
            descriptions: false,
            limit: usize::MAX,
        }
    }

    /// Shows a person where the time went and what failed.
    ///
    /// Attributes: `http.response.status_code`, `rpc.response.status_code`, `error.type`,
    /// `exception.type`, `exception.message`, `server.address`, `server.port`,
    /// `db.response.returned_rows`, `db.rows_affected`, `cache.hit`,
    /// `messaging.batch.message_count`, `user.id`.
    ///
    /// `server.address` and `server.port` are shown on CLIENT and PRODUCER spans only: there
    /// they say who was called, elsewhere they repeat where the service is.
    pub fn console() -> Self {
        Self {
            attributes: Attributes::listed(CONSOLE),
            attributes_without_callee: Some(Attributes::listed(
                CONSOLE.into_iter().filter(|key| !CALLEE.contains(key)),
            )),
            ids: Ids::Hidden,
            header: true,
            durations: true,
            events: true,
            links: true,
            descriptions: true,
            limit: 200,
        }
    }

    /// Shows the attributes of these keys, in this order; on events and links too.
    #[must_use]
    pub fn attributes<K: Into<Cow<'static, str>>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.show(Attributes::listed(keys))
    }

    /// Shows every attribute, in the order of setting; on events and links too.
    #[must_use]
    pub fn all_attributes(self) -> Self {
        self.show(Attributes::All)
    }

    /// Shows no attribute.
    #[must_use]
    pub fn no_attributes(self) -> Self {
        self.show(Attributes::None)
    }

    /// Shows ids in this way.
    #[must_use]
    pub fn ids(mut self, ids: Ids) -> Self {
        self.ids = ids;
        self
    }

    /// Starts each trace with a line of its id, its size and, with durations, its time.
    #[must_use]
    pub fn header(mut self, shown: bool) -> Self {
        self.header = shown;
        self
    }

    /// Puts each span's duration in front of it, and a bar of when in the trace it ran.
    #[must_use]
    pub fn durations(mut self, shown: bool) -> Self {
        self.durations = shown;
        self
    }

    /// Shows events under their span.
    #[must_use]
    pub fn events(mut self, shown: bool) -> Self {
        self.events = shown;
        self
    }

    /// Shows links under their span.
    #[must_use]
    pub fn links(mut self, shown: bool) -> Self {
        self.links = shown;
        self
    }

    /// Shows the description of an error status.
    #[must_use]
    pub fn descriptions(mut self, shown: bool) -> Self {
        self.descriptions = shown;
        self
    }

    /// Shows at most this many spans of a trace, and how many more there are.
    #[must_use]
    pub fn limit(mut self, spans: usize) -> Self {
        self.limit = spans;
        self
    }

    fn show(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self.attributes_without_callee = None;
        self
    }
}

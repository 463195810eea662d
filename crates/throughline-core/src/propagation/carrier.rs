//! Where fields are read from and written to.
//!
//! The codec is written once, over [`ReadFields`] and [`WriteFields`]. A [`HeaderMap`] implements them itself, with
//! prepared names and without a copy; everything else comes through OpenTelemetry's [`Extractor`] and [`Injector`].

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector};

use super::traceparent::Traceparent;

/// A header field of the W3C formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Traceparent,
    Tracestate,
    Baggage,
}

impl Field {
    pub(super) const ALL: [Self; 3] = [Self::Traceparent, Self::Tracestate, Self::Baggage];

    /// The name in lower case, which every carrier must use (Trace Context level 2, section 3.2.1).
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Traceparent => "traceparent",
            Self::Tracestate => "tracestate",
            Self::Baggage => "baggage",
        }
    }

    /// Whether a name in lower case is the field's.
    fn is(self, name: &str) -> bool {
        // The lengths first: they tell most names apart.
        name.len() == self.name().len() && name == self.name()
    }

    fn header_name(self) -> &'static HeaderName {
        static TRACEPARENT: HeaderName = HeaderName::from_static(Field::Traceparent.name());
        static TRACESTATE: HeaderName = HeaderName::from_static(Field::Tracestate.name());
        static BAGGAGE: HeaderName = HeaderName::from_static(Field::Baggage.name());
        match self {
            Self::Traceparent => &TRACEPARENT,
            Self::Tracestate => &TRACESTATE,
            Self::Baggage => &BAGGAGE,
        }
    }
}

/// A carrier that the codec reads.
pub(super) trait ReadFields {
    /// Returns the values of a field in the order they were received.
    fn values(&self, field: Field) -> impl Iterator<Item = &[u8]>;
}

/// A carrier that the codec writes. A value that the carrier refuses is not sent.
pub(super) trait WriteFields {
    fn set_traceparent(&mut self, parent: Traceparent);

    /// Replaces all values of the field.
    fn set(&mut self, field: Field, value: String);

    /// Removes all values of the field, if the carrier can.
    fn remove(&mut self, field: Field);
}

impl ReadFields for HeaderMap {
    fn values(&self, field: Field) -> impl Iterator<Item = &[u8]> {
        self.get_all(field.header_name())
            .iter()
            .map(HeaderValue::as_bytes)
    }
}

/// What a look at each header's name found.
///
/// A look-up hashes the name. Most requests have few headers and one of ours at most, and
/// then looking at each name once is less work than looking up three.
pub(super) enum Scan<'a> {
    /// No header of ours.
    Nothing,
    /// One `traceparent`, and nothing else of ours.
    Traceparent(&'a [u8]),
    /// Anything else: look the headers up.
    More,
}

/// With more headers than this, looking up is less work.
const FEW_HEADERS: usize = 24;

impl<'a> Scan<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        if headers.len() > FEW_HEADERS {
            return Self::More;
        }
        let mut found = Self::Nothing;
        for (name, value) in headers {
            let name = name.as_str();
            let is = |field: Field| field.is(name);
            if is(Field::Traceparent) && matches!(found, Self::Nothing) {
                found = Self::Traceparent(value.as_bytes());
            } else if Field::ALL.into_iter().any(is) {
                return Self::More;
            }
        }
        found
    }
}

impl WriteFields for HeaderMap {
    fn set_traceparent(&mut self, parent: Traceparent) {
        // One heap block, also when a client clones its headers; a copied slice gets a second
        // one at its first clone.
        let text = Bytes::from_owner(parent.encode());
        if let Ok(value) = HeaderValue::from_maybe_shared(text) {
            insert(self, Field::Traceparent.header_name(), value);
        }
    }

    fn set(&mut self, field: Field, value: String) {
        if let Ok(value) = HeaderValue::try_from(value) {
            insert(self, field.header_name(), value);
        }
    }

    fn remove(&mut self, field: Field) {
        // Most requests do not have it, and looking at a few names is less work than a hash.
        if self.len() > FEW_HEADERS || self.keys().any(|name| field.is(name.as_str())) {
            HeaderMap::remove(self, field.header_name());
        }
    }
}

/// Replaces a header. A map that is full stays as it is: `insert` would panic.
fn insert(headers: &mut HeaderMap, name: &HeaderName, value: HeaderValue) {
    let _full = headers.try_insert(name, value);
}

/// Any [`Extractor`] as a carrier.
pub(super) struct ExtractorFields<'a>(pub(super) &'a dyn Extractor);

impl ReadFields for ExtractorFields<'_> {
    fn values(&self, field: Field) -> impl Iterator<Item = &[u8]> {
        self.0
            .get_all(field.name())
            .unwrap_or_default()
            .into_iter()
            .map(str::as_bytes)
    }
}

/// Any [`Injector`] as a carrier. It has no way to remove a field.
pub(super) struct InjectorFields<'a>(pub(super) &'a mut dyn Injector);

impl WriteFields for InjectorFields<'_> {
    fn set_traceparent(&mut self, parent: Traceparent) {
        self.0.set(Field::Traceparent.name(), parent.to_string());
    }

    fn set(&mut self, field: Field, value: String) {
        self.0.set(field.name(), value);
    }

    fn remove(&mut self, _field: Field) {}
}

/// Whether the name, in any case, is that of the baggage field.
pub(super) fn is_baggage(name: &str) -> bool {
    name.eq_ignore_ascii_case(Field::Baggage.name())
}

/// A header map for somebody else's propagator to read.
pub(super) struct HeaderExtractor<'a>(pub(super) &'a HeaderMap);

impl Extractor for HeaderExtractor<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values: Vec<&str> = self
            .0
            .get_all(key)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        (!values.is_empty()).then_some(values)
    }
}

/// A header map for somebody else's propagator to write. An empty value removes the header.
pub(super) struct HeaderInjector<'a>(pub(super) &'a mut HeaderMap);

impl Injector for HeaderInjector<'_> {
    fn set(&mut self, key: &str, value: String) {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value))
        else {
            return;
        };
        if value.is_empty() {
            self.0.remove(name);
        } else {
            insert(self.0, &name, value);
        }
    }

    fn reserve(&mut self, additional: usize) {
        // Only a hint: when the map cannot grow, `set` leaves it as it is.
        let _full = self.0.try_reserve(additional);
    }
}

/// An extractor that does not show the baggage field.
pub(super) struct WithoutBaggage<'a>(pub(super) &'a dyn Extractor);

impl Extractor for WithoutBaggage<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if is_baggage(key) {
            return None;
        }
        self.0.get(key)
    }

    fn keys(&self) -> Vec<&str> {
        let mut keys = self.0.keys();
        keys.retain(|key| !is_baggage(key));
        keys
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        if is_baggage(key) {
            return None;
        }
        self.0.get_all(key)
    }
}

/// An injector that does not write the baggage field.
pub(super) struct KeepBaggageOut<'a>(pub(super) &'a mut dyn Injector);

impl Injector for KeepBaggageOut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if !is_baggage(key) {
            self.0.set(key, value);
        }
    }

    fn reserve(&mut self, additional: usize) {
        self.0.reserve(additional);
    }
}

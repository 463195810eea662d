//! The `traceparent` value: 55 bytes at fixed positions.

use std::fmt;

use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};

use super::{grammar::trim_ows, hex};

/// The bit that says that the trace id has at least seven random bytes (level 2).
const RANDOM: TraceFlags = TraceFlags::new(0x02);

/// The bits that level 2 defines. All others are reserved, and cleared in both directions.
const KNOWN_FLAGS: TraceFlags = TraceFlags::new(0x03);

/// The length of a version 00 value, and of the part of any later version that can be understood.
const LEN: usize = 55;

/// One `traceparent` value: trace id, parent id and flags, all valid.
///
/// The parts and their rules are those of [Trace Context level 2, section 3.2].
///
/// ```
/// use throughline_core::propagation::Traceparent;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent = Traceparent::parse(text.as_bytes()).expect("it is well-formed");
///
/// assert!(parent.span_context().is_sampled());
/// assert_eq!(parent.to_string(), text);
/// ```
///
/// [Trace Context level 2, section 3.2]: https://www.w3.org/TR/trace-context-2/#traceparent-header
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
}

impl Traceparent {
    /// Reads one header value, with or without white space around it.
    ///
    /// `None` when the value is not valid: the wrong length, version `ff`, a character that is not lower-case hex,
    /// or an id of zeros. A version above 00 may be longer than 55 bytes, if a dash follows the flags; what is
    /// behind it is not looked at. Reserved flags are cleared.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let value = trim_ows(value);
        let head = value.first_chunk::<LEN>()?;

        let mut wrong = 0;
        let mut word = |at: usize| {
            let mut text = [b'0'; 8];
            text.copy_from_slice(&head[at..at + 8]);
            hex::decode(text, &mut wrong)
        };
        let trace_id = TraceId::from(
            u128::from(word(3)) << 96
                | u128::from(word(11)) << 64
                | u128::from(word(19)) << 32
                | u128::from(word(27)),
        );
        let span_id = SpanId::from(u64::from(word(36)) << 32 | u64::from(word(44)));
        // Version and flags are two digits each, and share one word.
        let ends = [b'0', b'0', b'0', b'0', head[0], head[1], head[53], head[54]];
        let [_, _, version, flags] = hex::decode(ends, &mut wrong).to_be_bytes();

        let dashed = head[2] == b'-' && head[35] == b'-' && head[52] == b'-';
        let version_allows_length = match value.get(LEN) {
            None => true,
            Some(next) => version != 0 && *next == b'-',
        };
        let valid = dashed
            && version_allows_length
            && wrong == 0
            && version != 0xff
            && trace_id != TraceId::INVALID
            && span_id != SpanId::INVALID;
        valid.then_some(Self {
            trace_id,
            span_id,
            flags: TraceFlags::new(flags) & KNOWN_FLAGS,
        })
    }

    /// Takes the value to send as the parent of what comes next.
    ///
    /// `None` when the span context is not valid. Flags other than *sampled* and *random* are cleared.
    pub fn from_span_context(span_context: &SpanContext) -> Option<Self> {
        span_context.is_valid().then(|| Self {
            trace_id: span_context.trace_id(),
            span_id: span_context.span_id(),
            flags: span_context.trace_flags() & KNOWN_FLAGS,
        })
    }

    /// Returns the remote span context that the value stands for, without `tracestate`.
    pub fn span_context(self) -> SpanContext {
        self.into_span_context(TraceState::NONE)
    }

    /// Writes the value in version 00: always 55 bytes of ASCII.
    pub fn encode(self) -> [u8; LEN] {
        // All bytes at once, so that the digits are made in a few wide steps.
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.trace_id.to_bytes());
        bytes[16..24].copy_from_slice(&self.span_id.to_bytes());
        bytes[24] = self.flags.to_u8();
        let digits = hex::encode(bytes);

        let mut out = *b"00-________________________________-________________-__";
        out[3..35].copy_from_slice(&digits[..32]);
        out[36..52].copy_from_slice(&digits[32..48]);
        out[53..].copy_from_slice(&digits[48..50]);
        out
    }

    /// Names a span that exists nowhere: the one that this process would have recorded.
    pub(super) fn with_fresh_span_id(self) -> Self {
        Self {
            span_id: SpanId::from(fastrand::u64(1..)),
            ..self
        }
    }

    pub(super) fn trace_id(self) -> TraceId {
        self.trace_id
    }

    pub(super) fn into_span_context(self, trace_state: TraceState) -> SpanContext {
        SpanContext::new(self.trace_id, self.span_id, self.flags, true, trace_state)
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace_id,
            span_id,
            flags,
        } = self;
        write!(f, "00-{trace_id}-{span_id}-{:02x}", flags.to_u8())
    }
}

/// Returns the child's span context with the parent's *random* flag.
///
/// The flag is a property of the trace id, so every span of the trace has it ([Trace Context level 2, section
/// 3.2.2.5.2]). The OpenTelemetry SDK hands it to the spans it samples, and forgets it on those it drops; a layer
/// that passes on a dropped span's context calls this. The child comes back as it is when it belongs to another
/// trace, has the flag already, or the parent does not have it.
///
/// [Trace Context level 2, section 3.2.2.5.2]: https://www.w3.org/TR/trace-context-2/#random-trace-id-flag
pub fn inherit_random_flag(child: SpanContext, parent: &SpanContext) -> SpanContext {
    let random = parent.trace_flags() & RANDOM;
    if random == TraceFlags::NOT_SAMPLED
        || child.trace_id() != parent.trace_id()
        || child.trace_flags() & RANDOM == RANDOM
    {
        return child;
    }
    SpanContext::new(
        child.trace_id(),
        child.span_id(),
        child.trace_flags() | random,
        child.is_remote(),
        child.trace_state().clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn parsed(text: &str) -> Option<String> {
        Traceparent::parse(text.as_bytes()).map(|parent| parent.to_string())
    }

    #[test]
    fn a_valid_value_is_read_in_any_version_and_written_in_version_00() {
        for (text, flags) in [
            (format!("00-{TRACE}-{SPAN}-00"), "00"),
            (format!("00-{TRACE}-{SPAN}-01"), "01"),
            (format!("00-{TRACE}-{SPAN}-02"), "02"),
            (format!("00-{TRACE}-{SPAN}-03"), "03"),
            (format!("00-{TRACE}-{SPAN}-fd"), "01"),
            (format!("00-{TRACE}-{SPAN}-fc"), "00"),
            (format!("01-{TRACE}-{SPAN}-01"), "01"),
            (format!("fe-{TRACE}-{SPAN}-01-"), "01"),
            (format!("7a-{TRACE}-{SPAN}-01-more to come, \u{fe}"), "01"),
            (format!(" \t00-{TRACE}-{SPAN}-01\t "), "01"),
        ] {
            assert_eq!(
                parsed(&text),
                Some(format!("00-{TRACE}-{SPAN}-{flags}")),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_invalid_value_is_refused() {
        let zero_trace = "0".repeat(32);
        let zero_span = "0".repeat(16);
        for text in [
            String::new(),
            "00".to_owned(),
            "-".repeat(55),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("000-{TRACE}-{SPAN}-01"),
            format!("0x-{TRACE}-{SPAN}-01"),
            format!("00_{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}_{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}_01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-0A"),
            format!("0A-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}f-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &SPAN[1..]),
            format!("00-{TRACE}-{SPAN}f-01"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-001"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01 x"),
            format!("01-{TRACE}-{SPAN}-01x"),
            format!("00-{zero_trace}-{SPAN}-01"),
            format!("00-{TRACE}-{zero_span}-01"),
            format!("00-{TRACE}-{SPAN}-0\u{7f}"),
            format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(parsed(&text), None, "{text:?}");
        }
    }

    #[test]
    fn every_byte_that_is_not_lower_case_hex_is_refused_at_every_position() {
        let valid = format!("00-{TRACE}-{SPAN}-01").into_bytes();
        for position in 0..valid.len() {
            for byte in 0..=u8::MAX {
                let mut text = valid.clone();
                text[position] = byte;
                let digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                let expected = match position {
                    2 | 35 | 52 => byte == b'-',
                    _ => digit,
                } && !text.starts_with(b"ff");
                assert_eq!(
                    Traceparent::parse(&text).is_some(),
                    expected,
                    "{byte:#x} at {position}"
                );
            }
        }
    }

    #[test]
    fn encoding_and_display_say_the_same() {
        let parent = Traceparent::parse(format!("00-{TRACE}-{SPAN}-03").as_bytes()).unwrap();
        assert_eq!(parent.encode().as_slice(), parent.to_string().as_bytes());
    }

    #[test]
    fn an_invalid_span_context_has_no_value_to_send() {
        assert_eq!(Traceparent::from_span_context(&SpanContext::NONE), None);
    }

    #[test]
    fn unknown_flags_of_a_span_context_are_not_sent() {
        let span_context = SpanContext::new(
            TraceId::from(1),
            SpanId::from(2),
            TraceFlags::new(0xff),
            false,
            TraceState::NONE,
        );
        let sent = Traceparent::from_span_context(&span_context).unwrap();
        assert!(sent.to_string().ends_with("-03"));
    }

    #[test]
    fn a_dropped_child_inherits_the_random_flag_of_its_own_trace_only() {
        let context = |trace: u128, span: u64, flags: u8| {
            SpanContext::new(
                TraceId::from(trace),
                SpanId::from(span),
                TraceFlags::new(flags),
                false,
                TraceState::from_key_value([("foo", "1")]).unwrap(),
            )
        };
        for (child, parent, flags) in [
            (context(1, 2, 0x00), context(1, 1, 0x02), 0x02),
            (context(1, 2, 0x01), context(1, 1, 0x02), 0x03),
            (context(1, 2, 0x00), context(1, 1, 0x01), 0x00),
            (context(1, 2, 0x02), context(1, 1, 0x02), 0x02),
            (context(9, 2, 0x00), context(1, 1, 0x02), 0x00),
        ] {
            let inherited = inherit_random_flag(child.clone(), &parent);
            assert_eq!(inherited.trace_flags(), TraceFlags::new(flags));
            assert_eq!(inherited.trace_id(), child.trace_id());
            assert_eq!(inherited.span_id(), child.span_id());
            assert_eq!(inherited.trace_state(), child.trace_state());
        }
    }
}

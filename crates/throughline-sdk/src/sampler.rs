//! Which traces are recorded: the decision at a span's start.

use std::fmt;

use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanContext, SpanKind, SpanRef, TraceContextExt as _, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};
use throughline_core::telemetry::{Head, HeadSampler};

use crate::ids;

/// One more than the largest random value of a trace: 56 bits.
const RANDOM_RANGE: u64 = 1 << 56;

/// The member of `tracestate` that OpenTelemetry owns.
const OTEL_MEMBER: &str = "ot";

/// How many traces are recorded.
///
/// A span with a parent follows the parent's decision, unless
/// [`ignoring_parent`](Sampling::ignoring_parent) is set. A span that starts a trace is
/// decided by the trace's random value R, the low 56 bits of the trace id (or `rv` of the
/// `ot` member of `tracestate`): it is recorded if R is at least the threshold
/// (1 - ratio) * 2^56. So of two services that decide for themselves, the one with the lower
/// ratio records a part of what the other records (specification: "TraceState: Probability
/// Sampling").
///
/// | parent | decision | `tracestate` |
/// | --- | --- | --- |
/// | none | R >= threshold | `ot=th:…` if recorded and the ratio is below 1 |
/// | sampled | record | the parent's |
/// | not sampled | drop | the parent's |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    root: Root,
    follows_parent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Root {
    On,
    Off,
    Ratio { ratio: f64, threshold: u64 },
}

impl Sampling {
    /// Records every trace that starts here.
    pub const fn always_on() -> Self {
        Self {
            root: Root::On,
            follows_parent: true,
        }
    }

    /// Records no trace that starts here.
    pub const fn always_off() -> Self {
        Self {
            root: Root::Off,
            follows_parent: true,
        }
    }

    /// Records this part, from 0 to 1, of the traces that start here.
    ///
    /// Values outside that range count as the nearest one inside, and NaN as 1.
    pub fn ratio(ratio: f64) -> Self {
        let root = if ratio.is_nan() || ratio >= 1.0 {
            Root::On
        } else {
            let threshold = threshold(ratio);
            if threshold >= RANDOM_RANGE {
                Root::Off
            } else {
                Root::Ratio { ratio, threshold }
            }
        };
        Self {
            root,
            follows_parent: true,
        }
    }

    /// Decides each span by the trace's random value, whatever the parent's decision was.
    pub const fn ignoring_parent(self) -> Self {
        Self {
            follows_parent: false,
            ..self
        }
    }

    fn records(self, trace_id: TraceId, state: Option<&TraceState>) -> bool {
        match self.root {
            Root::On => true,
            Root::Off => false,
            Root::Ratio { threshold, .. } => random_value(trace_id, state) >= threshold,
        }
    }

    /// The threshold to tell others, where it says more than "everything".
    fn threshold(self) -> Option<u64> {
        match self.root {
            Root::Ratio { threshold, .. } => Some(threshold),
            Root::On | Root::Off => None,
        }
    }
}

impl Default for Sampling {
    fn default() -> Self {
        Self::always_on()
    }
}

/// The names are those of `OTEL_TRACES_SAMPLER`.
impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.follows_parent {
            f.write_str("parentbased_")?;
        }
        match self.root {
            Root::On => f.write_str("always_on"),
            Root::Off => f.write_str("always_off"),
            Root::Ratio { ratio, .. } => write!(f, "traceidratio({ratio})"),
        }
    }
}

/// The sampler that the provider calls.
#[derive(Clone, Debug)]
pub(crate) struct SpanSampler {
    sampling: Sampling,
    /// What a recorded root gets, made once.
    root_state: TraceState,
}

impl SpanSampler {
    pub(crate) fn new(sampling: Sampling) -> Self {
        let root_state = with_threshold(&TraceState::default(), sampling.threshold());
        Self {
            sampling,
            root_state,
        }
    }

    fn result(records: bool, trace_state: TraceState) -> SamplingResult {
        let decision = if records {
            SamplingDecision::RecordAndSample
        } else {
            SamplingDecision::Drop
        };
        SamplingResult {
            decision,
            attributes: Vec::new(),
            trace_state,
        }
    }
}

impl ShouldSample for SpanSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        _name: &str,
        _span_kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let span = parent_context.map(|context| context.span());
        let parent = span
            .as_ref()
            .map(SpanRef::span_context)
            .filter(|ids| ids.is_valid());
        match parent {
            None => {
                let records = self.sampling.records(trace_id, None);
                let state = if records {
                    self.root_state.clone()
                } else {
                    TraceState::default()
                };
                Self::result(records, state)
            }
            Some(parent) if self.sampling.follows_parent => {
                Self::result(parent.is_sampled(), parent.trace_state().clone())
            }
            Some(parent) => {
                let records = self.sampling.records(trace_id, Some(parent.trace_state()));
                let threshold = self.sampling.threshold().filter(|_| records);
                Self::result(records, with_threshold(parent.trace_state(), threshold))
            }
        }
    }
}

/// Foretells what [`ShouldSample`] will say.
impl HeadSampler for SpanSampler {
    fn decide(&self, parent: &SpanContext) -> Head {
        if parent.is_valid() {
            if self.sampling.follows_parent {
                return if parent.is_sampled() {
                    Head::Record
                } else {
                    Head::DropAsParent
                };
            }
            let state = Some(parent.trace_state());
            return if self.sampling.records(parent.trace_id(), state) {
                Head::Record
            } else {
                Head::Drop(ids::unsampled(
                    parent.trace_id(),
                    parent.trace_state().clone(),
                ))
            };
        }
        // A root is decided by its trace id, so that is made first. If the root records, the
        // provider takes the same.
        let trace_id = ids::new_trace_id();
        if self.sampling.records(trace_id, None) {
            ids::reserve(trace_id);
            Head::Record
        } else {
            Head::Drop(ids::unsampled(trace_id, TraceState::NONE))
        }
    }
}

fn threshold(ratio: f64) -> u64 {
    // 2^56 and every threshold up to it are exact in an f64 but for the lowest bits of the
    // fraction, which a ratio cannot express anyway.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the product lies between 0 and 2^56"
    )]
    let kept = (ratio.clamp(0.0, 1.0) * RANDOM_RANGE as f64).round() as u64;
    RANDOM_RANGE - kept.min(RANDOM_RANGE)
}

fn random_value(trace_id: TraceId, state: Option<&TraceState>) -> u64 {
    state.and_then(explicit_random_value).unwrap_or_else(|| {
        let id = u128::from_be_bytes(trace_id.to_bytes());
        u64::try_from(id % u128::from(RANDOM_RANGE)).unwrap_or_default()
    })
}

fn explicit_random_value(state: &TraceState) -> Option<u64> {
    let value = sub_keys(state.get(OTEL_MEMBER)?)
        .find_map(|(key, value)| (key == "rv").then_some(value))?;
    let is_valid = value.len() == 14
        && value
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_valid {
        u64::from_str_radix(value, 16).ok()
    } else {
        None
    }
}

/// Returns `state` with `th` of the `ot` member set, or removed where the probability is not
/// known or is that of everything.
fn with_threshold(state: &TraceState, threshold: Option<u64>) -> TraceState {
    let member = state.get(OTEL_MEMBER).unwrap_or_default();
    let kept = sub_keys(member)
        .filter(|(key, _)| *key != "th")
        .map(|(key, value)| format!("{key}:{value}"));
    let value: Vec<_> = threshold
        .map(|threshold| format!("th:{}", encode(threshold)))
        .into_iter()
        .chain(kept)
        .collect();
    let changed = if value.is_empty() {
        state.delete(OTEL_MEMBER)
    } else {
        state.insert(OTEL_MEMBER, value.join(";"))
    };
    changed.unwrap_or_else(|_| state.clone())
}

/// Trailing zeros carry nothing and are left out; a threshold of zero is a single one.
fn encode(threshold: u64) -> String {
    let hex = format!("{threshold:014x}");
    match hex.trim_end_matches('0') {
        "" => "0".to_owned(),
        significant => significant.to_owned(),
    }
}

fn sub_keys(member: &str) -> impl Iterator<Item = (&str, &str)> {
    member.split(';').filter_map(|pair| pair.split_once(':'))
}

#[cfg(test)]
mod tests {
    use opentelemetry::{
        SpanId, TraceFlags,
        trace::{Span as _, Tracer as _, TracerProvider as _},
    };
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;
    use crate::ids::Ids;

    const HALF: TraceId = trace_id(0x80_0000_0000_0000);
    const BELOW_HALF: TraceId = trace_id(0x1111_0000_0000_0000_007f_ffff_ffff_ffff);

    const fn trace_id(number: u128) -> TraceId {
        TraceId::from_bytes(number.to_be_bytes())
    }

    fn ask(sampling: Sampling, parent: Option<(bool, &str)>, trace_id: TraceId) -> (bool, String) {
        let parent = parent.map(|(sampled, state)| {
            let flags = TraceFlags::default().with_sampled(sampled);
            let state = state.parse().unwrap();
            let ids = SpanContext::new(trace_id, SpanId::from_bytes([1; 8]), flags, true, state);
            Context::new().with_remote_span_context(ids)
        });
        let result = SpanSampler::new(sampling).should_sample(
            parent.as_ref(),
            trace_id,
            "",
            &SpanKind::Server,
            &[],
            &[],
        );
        (
            result.decision == SamplingDecision::RecordAndSample,
            result.trace_state.header(),
        )
    }

    #[test]
    fn a_root_is_decided_by_the_low_56_bits_of_its_trace_id() {
        let half = Sampling::ratio(0.5);
        let quarter = Sampling::ratio(0.25);
        let high = trace_id(0xc0_0000_0000_0000);
        // (sampling, trace id, expected)
        let table = [
            (half, HALF, (true, "ot=th:8")),
            (half, BELOW_HALF, (false, "")),
            (quarter, HALF, (false, "")),
            (quarter, high, (true, "ot=th:c")),
            (half, high, (true, "ot=th:8")),
            (Sampling::always_on(), BELOW_HALF, (true, "")),
            (Sampling::always_off(), high, (false, "")),
            (Sampling::ratio(0.0), high, (false, "")),
            (Sampling::ratio(1.0), BELOW_HALF, (true, "")),
            (Sampling::ratio(f64::NAN), BELOW_HALF, (true, "")),
            (Sampling::ratio(-3.0), high, (false, "")),
        ];
        for (sampling, trace_id, (records, state)) in table {
            let answer = ask(sampling, None, trace_id);
            assert_eq!(answer, (records, state.to_owned()), "{sampling} {trace_id}");
        }
    }

    #[test]
    fn a_span_with_a_parent_follows_it_and_keeps_its_tracestate() {
        for sampling in [
            Sampling::always_on(),
            Sampling::always_off(),
            Sampling::ratio(0.5),
        ] {
            for sampled in [true, false] {
                let answer = ask(sampling, Some((sampled, "ot=th:c;rv:0,vendor=1")), HALF);
                assert_eq!(
                    answer,
                    (sampled, "ot=th:c;rv:0,vendor=1".to_owned()),
                    "{sampling}"
                );
            }
        }
    }

    #[test]
    fn ignoring_the_parent_goes_by_the_explicit_random_value_and_states_its_own_threshold() {
        let sampling = Sampling::ratio(0.5).ignoring_parent();
        // (parent's tracestate, expected)
        let table = [
            (
                "ot=rv:ffffffffffffff;th:c,vendor=1",
                (true, "ot=th:8;rv:ffffffffffffff,vendor=1"),
            ),
            (
                "ot=rv:00000000000000;th:c,vendor=1",
                (false, "ot=rv:00000000000000,vendor=1"),
            ),
            // Not 14 lower-case hex digits: the trace id decides.
            ("ot=rv:FFFFFFFFFFFFFF", (false, "ot=rv:FFFFFFFFFFFFFF")),
            ("vendor=1", (false, "vendor=1")),
            ("ot=th:c", (false, "")),
        ];
        for (state, (records, expected)) in table {
            let answer = ask(sampling, Some((true, state)), BELOW_HALF);
            assert_eq!(answer, (records, expected.to_owned()), "{state}");
        }
    }

    #[test]
    fn a_tenth_records_about_a_tenth() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let recorded = (0..20_000)
            .filter(|_| {
                // splitmix64
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let id = trace_id(u128::from(mixed ^ (mixed >> 31)));
                ask(Sampling::ratio(0.1), None, id).0
            })
            .count();
        assert!((1_800..2_200).contains(&recorded), "{recorded} of 20,000");
    }

    #[test]
    fn the_name_is_that_of_the_environment_variable() {
        assert_eq!(Sampling::default().to_string(), "parentbased_always_on");
        assert_eq!(
            Sampling::ratio(0.1).to_string(),
            "parentbased_traceidratio(0.1)"
        );
        assert_eq!(
            Sampling::always_off().ignoring_parent().to_string(),
            "always_off"
        );
    }

    #[test]
    fn what_is_foretold_is_what_the_provider_does() {
        let mut recorded = 0;
        for (sampling, parent) in [
            (Sampling::always_on(), None),
            (Sampling::always_off(), None),
            (Sampling::ratio(0.5), None),
            (Sampling::ratio(0.5), Some(true)),
            (Sampling::ratio(0.5), Some(false)),
            (Sampling::ratio(0.5).ignoring_parent(), Some(true)),
            (Sampling::always_off().ignoring_parent(), Some(true)),
        ] {
            let sampler = SpanSampler::new(sampling);
            let provider = SdkTracerProvider::builder()
                .with_sampler(sampler.clone())
                .with_id_generator(Ids::default())
                .build();
            for n in 1..=100 {
                let cx = match parent {
                    None => Context::new(),
                    Some(flag) => Context::new().with_remote_span_context(SpanContext::new(
                        trace_id(n * 0x9e37_79b9_7f4a_7c15),
                        SpanId::from(1),
                        TraceFlags::default().with_sampled(flag),
                        true,
                        TraceState::NONE,
                    )),
                };
                let foretold = sampler.decide(cx.span().span_context());
                match &foretold {
                    Head::Drop(ids) => {
                        assert!(ids.is_valid() && !ids.is_sampled());
                        continue;
                    }
                    Head::DropAsParent => {
                        assert_eq!(parent, Some(false));
                        continue;
                    }
                    _ => {}
                }
                assert_eq!(foretold, Head::Record, "{sampling}: it can always tell");
                let span = provider.tracer("test").start_with_context("span", &cx);
                assert!(span.is_recording(), "{sampling} with parent {parent:?}");
                recorded += 1;
            }
        }
        // 100 + 0 + half + 100 + 0 + half + 0, with a wide margin for luck.
        assert!((240..360).contains(&recorded), "{recorded}");
    }
}

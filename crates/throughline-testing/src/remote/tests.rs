use opentelemetry::trace::TraceContextExt as _;

use super::{remote_parent, remote_span_context};
use crate::Collector;

#[test]
fn the_headers_and_the_span_context_are_the_same_parent() {
    let collector = Collector::new();
    for sampled in [true, false] {
        let context = collector
            .telemetry()
            .propagation()
            .extract(&remote_parent(sampled), &opentelemetry::Context::new());
        assert_eq!(context.span().span_context(), &remote_span_context(sampled));
    }
}

//! The one span processor.

use std::{sync::Arc, time::Duration};

use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanProcessor},
};

use super::thread::ExportThread;

/// Hands sampled spans to the queue.
///
/// It is the only processor of the provider: the SDK clones each span for every further one,
/// and its own batch processor would export what is recorded but not sampled.
///
/// `on_end` runs inside the span's lock and possibly inside the context's. So it touches no
/// [`Context`], writes no log and calls no code of the user.
#[derive(Debug)]
pub(crate) struct Processor {
    thread: Arc<ExportThread>,
    max_value_chars: Option<usize>,
}

impl Processor {
    pub(crate) fn new(thread: Arc<ExportThread>, max_value_chars: Option<usize>) -> Self {
        Self {
            thread,
            max_value_chars,
        }
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, _span: &mut Span, _parent: &Context) {}

    fn on_end(&self, mut span: SpanData) {
        // What is recorded but not sampled must not be exported (specification: "Recording
        // Sampled reaction table").
        if !span.span_context.is_sampled() {
            return;
        }
        if let Some(max) = self.max_value_chars {
            truncate_values(&mut span, max);
        }
        self.thread.queue().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        let timeout = crate::guard::DEFAULT_TIMEOUT;
        let report = self.thread.flush_blocking(timeout);
        if report.pending == 0 {
            Ok(())
        } else {
            Err(OTelSdkError::Timeout(timeout))
        }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.thread.shutdown_blocking(timeout);
        Ok(())
    }
}

fn truncate_values(span: &mut SpanData, max: usize) {
    truncate_all(&mut span.attributes, max);
    for event in &mut span.events.events {
        truncate_all(&mut event.attributes, max);
    }
    for link in &mut span.links.links {
        truncate_all(&mut link.attributes, max);
    }
}

fn truncate_all(attributes: &mut [KeyValue], max: usize) {
    for attribute in attributes {
        match &mut attribute.value {
            Value::String(text) => truncate(text, max),
            Value::Array(Array::String(texts)) => {
                for text in texts {
                    truncate(text, max);
                }
            }
            _ => {}
        }
    }
}

fn truncate(text: &mut StringValue, max: usize) {
    // No text has more characters than bytes.
    if text.as_str().len() <= max {
        return;
    }
    if let Some((end, _)) = text.as_str().char_indices().nth(max) {
        *text = text.as_str()[..end].to_owned().into();
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{
        Link, SpanKind, TraceId, TraceState, Tracer as _, TracerProvider as _,
    };
    use opentelemetry_sdk::{
        Resource,
        trace::{SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample},
    };

    use super::*;
    use crate::export::Plan;

    /// Records everything and samples what is called `sampled`.
    #[derive(Clone, Debug)]
    struct RecordOnly;

    impl ShouldSample for RecordOnly {
        fn should_sample(
            &self,
            _parent: Option<&Context>,
            _trace_id: TraceId,
            name: &str,
            _kind: &SpanKind,
            _attributes: &[KeyValue],
            _links: &[Link],
        ) -> SamplingResult {
            let decision = match name {
                "sampled" => SamplingDecision::RecordAndSample,
                _ => SamplingDecision::RecordOnly,
            };
            SamplingResult {
                decision,
                attributes: Vec::new(),
                trace_state: TraceState::default(),
            }
        }
    }

    #[test]
    fn what_is_recorded_but_not_sampled_is_not_exported() {
        let (thread, _) = ExportThread::start(Plan {
            spans: None,
            metrics: None,
            console: None,
            span_sinks: Vec::new(),
            resource: Resource::builder_empty().build(),
            max_queue_size: 16,
            max_batch_size: 16,
            schedule_delay: Duration::from_secs(5),
            export_timeout: Duration::from_secs(30),
        })
        .unwrap();
        let provider = SdkTracerProvider::builder()
            .with_sampler(RecordOnly)
            .with_span_processor(Processor::new(Arc::clone(&thread), None))
            .build();
        let tracer = provider.tracer("test");
        drop(tracer.start("recorded"));
        drop(tracer.start("sampled"));
        drop(tracer.start("recorded"));
        let report = thread.shutdown_blocking(Duration::from_secs(5));
        assert_eq!(report.to_string(), "delivered 1 span, lost 0");
        assert_eq!(thread.queue().state().accepted, 1);
    }

    #[test]
    fn values_are_cut_at_whole_characters() {
        // (value, limit, expected)
        let table = [
            ("abcdef", 3, "abc"),
            ("abc", 3, "abc"),
            ("äöüß", 3, "äöü"),
            ("äö", 3, "äö"),
            ("abc", 0, ""),
        ];
        for (value, max, expected) in table {
            let mut text = StringValue::from(value);
            truncate(&mut text, max);
            assert_eq!(text.as_str(), expected, "{value} cut to {max}");
        }
    }

    #[test]
    fn texts_in_arrays_are_cut_one_by_one() {
        let texts = Array::String(vec!["abcd".into(), "ab".into()]);
        let mut attributes = [
            KeyValue::new("list", Value::Array(texts)),
            KeyValue::new("number", 12_345),
        ];
        truncate_all(&mut attributes, 3);
        let expected = Array::String(vec!["abc".into(), "ab".into()]);
        assert_eq!(attributes[0].value, Value::Array(expected));
        assert_eq!(attributes[1].value, Value::I64(12_345));
    }
}

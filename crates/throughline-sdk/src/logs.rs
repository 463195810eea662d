//! Trace ids in log lines.

use std::fmt;

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt as _},
};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// Puts the ids of the current span into each log line of another format.
///
/// A line of text gets `trace_id=.. span_id=..` in front, a line of JSON gets the two as its
/// first fields. The ids are those of OpenTelemetry's current context: of a request's span,
/// also where no `tracing` span is open, and of a `tracing` span that is bridged to
/// OpenTelemetry. Outside of a trace the line stays as it is.
///
/// ```
/// use throughline_sdk::logs::WithTraceIds;
/// use tracing_subscriber::{fmt::format, layer::SubscriberExt as _};
///
/// let lines = tracing_subscriber::fmt::layer()
///     .event_format(WithTraceIds::new(format().without_time()));
/// let subscriber = tracing_subscriber::registry().with(lines);
/// # let _ = subscriber;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WithTraceIds<F> {
    inner: F,
}

impl<F> WithTraceIds<F> {
    /// Puts ids into the lines of `inner`.
    pub fn new(inner: F) -> Self {
        Self { inner }
    }
}

impl<S, N, F> FormatEvent<S, N> for WithTraceIds<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(ids) = current_ids() else {
            return self.inner.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.inner
            .format_event(context, Writer::new(&mut line), event)?;
        write_line(&mut writer, &line, &ids)
    }
}

fn current_ids() -> Option<SpanContext> {
    Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| ids.clone())
    })
}

fn write_line(writer: &mut Writer<'_>, line: &str, ids: &SpanContext) -> fmt::Result {
    let (trace, span) = (ids.trace_id(), ids.span_id());
    match line.strip_prefix('{') {
        Some(fields) => {
            write!(writer, "{{\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"")?;
            if !fields.trim_start().starts_with('}') {
                writer.write_char(',')?;
            }
            writer.write_str(fields)
        }
        None => write!(writer, "trace_id={trace} span_id={span} {line}"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};
    use tracing_subscriber::{
        fmt::{format, layer},
        layer::SubscriberExt as _,
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn in_a_trace(work: impl FnOnce()) {
        let ids = SpanContext::new(
            TraceId::from(0xabc),
            SpanId::from(0xdef),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        );
        let _guard = Context::new().with_remote_span_context(ids).attach();
        work();
    }

    const IDS: &str = "trace_id=00000000000000000000000000000abc span_id=0000000000000def";

    #[test]
    fn a_line_of_text_begins_with_the_ids() {
        let lines = Lines::default();
        let written = lines.clone();
        let format = WithTraceIds::new(format().without_time().with_target(false).with_ansi(false));
        let layer = layer()
            .event_format(format)
            .with_writer(move || written.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!("outside");
            in_a_trace(|| tracing::info!("inside"));
        });
        assert_eq!(lines.text(), format!(" INFO outside\n{IDS}  INFO inside\n"));
    }

    #[test]
    fn a_line_of_json_has_the_ids_as_fields() {
        let lines = Lines::default();
        let written = lines.clone();
        let format = WithTraceIds::new(format().json().without_time());
        let layer = layer()
            .fmt_fields(format::JsonFields::new())
            .event_format(format)
            .with_writer(move || written.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            in_a_trace(|| tracing::info!(user = 7, "inside"));
        });
        let line: serde_json::Value = serde_json::from_str(&lines.text()).unwrap();
        assert_eq!(line["trace_id"], "00000000000000000000000000000abc");
        assert_eq!(line["span_id"], "0000000000000def");
        assert_eq!(line["fields"]["user"], 7);
    }
}

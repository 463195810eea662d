//! When a trace is printed.

use std::sync::{Arc, Mutex};

use opentelemetry::{
    Context,
    trace::{
        Span as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceState, Tracer as _,
        TracerProvider as _,
    },
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

use super::*;

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Ended spans below a parent: none, or a remote one.
fn spans(names: &[&'static str], has_remote_parent: bool) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let tracer = provider.tracer("test");
    let base = if has_remote_parent {
        Context::new().with_remote_span_context(SpanContext::new(
            TraceId::from_bytes([7; 16]),
            SpanId::from_bytes([7; 8]),
            TraceFlags::SAMPLED,
            true,
            TraceState::default(),
        ))
    } else {
        Context::new()
    };
    let (root, children) = names.split_first().unwrap();
    let cx = base.with_span(tracer.start_with_context(*root, &base));
    for child in children {
        tracer.start_with_context(*child, &cx).end();
    }
    cx.span().end();
    exporter.get_finished_spans().unwrap()
}

fn console() -> (Console, Screen) {
    let screen = Screen::default();
    (Console::new(Box::new(screen.clone())), screen)
}

#[test]
fn a_trace_is_printed_when_its_root_has_ended() {
    let (mut console, screen) = console();
    let spans = spans(&["root", "child"], false);
    console.observe(&spans[..1]);
    assert_eq!(screen.text(), "", "only the child has ended");
    console.observe(&spans[1..]);
    assert!(
        screen.text().contains("root") && screen.text().contains("child"),
        "{}",
        screen.text()
    );
    assert_eq!(console.spans, 0);
}

#[test]
fn below_a_remote_parent_a_trace_waits_for_the_parent_to_be_here_too() {
    let (mut console, screen) = console();
    console.observe(&spans(&["server"], true));
    console.print_overdue();
    assert_eq!(screen.text(), "");
    console
        .waiting
        .values_mut()
        .for_each(|waiting| waiting.due = Instant::now());
    console.print_overdue();
    assert!(screen.text().contains("server"), "{}", screen.text());
}

#[test]
fn what_waits_is_printed_at_the_end() {
    let (mut console, screen) = console();
    console.observe(&spans(&["root", "child"], false)[..1]);
    console.print_all();
    assert!(screen.text().contains("child"), "{}", screen.text());
    assert_eq!(console.spans, 0);
}

#[test]
fn more_than_the_limit_does_not_wait() {
    let (mut console, screen) = console();
    let child = spans(&["root", "child"], false).swap_remove(0);
    for number in 0..=MAX_SPANS as u128 {
        let mut child = child.clone();
        child.span_context = SpanContext::new(
            TraceId::from_bytes((number + 1).to_be_bytes()),
            SpanId::from_bytes([1; 8]),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        );
        console.observe(&[child]);
    }
    assert_eq!(console.spans, MAX_SPANS);
    assert_eq!(screen.text().matches("trace ").count(), 1);
}

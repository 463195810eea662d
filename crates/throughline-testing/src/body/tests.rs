use std::{
    pin::pin,
    task::{Context as TaskContext, Poll, Waker},
    time::Duration,
};

use http::{HeaderMap, HeaderValue};
use http_body::Body;
use http_body_util::BodyExt as _;
use opentelemetry::trace::TraceContextExt as _;

use super::ScriptedBody;
use crate::{Collector, remote_span_context};

/// Polls until the end, or until the body is not ready.
fn frames(body: ScriptedBody) -> Vec<String> {
    let mut body = pin!(body);
    let mut task = TaskContext::from_waker(Waker::noop());
    let mut seen = Vec::new();
    for _ in 0..10 {
        let frame = match body.as_mut().poll_frame(&mut task) {
            Poll::Pending => "pending".to_owned(),
            Poll::Ready(None) => {
                seen.push("end".to_owned());
                return seen;
            }
            Poll::Ready(Some(Err(error))) => format!("error {error}"),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => String::from_utf8(data.into()).unwrap(),
                Err(frame) => format!("trailers {:?}", frame.into_trailers().unwrap()),
            },
        };
        seen.push(frame);
    }
    seen
}

#[test]
fn a_body_follows_its_script() {
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let new = ScriptedBody::new;
    let table: [(ScriptedBody, &[&str]); 5] = [
        (new(), &["end"]),
        (
            new().data("a").pending().data("b"),
            &["a", "pending", "b", "end"],
        ),
        (
            new().data("a").trailers(trailers),
            &["a", "trailers {\"grpc-status\": \"0\"}", "end"],
        ),
        (
            new().error("reset").data("never seen"),
            &["error reset", "end"],
        ),
        (
            new().data("a").never_ends().data("never seen"),
            &[
                "a", "pending", "pending", "pending", "pending", "pending", "pending", "pending",
                "pending", "pending",
            ],
        ),
    ];
    for (body, expected) in table {
        assert_eq!(frames(body), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pending_step_wakes_its_task() {
    let body = ScriptedBody::new().pending().pending().data("woken");
    let read = tokio::time::timeout(Duration::from_secs(1), body.collect()).await;
    assert_eq!(
        read.expect("the task was woken").unwrap().to_bytes(),
        "woken"
    );
}

#[test]
#[should_panic(expected = "as scripted")]
fn a_body_panics_when_told_to() {
    frames(ScriptedBody::new().panics("as scripted"));
}

#[test]
fn the_claimed_size_shrinks_by_what_was_yielded() {
    let mut body = pin!(ScriptedBody::new().data("12345").with_size_hint(8));
    assert_eq!(body.size_hint().exact(), Some(8));
    let mut task = TaskContext::from_waker(Waker::noop());
    assert!(body.as_mut().poll_frame(&mut task).is_ready());
    assert_eq!(body.size_hint().exact(), Some(3));
    assert_eq!(ScriptedBody::new().data("12345").size_hint().exact(), None);
}

#[test]
fn only_an_early_end_is_told_before_the_end() {
    let mut task = TaskContext::from_waker(Waker::noop());
    for (early, expected) in [(false, [false, false, true]), (true, [false, true, true])] {
        let body = ScriptedBody::new().data("all");
        let mut body = pin!(if early { body.with_early_end() } else { body });
        let mut seen = vec![body.is_end_stream()];
        for _ in 0..2 {
            assert!(body.as_mut().poll_frame(&mut task).is_ready());
            seen.push(body.is_end_stream());
        }
        assert_eq!(seen, expected, "early end: {early}");
    }
}

#[test]
fn a_watch_tells_a_body_that_was_read_from_one_that_was_dropped() {
    let read = ScriptedBody::new().data("all");
    let watch = read.watch();
    assert!(!watch.is_exhausted() && !watch.is_dropped());
    frames(read);
    assert!(watch.is_exhausted() && watch.is_dropped());

    let unread = ScriptedBody::new().data("all");
    let watch = unread.watch();
    drop(unread);
    assert!(!watch.is_exhausted() && watch.is_dropped());
    assert_eq!(watch.polled_in().len(), 0);
}

#[test]
fn a_watch_knows_the_span_of_each_poll_and_of_the_drop() {
    let collector = Collector::new();
    let parent = collector
        .context()
        .with_remote_span_context(remote_span_context(true));
    let body = ScriptedBody::new().data("all");
    let watch = body.watch();
    {
        let _guard = parent.clone().attach();
        assert_eq!(frames(body), ["all", "end"]);
    }
    assert_eq!(
        watch.polled_in(),
        [remote_span_context(true), remote_span_context(true)]
    );
    assert_eq!(watch.dropped_in(), Some(remote_span_context(true)));

    let outside = ScriptedBody::new();
    let watch = outside.watch();
    drop(outside);
    assert!(!watch.dropped_in().unwrap().is_valid());
}

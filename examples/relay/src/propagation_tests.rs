//! What `POST /test` sends on, header by header, over real connections.

use std::future;

use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::json;
use throughline::propagation::Traceparent;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A relay, and a service that remembers with which headers it was called.
struct Bench {
    relay: String,
    target: String,
    called: mpsc::UnboundedReceiver<HeaderMap>,
    servers: [JoinHandle<()>; 2],
    _telemetry: throughline::sdk::Guard,
}

impl Bench {
    async fn start() -> Self {
        let telemetry = throughline::builder("relay")
            .with_env(|_| None)
            .with_otlp(false)
            .with_metrics(false)
            .build()
            .unwrap();
        let tracing = ServerLayer::axum().with_telemetry(telemetry.telemetry().clone());
        let (relay, serving_relay) = spawn(routes().layer(tracing)).await;

        let (sender, called) = mpsc::unbounded_channel();
        let remember = |State(sender): State<mpsc::UnboundedSender<_>>, headers: HeaderMap| async move {
            sender.send(headers).unwrap();
        };
        let target = Router::new().route("/", post(remember)).with_state(sender);
        let (target, serving_target) = spawn(target).await;
        Self {
            relay,
            target,
            called,
            servers: [serving_relay, serving_target],
            _telemetry: telemetry,
        }
    }

    /// Has the relay call the target `times`, and returns the headers of each call.
    async fn relay(&mut self, lines: &[(&'static str, &str)], times: usize) -> Vec<HeaderMap> {
        let call = json!({ "url": self.target, "arguments": [] });
        let calls = serde_json::to_vec(&vec![call; times]).unwrap();
        let request = reqwest::Client::new()
            .post(format!("{}/test", self.relay))
            .body(calls);
        let request = lines.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut called = Vec::new();
        for _ in 0..times {
            called.push(self.called.recv().await.unwrap());
        }
        called
    }

    async fn relay_once(&mut self, lines: &[(&'static str, &str)]) -> HeaderMap {
        self.relay(lines, 1).await.remove(0)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

async fn spawn(app: Router) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serving = tokio::spawn(async {
        serve::serve(listener, app, future::pending())
            .await
            .unwrap();
    });
    (url.trim_end_matches('/').to_owned(), serving)
}

/// The only `traceparent`, in its parts: version, trace id, parent id, flags.
#[track_caller]
fn traceparent(headers: &HeaderMap) -> [String; 4] {
    let all: Vec<_> = headers.get_all("traceparent").iter().collect();
    assert_eq!(all.len(), 1, "{headers:?}");
    assert!(Traceparent::parse(all[0].as_bytes()).is_some(), "{all:?}");
    let parts: Vec<_> = all[0]
        .to_str()
        .unwrap()
        .split('-')
        .map(str::to_owned)
        .collect();
    parts.try_into().unwrap()
}

/// All of `tracestate`; `None` if it was not sent at all.
#[track_caller]
fn tracestate(headers: &HeaderMap) -> Option<String> {
    let all: Vec<_> = headers.get_all("tracestate").iter().collect();
    assert!(all.len() <= 1, "{all:?}");
    all.first().map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_valid_trace_goes_on_under_a_fresh_parent_with_its_flags() {
    let mut bench = Bench::start().await;
    for flags in ["01", "00", "02", "03"] {
        let incoming = format!("00-{TRACE}-{PARENT}-{flags}");
        let called = bench.relay_once(&[("traceparent", &incoming)]).await;
        let [version, trace, parent, sent] = traceparent(&called);
        assert_eq!([&*version, &trace, &sent], ["00", TRACE, flags]);
        assert_ne!(parent, PARENT);
        assert_eq!(tracestate(&called), None, "an empty one is never sent");
    }
}

#[tokio::test]
async fn each_call_of_a_request_has_a_parent_id_of_its_own() {
    let mut bench = Bench::start().await;
    for flags in ["01", "00"] {
        let incoming = format!("00-{TRACE}-{PARENT}-{flags}");
        let called = bench.relay(&[("traceparent", &incoming)], 3).await;
        let mut parents: Vec<_> = called
            .iter()
            .map(|headers| {
                let [_, trace, parent, _] = traceparent(headers);
                assert_eq!(trace, TRACE);
                parent
            })
            .collect();
        parents.push(PARENT.to_owned());
        parents.sort();
        parents.dedup();
        assert_eq!(parents.len(), 4, "flags {flags}");
    }
}

#[tokio::test]
async fn without_a_usable_traceparent_a_new_trace_starts() {
    let mut bench = Bench::start().await;
    let valid = format!("00-{TRACE}-{PARENT}-01");
    let other = valid.replace("4bf9", "4bfa");
    let cases: [&[&str]; 9] = [
        &[],
        &[""],
        &["00"],
        &[&valid.to_uppercase()],
        &[&valid.replacen("00", "ff", 1)],
        &[&valid.replace(TRACE, &"0".repeat(32))],
        &[&valid.replace(PARENT, &"0".repeat(16))],
        &[&format!("{valid}-more")],
        &[&valid, &other],
    ];
    for values in cases {
        // Without its trace, a state means nothing.
        let mut lines = vec![("tracestate", "foo=1")];
        lines.extend(values.iter().map(|value| ("traceparent", *value)));
        let called = bench.relay_once(&lines).await;
        let [version, trace, parent, _] = traceparent(&called);
        assert_eq!(version, "00");
        assert!(trace != TRACE && !trace.starts_with("4bfa"), "{values:?}");
        assert_ne!(parent, PARENT, "{values:?}");
        assert_eq!(tracestate(&called), None, "{values:?}");
    }
}

#[tokio::test]
async fn the_state_goes_along_if_it_is_valid_and_its_trace_in_any_case() {
    let mut bench = Bench::start().await;
    let members = |n: usize| {
        let members: Vec<_> = (0..n).map(|n| format!("k{n}={n}")).collect();
        members.join(",")
    };
    let (most, too_many) = (members(32), members(33));
    // (lines of the header, what is sent)
    let cases: [(&[&str], Option<&str>); 13] = [
        (&["foo=1"], Some("foo=1")),
        (&["foo=1,bar=2"], Some("foo=1,bar=2")),
        (&["foo=1", "bar=2"], Some("foo=1,bar=2")),
        (&["foo=1", "", "bar=2", "baz=3"], Some("foo=1,bar=2,baz=3")),
        (&["foo=1 \t , \t bar=2"], Some("foo=1,bar=2")),
        (&["tenant@system=1"], Some("tenant@system=1")),
        (&[&most], Some(&most)),
        (&[&too_many], None),
        (&["foo@@bar=1"], Some("foo@@bar=1")),
        (&["foo@@bar=1", "@bar=2"], None),
        (&["foo=1,foo=1"], Some("foo=1")),
        (&["foo"], None),
        (&[""], None),
    ];
    for flags in ["01", "00"] {
        let incoming = format!("00-{TRACE}-{PARENT}-{flags}");
        for (values, expected) in cases {
            let mut lines = vec![("traceparent", incoming.as_str())];
            lines.extend(values.iter().map(|value| ("tracestate", *value)));
            let called = bench.relay_once(&lines).await;
            assert_eq!(traceparent(&called)[1], TRACE, "{values:?}");
            assert_eq!(
                tracestate(&called).as_deref(),
                expected,
                "{values:?}, {flags}"
            );
        }
    }
}

#[tokio::test]
async fn a_failed_call_does_not_keep_the_next_one_from_being_made() {
    let mut bench = Bench::start().await;
    let calls = json!([
        { "url": "http://127.0.0.1:1/", "arguments": [] },
        { "url": "nowhere", "arguments": [] },
        { "url": bench.target, "arguments": [] },
    ]);
    let response = reqwest::Client::new()
        .post(format!("{}/test", bench.relay))
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .body(calls.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let called = bench.called.recv().await.unwrap();
    assert_eq!(traceparent(&called)[1], TRACE);
}

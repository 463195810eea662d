//! Sends one request of every kind, as an outside client would.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressFinish};
use opentelemetry::TraceId;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use throughline::propagation::Traceparent;
use throughline::record::SpanRecord;

use crate::telemetry::Telemetry;

/// A request that did not go as it must.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what}: no answer")]
    NoAnswer {
        what: &'static str,
        source: reqwest::Error,
    },
    #[error("{what}: answered {got}, expected {expected}")]
    Unexpected {
        what: &'static str,
        got: u16,
        expected: u16,
    },
}

/// A request that went as it must.
pub(crate) struct Answer {
    pub(crate) what: &'static str,
    pub(crate) status: u16,
    pub(crate) elapsed: Duration,
    /// The spans of its trace; none if it was not sampled or did not become complete in time.
    pub(crate) spans: Vec<SpanRecord>,
}

/// Sends every request in turn and shows how each ended; the first surprise stops it.
///
/// The client is reqwest's own: the trace starts where the service is reached.
pub(crate) async fn run(
    api: &str,
    client_token: &str,
    telemetry: &Telemetry,
    mut show: impl FnMut(&Answer),
) -> Result<(), Error> {
    let steps = steps(&Client::new(), api, client_token);
    let bar = ProgressBar::new(steps.len() as u64).with_finish(ProgressFinish::AndClear);
    for step in steps {
        let answer = step.send(telemetry).await?;
        bar.suspend(|| show(&answer));
        bar.inc(1);
    }
    Ok(())
}

struct Step {
    what: &'static str,
    request: RequestBuilder,
    expected: u16,
}

impl Step {
    async fn send(self, telemetry: &Telemetry) -> Result<Answer, Error> {
        let Self {
            what,
            request,
            expected,
        } = self;
        let start = Instant::now();
        let no_answer = |source| Error::NoAnswer { what, source };
        let response = request.send().await.map_err(no_answer)?;
        let got = response.status().as_u16();
        let trace_id = sampled_trace(response.headers());
        // The answer is complete only with its last byte.
        response.bytes().await.map_err(no_answer)?;
        let elapsed = start.elapsed();
        if got != expected {
            return Err(Error::Unexpected {
                what,
                got,
                expected,
            });
        }
        let spans = match trace_id {
            Some(id) => telemetry.trace(id).await,
            None => Vec::new(),
        };
        Ok(Answer {
            what,
            status: got,
            elapsed,
            spans,
        })
    }
}

/// Reads what the server layer says about the trace.
fn sampled_trace(headers: &HeaderMap) -> Option<TraceId> {
    let told = headers.get("traceresponse")?;
    let span = Traceparent::parse(told.as_bytes())?.span_context();
    span.is_sampled().then(|| span.trace_id())
}

fn steps(client: &Client, api: &str, client_token: &str) -> Vec<Step> {
    let get = |path: &str| client.get(format!("{api}{path}"));
    let post = |path: &str, body: Value| client.post(format!("{api}{path}")).json(&body);
    let create = |name: &str, email: &str, password: &str| {
        let user = json!({ "name": name, "email": email, "password": password });
        post("/api/users", user)
    };
    let login = |password: &str| {
        let credentials = json!({ "email": "grace@example.com", "password": password });
        post("/api/login", credentials).bearer_auth(client_token)
    };
    let pay = |cents: u32| {
        let payment = json!({ "user_id": 1, "amount_cents": cents });
        post("/api/payments", payment)
    };
    let password = "a passphrase for one run";
    let grace = || create("Grace", "grace@example.com", password);

    [
        (201, "create a user", grace()),
        (409, "create the same user again", grace()),
        (422, "create a user from bad input", create("", "", "")),
        (200, "log in", login(password)),
        (401, "log in with a wrong password", login("a guess")),
        (200, "list posts, one query each", get("/api/users/1/posts")),
        (
            200,
            "list posts, one join",
            get("/api/users/1/posts?fixed=true"),
        ),
        (404, "list posts of nobody", get("/api/users/999/posts")),
        (200, "load the dashboard in turn", get("/api/dashboard")),
        (
            200,
            "load the dashboard at once",
            get("/api/dashboard?parallel=true"),
        ),
        (201, "pay", pay(1_250)),
        (502, "pay too much", pay(100_001)),
        (200, "export as a stream", get("/api/export")),
        (200, "check the health", get("/health")),
    ]
    .map(|(expected, what, request)| Step {
        what,
        request,
        expected,
    })
    .into()
}

//! Sends one request of every kind, as an outside client would.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressFinish};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

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
        got: StatusCode,
        expected: StatusCode,
    },
}

/// Sends every request in turn and says how each ended; the first surprise stops it.
pub(crate) async fn run(api: &str, client_token: &str) -> Result<(), Error> {
    let steps = steps(&Client::new(), api, client_token);
    let bar = ProgressBar::new(steps.len() as u64).with_finish(ProgressFinish::AndClear);
    for step in steps {
        let line = step.send().await?;
        bar.suspend(|| println!("{line}"));
        bar.inc(1);
    }
    Ok(())
}

struct Step {
    what: &'static str,
    request: RequestBuilder,
    expected: StatusCode,
}

impl Step {
    async fn send(self) -> Result<String, Error> {
        let Self {
            what,
            request,
            expected,
        } = self;
        let start = Instant::now();
        let no_answer = |source| Error::NoAnswer { what, source };
        let response = request.send().await.map_err(no_answer)?;
        let got = response.status();
        // The answer is complete only with its last byte.
        response.bytes().await.map_err(no_answer)?;
        if got != expected {
            return Err(Error::Unexpected {
                what,
                got,
                expected,
            });
        }
        let elapsed = start.elapsed().as_secs_f64() * 1e3;
        Ok(format!("{:3} in {elapsed:6.1} ms  {what}", got.as_u16()))
    }
}

fn steps(client: &Client, api: &str, client_token: &str) -> Vec<Step> {
    let get = |path: &str| client.get(format!("{api}{path}"));
    let post = |path: &str, body: Value| client.post(format!("{api}{path}")).json(&body);
    let login = |password: &str| {
        let credentials = json!({ "email": "grace@example.com", "password": password });
        post("/api/login", credentials).bearer_auth(client_token)
    };
    let password = "a passphrase for one run";
    let grace = json!({ "name": "Grace", "email": "grace@example.com", "password": password });
    let nobody = json!({ "name": "", "email": "nobody", "password": "short" });
    let step = |what, request, expected| Step {
        what,
        request,
        expected,
    };

    vec![
        step(
            "create a user",
            post("/api/users", grace.clone()),
            StatusCode::CREATED,
        ),
        step(
            "create the same user again",
            post("/api/users", grace),
            StatusCode::CONFLICT,
        ),
        step(
            "create a user from bad input",
            post("/api/users", nobody),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        step("log in", login(password), StatusCode::OK),
        step(
            "log in with a wrong password",
            login("a guess"),
            StatusCode::UNAUTHORIZED,
        ),
        step(
            "list posts, one query each",
            get("/api/users/1/posts"),
            StatusCode::OK,
        ),
        step(
            "list posts, one join",
            get("/api/users/1/posts?fixed=true"),
            StatusCode::OK,
        ),
        step(
            "list posts of nobody",
            get("/api/users/999/posts"),
            StatusCode::NOT_FOUND,
        ),
        step(
            "load the dashboard in turn",
            get("/api/dashboard"),
            StatusCode::OK,
        ),
        step(
            "load the dashboard at once",
            get("/api/dashboard?parallel=true"),
            StatusCode::OK,
        ),
        step(
            "pay",
            post(
                "/api/payments",
                json!({ "user_id": 1, "amount_cents": 1_250 }),
            ),
            StatusCode::CREATED,
        ),
        step(
            "pay too much",
            post(
                "/api/payments",
                json!({ "user_id": 1, "amount_cents": 100_001 }),
            ),
            StatusCode::BAD_GATEWAY,
        ),
        step("export as a stream", get("/api/export"), StatusCode::OK),
        step("check the health", get("/health"), StatusCode::OK),
    ]
}

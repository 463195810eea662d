//! `POST /test`: calls every URL it is given, in turn.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use throughline::reqwest::Client;

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Call {
    url: String,
    #[serde(default)]
    arguments: Value,
}

/// Answers 200 whatever becomes of the calls, and 400 when the body is not a list of calls.
///
/// Takes the body as bytes: suites do not always name its content type.
pub(crate) async fn test(
    State(client): State<Client>,
    body: Bytes,
) -> Result<(), (StatusCode, String)> {
    let calls: Vec<Call> = serde_json::from_slice(&body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))?;
    for call in calls {
        let request = client.post(call.url).json(&call.arguments);
        // A failed call is for the trace to tell, not for the answer.
        match request.timeout(TIMEOUT).send().await {
            Ok(response) => drop(response.bytes().await),
            // A call that was never sent has no span of its own.
            Err(error) if error.is_builder() => {
                throughline::current().error(&error);
            }
            Err(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unreachable_url_is_not_the_drivers_problem() {
        // Port 1 refuses, and the second call has no URL at all.
        let body = r#"[{"url": "http://127.0.0.1:1/"}, {"url": "nowhere", "arguments": []}]"#;
        assert_eq!(test(State(Client::new()), body.into()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_body_that_is_no_list_of_calls_is_refused_with_the_reason() {
        for (body, reason) in [
            ("[", "EOF while parsing"),
            (r#"[{"arguments": 1}]"#, "missing field `url`"),
        ] {
            let (status, said) = test(State(Client::new()), body.into()).await.unwrap_err();
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert!(said.contains(reason), "{said}");
        }
    }
}

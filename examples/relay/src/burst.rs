//! `GET /burst/{n}`: does `n` small steps of work, each a span.

use axum::extract::Path;
use axum::http::StatusCode;
use throughline::span;
use tokio::task;

const MOST: u32 = 1_000_000;

/// Answers 400 for more than a million steps.
pub(crate) async fn burst(Path(n): Path<u32>) -> Result<String, (StatusCode, String)> {
    if n > MOST {
        return Err((StatusCode::BAD_REQUEST, format!("at most {MOST} steps\n")));
    }
    for _ in 0..n {
        step().await;
    }
    Ok(format!("{n}\n"))
}

/// One step, which leaves the thread to other requests from time to time.
async fn step() {
    span("burst.step").call_value(|| {});
    task::coop::consume_budget().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_a_million_steps_are_refused() {
        assert_eq!(burst(Path(10)).await, Ok("10\n".to_owned()));
        let (status, _) = burst(Path(MOST + 1)).await.unwrap_err();
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
}

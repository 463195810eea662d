//! `GET /api/export`: every comment as one JSON line, sent while the rows are read.

use axum::BoxError;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::{Stream, TryStreamExt as _};
use serde::Serialize;
use sqlx::FromRow;
use throughline::sqlx::SqlitePool;

use super::App;

pub(super) async fn export(State(app): State<App>) -> impl IntoResponse {
    let content_type = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (content_type, Body::from_stream(lines(app.database)))
}

#[derive(FromRow, Serialize)]
struct Line {
    post: String,
    author: String,
    body: String,
}

/// A failure midway cuts the body short, so that the caller cannot take a part for the whole.
fn lines(database: SqlitePool) -> impl Stream<Item = Result<Vec<u8>, BoxError>> {
    async_stream::try_stream! {
        let mut rows = sqlx::query_as::<_, Line>(
            "SELECT posts.title AS post, users.name AS author, comments.body
             FROM comments
             JOIN posts ON posts.id = comments.post_id
             JOIN users ON users.id = comments.author_id
             ORDER BY comments.id",
        )
        .fetch(&database);
        while let Some(row) = rows.try_next().await? {
            let mut line = serde_json::to_vec(&row)?;
            line.push(b'\n');
            yield line;
        }
    }
}

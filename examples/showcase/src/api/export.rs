//! `GET /api/export`: every comment as one JSON line, sent while the rows are read.

use axum::BoxError;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::stream::BoxStream;
use futures_util::{Stream, TryStreamExt as _};
use serde::Serialize;
use sqlx::FromRow;

use super::App;
use crate::database::{Database, on};

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
fn lines(database: Database) -> impl Stream<Item = Result<Vec<u8>, BoxError>> {
    async_stream::try_stream! {
        let text = "SELECT posts.title AS post, users.name AS author, comments.body
             FROM comments
             JOIN posts ON posts.id = comments.post_id
             JOIN users ON users.id = comments.author_id
             ORDER BY comments.id";
        let mut rows: BoxStream<'_, sqlx::Result<Line>> =
            on!(&database, text, |sql, pool| sqlx::query_as(sql).fetch(pool));
        while let Some(row) = rows.try_next().await? {
            let mut line = serde_json::to_vec(&row)?;
            line.push(b'\n');
            yield line;
        }
    }
}

//! `GET /api/users/{id}/posts`: one query a post, or with `?fixed=true` one query for all.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{App, users};
use crate::database::{Database, on};
use crate::error::Result;
use crate::extract::{Path, Query};

#[derive(Deserialize)]
pub(super) struct Options {
    #[serde(default)]
    fixed: bool,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Post {
    id: i64,
    title: String,
    comments: Vec<Comment>,
}

#[derive(Debug, FromRow, PartialEq, Serialize)]
struct Comment {
    author: String,
    body: String,
}

pub(super) async fn list(
    State(app): State<App>,
    Path(user): Path<i64>,
    Query(options): Query<Options>,
) -> Result<axum::Json<Vec<Post>>> {
    users::find(&app, user).await?;
    let posts = if options.fixed {
        one_join(&app.database, user).await?
    } else {
        one_query_a_post(&app.database, user).await?
    };
    Ok(axum::Json(posts))
}

/// The mistake on purpose: N posts take N + 1 queries.
async fn one_query_a_post(database: &Database, user: i64) -> sqlx::Result<Vec<Post>> {
    let text = "SELECT id, title FROM posts WHERE user_id = ? ORDER BY id";
    let rows: Vec<(i64, String)> = on!(database, text, |sql, pool| {
        sqlx::query_as(sql).bind(user).fetch_all(pool).await?
    });
    let mut posts = Vec::with_capacity(rows.len());
    for (id, title) in rows {
        let comments = comments(database, id).await?;
        posts.push(Post {
            id,
            title,
            comments,
        });
    }
    Ok(posts)
}

async fn comments(database: &Database, post: i64) -> sqlx::Result<Vec<Comment>> {
    let text = "SELECT users.name AS author, comments.body
         FROM comments JOIN users ON users.id = comments.author_id
         WHERE comments.post_id = ? ORDER BY comments.id";
    on!(database, text, |sql, pool| {
        sqlx::query_as(sql).bind(post).fetch_all(pool).await
    })
}

async fn one_join(database: &Database, user: i64) -> sqlx::Result<Vec<Post>> {
    #[derive(FromRow)]
    struct Row {
        id: i64,
        title: String,
        author: Option<String>,
        body: Option<String>,
    }

    let text = "SELECT posts.id, posts.title, users.name AS author, comments.body
         FROM posts
         LEFT JOIN comments ON comments.post_id = posts.id
         LEFT JOIN users ON users.id = comments.author_id
         WHERE posts.user_id = ? ORDER BY posts.id, comments.id";
    let rows: Vec<Row> = on!(database, text, |sql, pool| {
        sqlx::query_as(sql).bind(user).fetch_all(pool).await?
    });

    let mut posts: Vec<Post> = Vec::new();
    for Row {
        id,
        title,
        author,
        body,
    } in rows
    {
        let comment = author
            .zip(body)
            .map(|(author, body)| Comment { author, body });
        match posts.last_mut() {
            Some(post) if post.id == id => post.comments.extend(comment),
            _ => posts.push(Post {
                id,
                title,
                comments: comment.into_iter().collect(),
            }),
        }
    }
    Ok(posts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database;

    #[tokio::test]
    async fn both_ways_list_the_same_posts() {
        let database = database::open(None).await.unwrap();
        let text = "INSERT INTO posts (user_id, title) VALUES (1, 'Without a comment')";
        on!(&database, text, |sql, pool| {
            sqlx::query(sql).execute(pool).await.unwrap();
        });
        let slow = one_query_a_post(&database, 1).await.unwrap();
        let fast = one_join(&database, 1).await.unwrap();
        assert_eq!(slow.len(), 7);
        assert_eq!(slow, fast);
    }
}

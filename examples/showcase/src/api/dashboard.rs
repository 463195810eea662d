//! `GET /api/dashboard`: three loads that do not need each other, one after another, or with
//! `?parallel=true` at once.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::App;
use super::payments_client::{Balance, Dispute};
use crate::database::{Database, on};
use crate::error::Result;
use crate::extract::Query;

#[derive(Deserialize)]
pub(super) struct Options {
    #[serde(default)]
    parallel: bool,
}

#[derive(Serialize)]
pub(super) struct Dashboard {
    authors: Vec<Author>,
    balance: Balance,
    disputes: Vec<Dispute>,
}

#[derive(FromRow, Serialize)]
struct Author {
    name: String,
    comments: i64,
}

pub(super) async fn show(
    State(app): State<App>,
    Query(options): Query<Options>,
) -> Result<axum::Json<Dashboard>> {
    let dashboard = if options.parallel {
        load_at_once(&app).await?
    } else {
        load_in_turn(&app).await?
    };
    Ok(axum::Json(dashboard))
}

/// The mistake on purpose: the caller waits for the sum of the three.
async fn load_in_turn(app: &App) -> Result<Dashboard> {
    Ok(Dashboard {
        authors: busiest_authors(&app.database).await?,
        balance: app.payments.balance().await?,
        disputes: app.payments.disputes().await?,
    })
}

/// The caller waits for the slowest of the three.
async fn load_at_once(app: &App) -> Result<Dashboard> {
    let (authors, balance, disputes) = tokio::try_join!(
        busiest_authors(&app.database),
        app.payments.balance(),
        app.payments.disputes(),
    )?;
    Ok(Dashboard {
        authors,
        balance,
        disputes,
    })
}

async fn busiest_authors(database: &Database) -> Result<Vec<Author>> {
    let text = "SELECT users.name, count(*) AS comments
         FROM comments JOIN users ON users.id = comments.author_id
         GROUP BY users.id, users.name ORDER BY comments DESC, users.name LIMIT 3";
    let authors = on!(database, text, |sql, pool| sqlx::query_as(sql)
        .fetch_all(pool)
        .await);
    Ok(authors?)
}

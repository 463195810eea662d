//! The `payments` service, as the `api` service sees it.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::Result;

const TIMEOUT: Duration = Duration::from_secs(5);

/// A client of the service. Clones share its connections.
#[derive(Clone)]
pub(crate) struct PaymentsClient {
    http: Client,
    url: String,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Receipt {
    charge: u64,
    amount_cents: u64,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Balance {
    amount_cents: u64,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Dispute {
    charge: u64,
    reason: String,
}

impl PaymentsClient {
    /// `url` is the base URL, without a slash at its end.
    pub(crate) fn new(url: &str) -> Self {
        Self {
            http: Client::new(),
            url: url.to_owned(),
        }
    }

    pub(super) async fn charge(&self, amount_cents: u64) -> Result<Receipt> {
        let charge = json!({ "amount_cents": amount_cents });
        send(
            self.http
                .post(format!("{}/charges", self.url))
                .json(&charge),
        )
        .await
    }

    pub(super) async fn balance(&self) -> Result<Balance> {
        send(self.http.get(format!("{}/balance", self.url))).await
    }

    pub(super) async fn disputes(&self) -> Result<Vec<Dispute>> {
        send(self.http.get(format!("{}/disputes", self.url))).await
    }
}

async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let response = request.timeout(TIMEOUT).send().await?.error_for_status()?;
    Ok(response.json().await?)
}

//! The `payments` service, as the `api` service sees it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use throughline::reqwest::{Client, RequestBuilder};

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
        let request = self.http.post(format!("{}/charges", self.url));
        send(request.json(&charge), "/charges").await
    }

    pub(super) async fn balance(&self) -> Result<Balance> {
        let request = self.http.get(format!("{}/balance", self.url));
        send(request, "/balance").await
    }

    pub(super) async fn disputes(&self) -> Result<Vec<Dispute>> {
        let request = self.http.get(format!("{}/disputes", self.url));
        send(request, "/disputes").await
    }
}

/// `template` is the path without ids, which names the span.
async fn send<T: DeserializeOwned>(request: RequestBuilder, template: &'static str) -> Result<T> {
    let request = request.url_template(template).timeout(TIMEOUT);
    let response = request.send().await?.error_for_status()?;
    Ok(response.json().await?)
}

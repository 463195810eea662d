//! `reqwest` alone.

use super::{BASELINE, calls};
use crate::{stock::Nowhere, subject::Subject};

pub(super) const SUBJECT: Subject = Subject {
    name: BASELINE,
    baseline: BASELINE,
    traces: false,
    make: |_| {
        let client = reqwest::Client::new();
        let get = async move |url: &str| {
            let response = client.get(url).send().await.expect("the server answers");
            response.bytes().await.expect("the body arrives").len()
        };
        calls::call(get, Nowhere)
    },
};

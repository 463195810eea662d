//! `reqwest` alone, in the context that the others run in.

use opentelemetry::trace::FutureExt as _;

use super::{BASELINE, calls, parent};
use crate::{stock::Nowhere, subject::Subject};

pub(super) const SUBJECT: Subject = Subject {
    name: BASELINE,
    baseline: BASELINE,
    traces: false,
    make: |caller| {
        let client = reqwest::Client::new();
        let parent = parent::of(caller);
        let get = async move |url: &str| {
            let call = async {
                let response = client.get(url).send().await.expect("the server answers");
                response.bytes().await.expect("the body arrives").len()
            };
            call.with_context(parent.clone()).await
        };
        calls::call(get, Nowhere)
    },
};

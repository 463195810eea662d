//! `throughline-reqwest`, on the stock SDK, installed for the process.

use opentelemetry::trace::FutureExt as _;
use throughline_core::telemetry::Telemetry;
use throughline_reqwest::Client;

use super::{BASELINE, calls, parent};
use crate::{
    stock::Stock,
    subject::{Caller, Run, Subject},
};

pub(super) const SUBJECT: Subject = Subject {
    name: "client: throughline, traces and metrics",
    baseline: BASELINE,
    traces: true,
    make,
};

fn make(caller: Caller) -> anyhow::Result<Box<dyn Run>> {
    let stock = Stock::new();
    Telemetry::new(stock.tracers.clone())
        .with_meter_provider(stock.meters.clone())
        .install_global();
    let client = Client::new();
    let parent = parent::of(caller);
    let get = async move |url: &str| {
        let call = async {
            let response = client.get(url).send().await.expect("the server answers");
            response.bytes().await.expect("the body arrives").len()
        };
        call.with_context(parent.clone()).await
    };
    calls::call(get, stock)
}

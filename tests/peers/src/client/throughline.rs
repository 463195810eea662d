//! `throughline-reqwest`, on the stock SDK, installed for the process.

use opentelemetry::{
    Context,
    trace::{
        FutureExt as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    },
};
use throughline_core::telemetry::Telemetry;
use throughline_reqwest::Client;

use super::{BASELINE, calls};
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
    let parent = parent(caller);
    let get = async move |url: &str| {
        let call = async {
            let response = client.get(url).send().await.expect("the server answers");
            response.bytes().await.expect("the body arrives").len()
        };
        call.with_context(parent.clone()).await
    };
    calls::call(get, stock)
}

fn parent(caller: Caller) -> Context {
    let flags = match caller {
        Caller::Sampled => TraceFlags::SAMPLED,
        Caller::Unsampled => TraceFlags::NOT_SAMPLED,
    };
    Context::new().with_remote_span_context(SpanContext::new(
        TraceId::from(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c),
        SpanId::from(0xb7ad_6b71_6920_3331),
        flags,
        true,
        TraceState::NONE,
    ))
}

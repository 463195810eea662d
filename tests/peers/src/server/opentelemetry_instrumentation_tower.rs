//! `opentelemetry-instrumentation-tower`, on the global providers.

use opentelemetry_instrumentation_tower::http::server::LayerBuilder;

use super::{BASELINE, service};
use crate::{
    stock::Stock,
    subject::{Caller, Run, Subject},
};

pub(super) const TRACES: Subject = Subject {
    name: "server: opentelemetry-instrumentation-tower 0.19, traces",
    baseline: BASELINE,
    traces: true,
    make: |caller| make(caller, false),
};

pub(super) const TRACES_AND_METRICS: Subject = Subject {
    name: "server: opentelemetry-instrumentation-tower 0.19, traces and metrics",
    baseline: BASELINE,
    traces: true,
    make: |caller| make(caller, true),
};

fn make(caller: Caller, metrics: bool) -> anyhow::Result<Box<dyn Run>> {
    let stock = Stock::new().set_global();
    let layer = LayerBuilder::builder()
        .with_metrics(metrics)
        .build()
        .map_err(|error| anyhow::anyhow!("the layer is not built: {error:?}"))?;
    service::serve(service::router().layer(layer), stock, caller)
}

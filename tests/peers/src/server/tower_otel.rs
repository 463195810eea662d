//! `tower-otel`, through `tracing-opentelemetry`.

use opentelemetry::metrics::MeterProvider as _;
use tower_otel::{metrics, trace};
use tracing::Level;

use super::{BASELINE, service};
use crate::{
    stock::Stock,
    subject::{Caller, Run, Subject},
};

pub(super) const TRACES: Subject = Subject {
    name: "server: tower-otel 0.12, traces",
    baseline: BASELINE,
    traces: true,
    make: |caller| make(caller, false),
};

pub(super) const TRACES_AND_METRICS: Subject = Subject {
    name: "server: tower-otel 0.12, traces and metrics",
    baseline: BASELINE,
    traces: true,
    make: |caller| make(caller, true),
};

fn make(caller: Caller, metrics: bool) -> anyhow::Result<Box<dyn Run>> {
    let stock = Stock::new().set_global().subscribe()?;
    let mut router = service::router();
    if metrics {
        let meter = stock.meters.meter("peers");
        router = router.layer(metrics::HttpLayer::server(&meter));
    }
    let router = router.layer(trace::HttpLayer::server(Level::INFO));
    service::serve(router, stock, caller)
}

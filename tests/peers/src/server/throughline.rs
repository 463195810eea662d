//! `throughline-http`, on the stock SDK, installed for the process.

use throughline_core::telemetry::Telemetry;
use throughline_http::server::ServerLayer;

use super::{BASELINE, service};
use crate::{stock::Stock, subject::Subject};

pub(super) const TRACES: Subject = Subject {
    name: "server: throughline, traces",
    baseline: BASELINE,
    traces: true,
    make: |caller| {
        let stock = Stock::new();
        Telemetry::new(stock.tracers.clone()).install_global();
        service::serve(service::router().layer(ServerLayer::axum()), stock, caller)
    },
};

pub(super) const TRACES_AND_METRICS: Subject = Subject {
    name: "server: throughline, traces and metrics",
    baseline: BASELINE,
    traces: true,
    make: |caller| {
        let stock = traces_and_metrics();
        service::serve(service::router().layer(ServerLayer::axum()), stock, caller)
    },
};

pub(super) const ANY_SERVICE: Subject = Subject {
    name: "server: throughline, traces and metrics, layer for any service",
    baseline: BASELINE,
    traces: true,
    make: |caller| {
        let stock = traces_and_metrics();
        service::serve(service::router().layer(ServerLayer::new()), stock, caller)
    },
};

fn traces_and_metrics() -> Stock {
    let stock = Stock::new();
    Telemetry::new(stock.tracers.clone())
        .with_meter_provider(stock.meters.clone())
        .install_global();
    stock
}

//! `axum-tracing-opentelemetry`, through `tracing-opentelemetry`.

use axum_tracing_opentelemetry::middleware::OtelAxumLayer;

use super::{BASELINE, service};
use crate::{stock::Stock, subject::Subject};

pub(super) const SUBJECT: Subject = Subject {
    name: "server: axum-tracing-opentelemetry 0.42, traces",
    baseline: BASELINE,
    traces: true,
    make: |caller| {
        let stock = Stock::new().set_global().subscribe()?;
        service::serve(
            service::router().layer(OtelAxumLayer::default()),
            stock,
            caller,
        )
    },
};

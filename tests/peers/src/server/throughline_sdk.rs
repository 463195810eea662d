//! `throughline-http` as an application has it: on the set-up of `throughline-sdk`, which
//! encodes the spans and sends them to a collector on the loopback interface.

use std::time::Duration;

use throughline_http::server::ServerLayer;
use throughline_sdk::Guard;

use super::{BASELINE, service};
use crate::{loopback::Loopback, stock::Delivery, subject::Subject};

pub(super) const SUBJECT: Subject = Subject {
    name: "server: throughline, as installed by throughline-sdk, sent by OTLP",
    baseline: BASELINE,
    traces: true,
    make: |caller| {
        let collector = Loopback::start()?;
        let guard = throughline_sdk::builder("peers")
            .with_env(|_| None)
            .with_endpoint(collector.url("/"))
            .install()?;
        let router = service::router().layer(ServerLayer::axum());
        service::serve(
            router,
            Installed {
                guard,
                _collector: collector,
            },
            caller,
        )
    },
};

struct Installed {
    guard: Guard,
    _collector: Loopback,
}

impl Delivery for Installed {
    fn flush(&self) {
        let report = self.guard.force_flush_blocking(Duration::from_secs(30));
        assert_eq!((report.lost_total(), report.pending), (0, 0), "{report}");
    }

    fn delivered(&self) -> u64 {
        self.guard.report().delivered
    }
}

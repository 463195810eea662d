//! The meter provider.

use std::time::Duration;

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::{
        PeriodicReader, SdkMeterProvider, Temporality, data::ResourceMetrics,
        exporter::PushMetricExporter,
    },
};

use crate::export::MetricSender;

/// Makes a provider that sends all metrics every `interval`.
pub(crate) fn provider(
    sender: MetricSender,
    interval: Duration,
    temporality: Temporality,
    resource: Resource,
) -> SdkMeterProvider {
    let exporter = MetricExporter {
        sender,
        temporality,
    };
    let reader = PeriodicReader::builder(exporter)
        .with_interval(interval)
        .build();
    SdkMeterProvider::builder()
        .with_reader(reader)
        .with_resource(resource)
        .build()
}

/// Hands metrics to the export thread.
#[derive(Debug)]
struct MetricExporter {
    sender: MetricSender,
    temporality: Temporality,
}

impl PushMetricExporter for MetricExporter {
    /// Always succeeds: the SDK would log each failure, once a minute and for ever, where no
    /// collector runs. Health tells it instead.
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.sender.send(metrics).await;
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}

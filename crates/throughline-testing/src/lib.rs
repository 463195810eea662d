#![doc = include_str!("../README.md")]

mod body;
mod builder;
mod collector;
mod ids;
mod metrics;
mod record;
mod remote;
mod store;

pub use body::{BodyWatch, ScriptedBody, ScriptedError};
pub use builder::CollectorBuilder;
pub use collector::Collector;
pub use metrics::{Distribution, Metric, MetricKind, Metrics, Point, PointValue};
pub use opentelemetry_sdk::trace::Sampler;
pub use remote::{REMOTE_SPAN_ID, REMOTE_TRACE_ID, remote_parent, remote_span_context};
pub use throughline_core::{
    record::SpanRecord,
    tree::{Attributes, Ids, TreeOptions},
};

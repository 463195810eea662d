#![doc = include_str!("../README.md")]

pub use opentelemetry;
pub use throughline_core::{
    JoinSetExt, clock, context, current, outcome, propagation, record, redact, semconv, span,
    spawn, spawn_blocking, telemetry, tree,
};

#[cfg(feature = "http")]
pub use throughline_http as http;
#[cfg(feature = "redis")]
pub use throughline_redis as redis;
#[cfg(feature = "reqwest")]
pub use throughline_reqwest as reqwest;
#[cfg(feature = "sdk")]
pub use throughline_sdk as sdk;
#[cfg(all(feature = "sdk", feature = "axum"))]
pub use throughline_sdk::health;
#[cfg(feature = "sdk")]
pub use throughline_sdk::{builder, init};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use throughline_sqlx as sqlx;

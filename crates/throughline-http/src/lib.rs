#![doc = include_str!("../README.md")]

pub mod body;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "axum")]
mod downcast;
mod recent;
pub mod server;

pub use server::ServerLayer;

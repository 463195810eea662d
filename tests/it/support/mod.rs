//! What the tests share: apps in process, apps on a socket.

mod app;
mod socket;

pub(crate) use app::{check, get, parent_based, read, send, wait_for_open};
pub(crate) use socket::{Server, raw};

//! The service that every layer is applied to, and the requests that it gets.

use std::net::SocketAddr;

use axum::{
    Json, Router,
    body::Body,
    extract::{ConnectInfo, Path},
    http::{Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt as _;
use serde::Serialize;
use tokio::runtime::Runtime;
use tower::Service as _;

use crate::{
    stock::Delivery,
    subject::{Caller, Run},
};

#[derive(Serialize)]
struct User {
    id: u64,
    name: &'static str,
}

/// A router with one route and no layer.
pub(super) fn router() -> Router {
    Router::new().route("/users/{id}", get(show_user))
}

async fn show_user(Path(id): Path<u64>) -> Json<User> {
    Json(User {
        id,
        name: "Ada Lovelace",
    })
}

/// Serves requests in process, one after the other.
pub(super) fn serve(
    router: Router,
    delivery: impl Delivery + 'static,
    caller: Caller,
) -> anyhow::Result<Box<dyn Run>> {
    Ok(Box::new(Served {
        // What `axum::serve` does too. Without it, axum applies the layer on each request.
        router: router.with_state(()),
        delivery: Box::new(delivery),
        caller,
        requests: Vec::new(),
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
    }))
}

struct Served {
    router: Router,
    delivery: Box<dyn Delivery>,
    caller: Caller,
    requests: Vec<Request<Body>>,
    runtime: Runtime,
}

impl Run for Served {
    fn prepare(&mut self, requests: usize) {
        self.requests
            .extend((0..requests).map(|_| request(self.caller)));
    }

    fn run(&mut self) {
        self.runtime.block_on(async {
            for request in self.requests.drain(..) {
                let response = self
                    .router
                    .call(request)
                    .await
                    .expect("a router never fails");
                assert_eq!(response.status(), StatusCode::OK);
                let body = response
                    .into_body()
                    .collect()
                    .await
                    .expect("the body is in memory");
                assert!(!body.to_bytes().is_empty());
            }
        });
    }

    fn flush(&mut self) {
        self.delivery.flush();
    }

    fn delivered(&self) -> u64 {
        self.delivery.delivered()
    }
}

fn request(caller: Caller) -> Request<Body> {
    Request::builder()
        .uri("/users/42")
        .header("host", "api.example.com:8080")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) peers")
        .header("accept", "application/json")
        .header("traceparent", caller.traceparent())
        .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 51234))))
        .body(Body::empty())
        .expect("all parts are valid")
}

//! Servers to call.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::IntoResponse,
    routing::{any, get},
};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A server that remembers the requests it got. It ends with this value.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

/// A request as the server got it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Server {
    /// Starts a server. `{there}` in the target of a redirect becomes `host:port` of `there`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new()
            .route("/ok", any(async || "fine"))
            .route("/status/{code}", any(status))
            .route("/hang", any(std::future::pending::<()>))
            .route("/redirect/{code}/{host}/{*path}", any(redirect))
            .route(
                "/loop",
                get(async || (StatusCode::FOUND, [(header::LOCATION, "/loop")])),
            )
            .route("/to/{*location}", any(to))
            .layer(axum::middleware::from_fn_with_state(
                Arc::clone(&seen),
                remember,
            ))
            .with_state(address);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            seen,
            task,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of a path under the server's own address.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the URL of a path under a name, which the client has to be told of.
    pub(crate) fn url_at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    /// Returns the requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns one header of each request.
    pub(crate) fn seen_header(&self, name: &str) -> Vec<Option<String>> {
        let text = |seen: Seen| Some(seen.headers.get(name)?.to_str().unwrap().to_owned());
        self.seen().into_iter().map(text).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn remember(
    State(all): State<Arc<Mutex<Vec<Seen>>>>,
    request: Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let host = parts.headers[header::HOST].to_str().unwrap();
    all.lock().unwrap().push(Seen {
        method: parts.method.clone(),
        host: host.split(':').next().unwrap().to_owned(),
        path: parts.uri.path().to_owned(),
        headers: parts.headers.clone(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    next.run(Request::from_parts(parts, body.into())).await
}

async fn status(Path(code): Path<u16>) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

async fn redirect(
    State(address): State<SocketAddr>,
    Path((code, host, path)): Path<(u16, String, String)>,
) -> impl IntoResponse {
    let to = format!("http://{host}:{}/{path}", address.port());
    (
        StatusCode::from_u16(code).unwrap(),
        [(header::LOCATION, to)],
    )
}

async fn to(Path(location): Path<String>) -> impl IntoResponse {
    (StatusCode::FOUND, [(header::LOCATION, location)])
}

/// Answers one connection by hand, and returns its address.
pub(crate) async fn raw<F>(answer: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream).await;
    });
    address
}

/// Reads the request, which comes in one piece.
pub(crate) async fn read_request(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).await.unwrap();
    assert!(read > 0, "the client must have sent a request");
}

/// Returns an address at which nobody listens.
pub(crate) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

//! Servers that misbehave on request, and servers of our own.

use std::{net::SocketAddr, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
    task::JoinHandle,
};

/// A server that knows how to greet, and closes the connection at the first `GET`.
pub(crate) async fn that_hangs_up() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer).await.unwrap();
            let request = String::from_utf8_lossy(&buffer[..count]).into_owned();
            if count == 0 || request.contains("GET") {
                return;
            }
            // One answer to each command of the greeting.
            let commands = request.matches("SETINFO").count();
            stream
                .write_all("+OK\r\n".repeat(commands).as_bytes())
                .await
                .unwrap();
        }
    });
    (address, serve)
}

/// A Redis of its own, which ends when this is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts one, and waits until it listens.
    pub(crate) async fn start(options: &[&str]) -> Self {
        Self::run("", options, "Ready to accept connections").await
    }

    /// Starts a sentinel that watches the server at `port` by the name of `main`.
    pub(crate) async fn sentinel_of(port: u16) -> Self {
        let settings = format!("sentinel monitor main 127.0.0.1 {port} 1\n");
        Self::run(&settings, &["--sentinel"], "+monitor master main").await
    }

    async fn run(settings: &str, options: &[&str], ready: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().await;
        // A sentinel writes to its settings.
        let file = folder.path().join("redis.conf");
        std::fs::write(&file, settings).unwrap();
        let mut process = Command::new("redis-server")
            .arg(&file)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--daemonize", "no"])
            .args(options)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("no redis-server can be started: {error}; install Redis")
            });
        let output = process.stdout.take().unwrap();
        let mut lines = BufReader::new(output).lines();
        loop {
            let line = lines.next_line().await.unwrap();
            let line = line.expect("redis-server ended before it was ready");
            if line.contains(ready) {
                break;
            }
        }
        // What it says later is read, so that it is never stuck.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            port,
            _process: process,
            _folder: folder,
        }
    }
}

/// A port that was free a moment ago, and whose cluster port was too.
async fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        if let Some(bus) = port.checked_add(10_000)
            && TcpListener::bind(("127.0.0.1", bus)).await.is_ok()
        {
            return port;
        }
    }
}

//! Requests without a response, and what their spans say.

use std::time::Duration;

use opentelemetry::trace::Status;
use reqwest::Error;
use throughline_core::semconv::{error, metric};
use throughline_reqwest::{Client, error_type};
use throughline_testing::Collector;
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use crate::server::{Server, nobody, raw, read_request};

/// Sends a request that fails, and returns the error and the description of its span.
async fn fail(client: &Client, url: String, class: &str) -> (Error, String) {
    let collector = Collector::new();
    let error = collector.run(client.get(url).send()).await.unwrap_err();
    let name = "error.type";
    let tree = collector.tree(&[name]);
    assert_eq!(
        tree,
        format!("CLIENT GET ERROR [error.type={class}]\n"),
        "{error:?}"
    );
    let measured = collector
        .metrics()
        .text(metric::HTTP_CLIENT_REQUEST_DURATION, &[name]);
    assert!(
        measured.contains(&format!("count=1 [error.type={class}]")),
        "{measured}"
    );
    assert_eq!(error_type(&error), class);
    match collector.span("GET").status {
        Status::Error { description } => (error, description.into_owned()),
        status => panic!("{status:?}"),
    }
}

#[tokio::test]
async fn nobody_listens() {
    let url = format!("http://{}/?sig=hunter2", nobody().await);
    let (_, description) = fail(&Client::new(), url, error::CONNECT_REFUSED).await;
    assert!(description.contains("Connection refused"), "{description}");
    assert!(!description.contains("hunter2"), "{description}");
    assert!(
        !description.contains("http://"),
        "the URL is an attribute already: {description}"
    );
}

#[tokio::test]
async fn a_name_has_no_address() {
    let url = "http://throughline.invalid/".to_owned();
    let (_, description) = fail(&Client::new(), url, error::DNS).await;
    assert!(description.contains("dns error"), "{description}");
}

#[tokio::test]
async fn nobody_answers_in_time() {
    let server = Server::start().await;
    let client = Client::builder()
        .timeout(Duration::from_millis(20))
        .build()
        .unwrap();
    fail(&client, server.url("/hang"), error::TIMEOUT).await;
}

#[tokio::test]
async fn the_other_end_resets_the_connection() {
    let address = raw(async |stream| {
        // Closing with unread bytes is a reset.
        stream.peek(&mut [0]).await.unwrap();
    })
    .await;
    fail(&Client::new(), format!("http://{address}/"), error::RESET).await;
}

#[tokio::test]
async fn the_other_end_closes_the_connection() {
    let address = raw(async |mut stream| read_request(&mut stream).await).await;
    fail(&Client::new(), format!("http://{address}/"), error::CLOSED).await;
}

#[tokio::test]
async fn the_other_end_does_not_speak_http() {
    let address = raw(async |mut stream| {
        read_request(&mut stream).await;
        stream
            .write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            .await
            .unwrap();
    })
    .await;
    fail(&Client::new(), format!("http://{address}/"), error::DECODE).await;
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn the_other_end_does_not_speak_tls() {
    let server = Server::start().await;
    let url = format!("https://{}/ok", server.address());
    fail(&Client::new(), url, error::TLS).await;
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_refused_connection_is_no_failure_of_tls() {
    let url = format!("https://{}/ok", nobody().await);
    fail(&Client::new(), url, error::CONNECT_REFUSED).await;
}

#[tokio::test]
async fn a_connection_is_not_made_in_time() {
    // A listener that accepts nobody: the system completes handshakes until its queue is full.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener: TcpListener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    loop {
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(50), connect).await {
            Ok(stream) => waiting.push(stream.unwrap()),
            Err(_) => break,
        }
    }
    let client = Client::builder()
        .connect_timeout(Duration::from_millis(20))
        .build()
        .unwrap();
    fail(
        &client,
        format!("http://{address}/"),
        error::CONNECT_TIMEOUT,
    )
    .await;
}

#[tokio::test]
async fn a_request_cannot_be_sent() {
    fail(&Client::new(), "ftp://a.test/".to_owned(), error::BUILDER).await;
}

#[tokio::test]
async fn a_url_that_is_none_has_no_span() {
    let collector = Collector::new();
    let error = collector
        .run(Client::new().get("not a url").send())
        .await
        .unwrap_err();
    assert_eq!(error_type(&error), error::BUILDER);
    assert_eq!(collector.tree(&[]), "");
}

#[tokio::test]
async fn a_request_body_fails() {
    let collector = Collector::new();
    let server = Server::start().await;
    let broken = throughline_testing::ScriptedBody::new()
        .data("a")
        .error("broken");
    let request = Client::new()
        .post(server.url("/ok"))
        .body(reqwest::Body::wrap(broken));
    let error = collector.run(request.send()).await.unwrap_err();
    assert_eq!(error_type(&error), error::BODY);
    assert_eq!(
        collector.tree(&["error.type"]),
        "CLIENT POST ERROR [error.type=body]\n"
    );
}

#[tokio::test]
async fn errors_after_the_head_have_a_class_too() {
    let server = Server::start().await;
    let client = Client::new();
    let not_json = client.get(server.url("/ok")).send().await.unwrap();
    let not_json = not_json.json::<u32>().await.unwrap_err();
    assert_eq!(error_type(&not_json), error::DECODE);

    let status = client.get(server.url("/status/503")).send().await.unwrap();
    assert_eq!(error_type(&status.error_for_status().unwrap_err()), "503");

    let address = raw(async |mut stream| {
        read_request(&mut stream).await;
        let half = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo";
        stream.write_all(half).await.unwrap();
    })
    .await;
    let half = client
        .get(format!("http://{address}/"))
        .send()
        .await
        .unwrap();
    assert_eq!(error_type(&half.text().await.unwrap_err()), error::CLOSED);

    let address = raw(async |mut stream| {
        read_request(&mut stream).await;
        let packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody";
        stream.write_all(packed).await.unwrap();
    })
    .await;
    let packed = client
        .get(format!("http://{address}/"))
        .send()
        .await
        .unwrap();
    assert_eq!(error_type(&packed.text().await.unwrap_err()), error::DECODE);
}

//! Asks a port whether the expected kind of server answers.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// Long for a server on the same machine, short for a person.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a server is greeted and what it answers.
#[derive(Debug)]
pub(super) struct Hello {
    /// What to send first; empty when the server speaks first.
    pub(super) sent: &'static [u8],
    /// Tells from the first bytes whether the right server answered.
    pub(super) is_answer: fn(&[u8]) -> bool,
}

/// Tells whether a server that answers `hello` listens on `port` of this machine.
pub(super) fn answers(hello: &Hello, port: u16) -> bool {
    first_bytes(hello, port).is_ok_and(|bytes| (hello.is_answer)(&bytes))
}

fn first_bytes(hello: &Hello, port: u16) -> io::Result<Vec<u8>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(hello.sent)?;

    let mut bytes = [0; 64];
    let length = stream.read(&mut bytes)?;
    Ok(bytes[..length].to_vec())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;
    use crate::servers::table::{MARIADB, MOSQUITTO, NATS, POSTGRES, RABBITMQ, REDIS, SERVERS};

    /// Serves one connection: reads what is sent, then answers.
    fn server(answer: &'static [u8]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer).unwrap();
            // Closing with unread bytes would reset the connection before the answer is read.
            io::copy(&mut stream, &mut io::sink()).ok();
        });
        port
    }

    #[test]
    fn each_server_is_known_by_its_first_bytes() {
        let cases: [(&Hello, &[u8]); 8] = [
            (&POSTGRES.hello, b"N"),
            (&POSTGRES.hello, b"S"),
            (&MARIADB.hello, b"\x59\x00\x00\x00\x0a11.4.2-MariaDB"),
            (&REDIS.hello, b"+PONG\r\n"),
            (&REDIS.hello, b"-NOAUTH Authentication required.\r\n"),
            (
                &RABBITMQ.hello,
                b"\x01\x00\x00\x00\x00\x01\xf6\x00\x0a\x00\x0a",
            ),
            (&MOSQUITTO.hello, b"\x20\x02\x00\x00"),
            (&NATS.hello, b"INFO {\"server_id\":\"N\"}\r\n"),
        ];
        for (hello, answer) in cases {
            assert!((hello.is_answer)(answer), "{answer:?}");
        }
    }

    #[test]
    fn no_server_takes_silence_or_http_for_its_own_answer() {
        for server in SERVERS {
            assert!(!(server.hello.is_answer)(b""), "{}", server.name);
            let http = b"HTTP/1.1 400 Bad Request\r\n";
            assert!(!(server.hello.is_answer)(http), "{}", server.name);
        }
    }

    #[test]
    fn an_answer_is_read_from_the_port() {
        assert!(answers(&REDIS.hello, server(b"+PONG\r\n")));
        assert!(!answers(
            &REDIS.hello,
            server(b"HTTP/1.1 400 Bad Request\r\n")
        ));
    }

    #[test]
    fn a_port_where_nobody_listens_does_not_answer() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert!(!answers(&REDIS.hello, port));
    }
}

//! One row for each server: where it is, how to tell that it answers, how to start one.

use super::{
    probe::Hello,
    recipes::{self, Recipe},
};

/// A server that tests may need.
#[derive(Debug)]
pub(super) struct Server {
    /// Its name in compose.yaml, too.
    pub(super) name: &'static str,
    /// Whether a test of the workspace talks to it; only then is it looked for.
    pub(super) needed: bool,
    /// The variable that tests read its address from, and that overrides what is found.
    pub(super) variable: &'static str,
    /// Its usual port.
    pub(super) port: u16,
    /// Its address; `{port}` stands for the port.
    pub(super) url: &'static str,
    /// What tells it from any other server on that port.
    pub(super) hello: Hello,
    /// How to start one from installed programs.
    pub(super) recipe: Option<Recipe>,
    /// Its Debian package.
    pub(super) package: &'static str,
}

impl Server {
    pub(super) fn url_at(&self, port: u16) -> String {
        self.url.replace("{port}", &port.to_string())
    }
}

pub(super) const POSTGRES: Server = Server {
    name: "postgres",
    needed: true,
    variable: "THROUGHLINE_TEST_POSTGRES_URL",
    port: 5432,
    url: "postgres://postgres@127.0.0.1:{port}/postgres",
    hello: Hello {
        // The request for TLS: eight bytes long, the code 80877103.
        sent: &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f],
        is_answer: |bytes| matches!(bytes, [b'S' | b'N', ..]),
    },
    recipe: Some(recipes::postgres),
    package: "postgresql",
};

pub(super) const MARIADB: Server = Server {
    name: "mariadb",
    needed: true,
    variable: "THROUGHLINE_TEST_MARIADB_URL",
    port: 3306,
    url: "mysql://root@127.0.0.1:{port}/mysql",
    hello: Hello {
        sent: &[],
        // The handshake: three bytes of length, packet number 0, protocol version 10.
        is_answer: |bytes| matches!(bytes, [_, _, _, 0, 10, ..]),
    },
    recipe: Some(recipes::mariadb),
    package: "mariadb-server",
};

pub(super) const REDIS: Server = Server {
    name: "redis",
    needed: true,
    variable: "THROUGHLINE_TEST_REDIS_URL",
    port: 6379,
    url: "redis://127.0.0.1:{port}/",
    hello: Hello {
        sent: b"PING\r\n",
        is_answer: |bytes| bytes.starts_with(b"+PONG") || bytes.starts_with(b"-NOAUTH"),
    },
    recipe: Some(recipes::redis),
    package: "redis-server",
};

pub(super) const RABBITMQ: Server = Server {
    name: "rabbitmq",
    needed: false,
    variable: "THROUGHLINE_TEST_RABBITMQ_URL",
    port: 5672,
    url: "amqp://guest:guest@127.0.0.1:{port}/%2f",
    hello: Hello {
        sent: b"AMQP\x00\x00\x09\x01",
        // A method frame on channel 0: `Connection.Start`.
        is_answer: |bytes| bytes.starts_with(&[1, 0, 0]),
    },
    // A node wants a name of its own in a distribution service that other nodes share.
    recipe: None,
    package: "rabbitmq-server",
};

pub(super) const MOSQUITTO: Server = Server {
    name: "mosquitto",
    needed: false,
    variable: "THROUGHLINE_TEST_MOSQUITTO_URL",
    port: 1883,
    url: "mqtt://127.0.0.1:{port}",
    hello: Hello {
        // CONNECT, MQTT 3.1.1, a clean session, no keep-alive, no client identifier.
        sent: &[0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 0],
        // CONNACK of length 2, whatever the return code.
        is_answer: |bytes| bytes.starts_with(&[0x20, 2]),
    },
    recipe: Some(recipes::mosquitto),
    package: "mosquitto",
};

pub(super) const NATS: Server = Server {
    name: "nats",
    needed: false,
    variable: "THROUGHLINE_TEST_NATS_URL",
    port: 4222,
    url: "nats://127.0.0.1:{port}",
    hello: Hello {
        sent: &[],
        is_answer: |bytes| bytes.starts_with(b"INFO {"),
    },
    recipe: Some(recipes::nats),
    package: "nats-server",
};

pub(super) const SERVERS: [&Server; 6] =
    [&POSTGRES, &MARIADB, &REDIS, &RABBITMQ, &MOSQUITTO, &NATS];

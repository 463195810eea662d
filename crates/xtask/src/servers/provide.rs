//! Finds or starts the servers of the table and hands their addresses to the tests.

use std::env;

use anyhow::{Context as _, bail};

use super::{
    probe,
    table::{SERVERS, Server},
    throwaway::{self, Throwaway},
};

/// The servers of one run; those it started are stopped when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Provided {
    urls: Vec<(&'static str, String)>,
    started: Vec<Throwaway>,
}

/// Where a server is.
#[derive(Debug)]
enum Found {
    /// Its environment variable says so.
    Named(String),
    /// One answers on the usual port.
    Running(String),
    /// It was started for this run.
    Started(String, Throwaway),
}

impl Provided {
    /// Returns the environment variables that tell the tests where the servers are.
    pub(crate) fn urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.urls
            .iter()
            .map(|(variable, url)| (*variable, url.as_str()))
    }
}

/// Finds or starts every server that the tests need.
pub(crate) fn provide() -> anyhow::Result<Provided> {
    let mut provided = Provided::default();
    for server in SERVERS.into_iter().filter(|server| server.needed) {
        let url = match find(server, env::var(server.variable).ok(), server.port)? {
            // The tests read the same variable.
            Found::Named(url) => {
                println!("{}: {} names {url}", server.name, server.variable);
                continue;
            }
            Found::Running(url) => {
                println!("{}: found at {url}", server.name);
                url
            }
            Found::Started(url, throwaway) => {
                println!("{}: started at {url}", server.name);
                provided.started.push(throwaway);
                url
            }
        };
        provided.urls.push((server.variable, url));
    }
    Ok(provided)
}

/// Prints for each server where it is, or how to get it.
pub(crate) fn describe() {
    for server in SERVERS {
        let needed = if server.needed {
            "needed"
        } else {
            "not needed"
        };
        let place = match find(server, env::var(server.variable).ok(), server.port) {
            Ok(Found::Named(_)) => format!("named by {}", server.variable),
            Ok(Found::Running(url)) => format!("running at {url}"),
            Ok(Found::Started(..)) => "installed: started when tests need it".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        println!("{:<10} {needed:<11} {place}", server.name);
    }
}

fn find(server: &Server, named: Option<String>, port: u16) -> anyhow::Result<Found> {
    if let Some(url) = named {
        return Ok(Found::Named(url));
    }
    if probe::answers(&server.hello, port) {
        return Ok(Found::Running(server.url_at(port)));
    }
    if let Some(recipe) = server.recipe {
        let started = throwaway::start(server, recipe)
            .with_context(|| format!("failed to start {}", server.name))?;
        if let Some(throwaway) = started {
            return Ok(Found::Started(server.url_at(throwaway.port), throwaway));
        }
    }
    bail!("{}", how_to_get(server))
}

fn how_to_get(server: &Server) -> String {
    let Server {
        name,
        package,
        variable,
        ..
    } = server;
    format!(
        "no {name} here: run `docker compose up -d {name}`, or `apt-get install {package}`, \
         or set {variable}"
    )
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        net::{Ipv4Addr, TcpListener},
        thread,
    };

    use super::*;
    use crate::servers::table::{NATS, REDIS};

    #[test]
    fn an_address_in_the_environment_wins() {
        let named = Some("redis://elsewhere".to_owned());
        let found = find(&REDIS, named, 1).unwrap();
        assert!(matches!(found, Found::Named(url) if url == "redis://elsewhere"));
    }

    #[test]
    fn a_server_that_answers_is_taken() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || listener.accept().unwrap().0.write_all(b"INFO {}\r\n"));

        let found = find(&NATS, None, port).unwrap();
        assert!(matches!(found, Found::Running(url) if url == format!("nats://127.0.0.1:{port}")));
    }

    #[test]
    fn a_server_that_is_nowhere_is_an_error_that_says_how_to_get_it() {
        let nowhere = Server {
            recipe: Some(|_| None),
            ..REDIS
        };
        // Nobody listens on port 1.
        let error = find(&nowhere, None, 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no redis here: run `docker compose up -d redis`, or `apt-get install redis-server`, \
             or set THROUGHLINE_TEST_REDIS_URL"
        );
    }

    #[test]
    fn every_server_is_a_service_of_the_compose_file_on_its_usual_port() {
        let text = std::fs::read_to_string(crate::repo::root().join("compose.yaml")).unwrap();
        for server in SERVERS {
            assert!(
                text.contains(&format!("\n  {}:\n", server.name)),
                "{}",
                server.name
            );
            let port = format!("\"127.0.0.1:{0}:{0}\"", server.port);
            assert!(text.contains(&port), "{port}");
        }
    }
}

//! A server that lives as long as the run that started it.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::{
    probe,
    recipes::{Place, Recipe},
    table::Server,
};

/// Long for a database that makes its files on a busy machine.
const START_PATIENCE: Duration = Duration::from_mins(1);
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const LOG: &str = "log";
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A user of this machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// A running server; it is stopped and its files are removed when this is dropped.
#[derive(Debug)]
pub(super) struct Throwaway {
    pub(super) port: u16,
    process: Child,
    stop_signal: &'static str,
    // Removed after `drop` has stopped the process.
    folder: TempDir,
}

/// Starts a server on a free port and waits until it answers.
///
/// Returns `None` when its programs are not installed.
pub(super) fn start(server: &Server, recipe: Recipe) -> anyhow::Result<Option<Throwaway>> {
    let folder = tempfile::Builder::new()
        .prefix("throughline-")
        .tempdir()
        .context("failed to make a temporary folder")?;
    let account = give_away(folder.path())?;
    let place = Place {
        folder: folder.path().to_owned(),
        port: free_port()?,
        account,
    };
    let Some(mut launch) = recipe(&place) else {
        return Ok(None);
    };

    let log = place.folder.join(LOG);
    if let Some(prepare) = &mut launch.prepare {
        let status = logged(prepare, &log)?.status()?;
        if !status.success() {
            bail!("its files could not be made ({status}): {}", tail(&log));
        }
    }
    let process = logged(&mut launch.serve, &log)?.spawn()?;
    let mut throwaway = Throwaway {
        port: place.port,
        process,
        stop_signal: launch.stop_signal,
        folder,
    };
    throwaway
        .wait_until_it_answers(server)
        .with_context(|| tail(&throwaway.log()))?;
    Ok(Some(throwaway))
}

impl Throwaway {
    fn wait_until_it_answers(&mut self, server: &Server) -> anyhow::Result<()> {
        let start = Instant::now();
        while !probe::answers(&server.hello, self.port) {
            if let Some(status) = self.process.try_wait()? {
                bail!("it ended with {status}");
            }
            if start.elapsed() > START_PATIENCE {
                bail!("it did not answer within {START_PATIENCE:?}");
            }
            pause();
        }
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join(LOG)
    }

    fn stop(&mut self) -> io::Result<()> {
        Command::new("kill")
            .args(["-s", self.stop_signal, &self.process.id().to_string()])
            .status()?;
        let start = Instant::now();
        while self.process.try_wait()?.is_none() {
            if start.elapsed() > STOP_PATIENCE {
                return self.process.kill();
            }
            pause();
        }
        Ok(())
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            println!("failed to stop process {}: {error}", self.process.id());
        }
    }
}

/// Hands the folder to an account without rights when this process is root's, as database servers
/// refuse to run as root.
fn give_away(folder: &Path) -> anyhow::Result<Option<Account>> {
    // The owner of what this process has just made is its own user.
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("failed to read the user accounts")?;
    let account = account(&users, "nobody").context("there is no user `nobody`")?;
    chown(folder, Some(account.user), Some(account.group))?;
    Ok(Some(account))
}

fn account(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let mut numbers = fields.skip(1).map_while(|field| field.parse().ok());
        Some(Account {
            user: numbers.next()?,
            group: numbers.next()?,
        })
    })
}

/// Returns a port that nobody listens on.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn logged<'a>(command: &'a mut Command, log: &Path) -> io::Result<&'a mut Command> {
    let file = File::options().create(true).append(true).open(log)?;
    Ok(command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file))
}

fn tail(log: &Path) -> String {
    const LINES: usize = 10;
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process of another make can only be asked again and again"
)]
fn pause() {
    thread::sleep(POLL_INTERVAL);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::{
        recipes::Launch,
        table::{MARIADB, MOSQUITTO, NATS, POSTGRES, REDIS},
    };

    /// Starts the server, finds that it answers, stops it, finds that it is gone.
    fn check(server: &Server) {
        let recipe = server.recipe.expect("the server can be started");
        let Some(throwaway) = start(server, recipe).unwrap() else {
            println!("skipped: {} is not installed", server.package);
            return;
        };
        let port = throwaway.port;
        let folder = throwaway.folder.path().to_owned();
        assert!(probe::answers(&server.hello, port), "it answers");
        drop(throwaway);
        assert!(!probe::answers(&server.hello, port), "it is stopped");
        assert!(!folder.exists(), "its files are removed");
    }

    #[test]
    fn postgres_starts_answers_and_stops() {
        check(&POSTGRES);
    }

    #[test]
    fn mariadb_starts_answers_and_stops() {
        check(&MARIADB);
    }

    #[test]
    fn redis_starts_answers_and_stops() {
        check(&REDIS);
    }

    #[test]
    fn mosquitto_starts_answers_and_stops() {
        check(&MOSQUITTO);
    }

    #[test]
    fn nats_starts_answers_and_stops() {
        check(&NATS);
    }

    #[test]
    fn a_server_whose_program_is_missing_is_not_started() {
        assert!(start(&REDIS, |_| None).unwrap().is_none());
    }

    #[test]
    fn a_server_that_ends_at_once_is_an_error_with_the_end_of_its_log() {
        let error = start(&REDIS, |_| {
            let mut serve = Command::new("sh");
            serve.args(["-c", "echo the port is taken; exit 3"]);
            Some(Launch {
                prepare: None,
                serve,
                stop_signal: "TERM",
            })
        })
        .unwrap_err();
        let text = format!("{error:#}");
        assert_eq!(text, "the port is taken: it ended with exit status: 3");
    }

    #[test]
    fn an_account_is_read_by_its_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/sbin/nologin";
        let nobody = Account {
            user: 65534,
            group: 65533,
        };
        assert_eq!(account(users, "nobody"), Some(nobody));
        assert_eq!(account(users, "no"), None);
        assert_eq!(account("nobody:x:not a number", "nobody"), None);
    }
}

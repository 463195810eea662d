//! How to start each server from installed programs, with its files in one folder.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use super::throwaway::Account;
use crate::repo;

/// Says what to run; `None` when a program is not installed.
pub(super) type Recipe = fn(&Place) -> Option<Launch>;

/// Where a server is started.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) port: u16,
    /// Who runs the server, when it is not the user of this process.
    pub(super) account: Option<Account>,
}

/// What starts and stops a server.
#[derive(Debug)]
pub(super) struct Launch {
    /// Makes the server's files; has to end well before the server is started.
    pub(super) prepare: Option<Command>,
    pub(super) serve: Command,
    /// The signal that makes the server stop without waiting for its clients.
    pub(super) stop_signal: &'static str,
}

pub(super) fn postgres(place: &Place) -> Option<Launch> {
    let folders = postgres_folders();
    let initdb = repo::program("initdb", &folders)?;
    let postgres = repo::program("postgres", &folders)?;
    let data = place.folder.join("data");

    let mut prepare = place.command(&initdb);
    prepare.args(["--username=postgres", "--auth=trust", "--encoding=UTF8"]);
    prepare.args(["--locale=C", "--no-sync", "--no-instructions"]);
    prepare.arg("--pgdata").arg(&data);

    let mut serve = place.command(&postgres);
    serve.arg("-D").arg(&data);
    for setting in [
        &format!("port={}", place.port),
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
    ] {
        serve.args(["-c", setting]);
    }
    Some(Launch {
        prepare: Some(prepare),
        serve,
        stop_signal: "INT",
    })
}

pub(super) fn mariadb(place: &Place) -> Option<Launch> {
    let folders = [PathBuf::from("/usr/sbin")];
    let install = repo::program("mariadb-install-db", &folders)?;
    let mariadbd = repo::program("mariadbd", &folders)?;
    let data = place.folder.join("data");

    let mut prepare = place.command(&install);
    prepare.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
    prepare
        .arg("--skip-test-db")
        .arg(setting("--datadir", &data));

    let mut serve = place.command(&mariadbd);
    serve.args(["--no-defaults", "--bind-address=127.0.0.1"]);
    serve.arg(format!("--port={}", place.port));
    serve.arg(setting("--datadir", &data));
    serve.arg(setting("--socket", &place.folder.join("socket")));
    serve.arg(setting("--pid-file", &place.folder.join("pid")));
    Some(Launch {
        prepare: Some(prepare),
        serve,
        stop_signal: "TERM",
    })
}

pub(super) fn redis(place: &Place) -> Option<Launch> {
    let program = repo::program("redis-server", &[])?;
    let mut serve = place.command(&program);
    serve.args(["--bind", "127.0.0.1", "--port"]);
    serve.arg(place.port.to_string());
    serve.args(["--save", "", "--appendonly", "no"]);
    Some(Launch::at_once(serve))
}

pub(super) fn mosquitto(place: &Place) -> Option<Launch> {
    let program = repo::program("mosquitto", &[PathBuf::from("/usr/sbin")])?;
    let mut serve = place.command(&program);
    // Without a configuration file it listens on the loopback only and lets everybody in.
    serve.arg("-p").arg(place.port.to_string());
    Some(Launch::at_once(serve))
}

pub(super) fn nats(place: &Place) -> Option<Launch> {
    let program = repo::program("nats-server", &[PathBuf::from("/usr/sbin")])?;
    let mut serve = place.command(&program);
    serve.args(["--addr", "127.0.0.1", "--port"]);
    serve.arg(place.port.to_string());
    serve.args(["--jetstream", "--store_dir"]);
    serve.arg(&place.folder);
    Some(Launch::at_once(serve))
}

impl Place {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        if let Some(account) = &self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }
}

impl Launch {
    fn at_once(serve: Command) -> Self {
        Self {
            prepare: None,
            serve,
            stop_signal: "TERM",
        }
    }
}

/// Debian keeps the programs of each PostgreSQL version in a folder of its own.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql");
    let mut folders: Vec<_> = versions
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    folders.sort_unstable();
    folders.reverse();
    folders
}

fn setting(name: &str, value: &Path) -> OsString {
    let mut setting = OsStr::new(name).to_owned();
    setting.push("=");
    setting.push(value);
    setting
}

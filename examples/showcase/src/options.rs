//! The command line.

use clap::Parser;

/// Starts two traced services, drives requests through them and keeps serving.
///
/// `SHOWCASE_JWT_SECRET` sets the secret that signs client tokens; without it a random one is used.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Options {
    /// Port of the api service; 0 takes any free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,

    /// Port of the payments service; 0 takes any free one.
    #[arg(long, default_value_t = 3001)]
    pub(crate) payments_port: u16,

    /// The database, such as postgres://user@localhost/showcase; SQLite in memory without it.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// Exit after driving the requests.
    #[arg(long, conflicts_with = "serve")]
    pub(crate) once: bool,

    /// Only serve; send your own requests.
    #[arg(long)]
    pub(crate) serve: bool,
}

//! Where commands go, and where their spans go.

use std::{
    fmt,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use opentelemetry::StringValue;
use redis::{Client, ConnectionAddr};
use rustc_hash::FxHashMap;
use throughline_core::telemetry::{Resolver, Telemetry};

use crate::instruments::RedisInstruments;

/// A reply from this size on is worth an attribute.
const BIG_REPLY: usize = 100 * 1024;

/// How many servers a process keeps for ever.
const MOST_TARGETS: usize = 1024;

type Targets = FxHashMap<(Box<str>, Option<u16>), Target>;

static TARGETS: LazyLock<RwLock<Targets>> = LazyLock::new(RwLock::default);

/// What connections to one server share.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) target: Target,
    /// The database that a new connection is in, if the client says so.
    pub(crate) database: Option<i64>,
    pub(crate) resolver: Resolver<RedisInstruments>,
    pub(crate) big_reply: usize,
    pub(crate) empty_is_miss: bool,
}

impl Source {
    pub(crate) fn new() -> Self {
        Self {
            target: Target::default(),
            database: None,
            resolver: Resolver::new(),
            big_reply: BIG_REPLY,
            empty_is_miss: false,
        }
    }

    pub(crate) fn of(client: &Client) -> Self {
        let info = client.get_connection_info();
        let target = match info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Target::of(host, Some(*port))
            }
            ConnectionAddr::Unix(path) => Target::of(&path.to_string_lossy(), None),
            _ => Target::default(),
        };
        Self {
            target,
            database: Some(info.redis_settings().db()),
            ..Self::new()
        }
    }

    pub(crate) fn with_telemetry(self: Arc<Self>, telemetry: Telemetry) -> Arc<Self> {
        change(self, |source| source.resolver = Resolver::with(telemetry))
    }

    pub(crate) fn with_server(self: Arc<Self>, address: &str, port: u16) -> Arc<Self> {
        change(self, |source| {
            source.target = Target::of(address, Some(port));
        })
    }
}

/// Changes a source that others may share.
pub(crate) fn change(source: Arc<Source>, change: impl FnOnce(&mut Source)) -> Arc<Source> {
    let mut source = Arc::unwrap_or_clone(source);
    change(&mut source);
    Arc::new(source)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("target", &self.target)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// A server, and a number that stands for it in the keys of bound metrics.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// There is none for the servers beyond the first 1,024.
    pub(crate) id: Option<u32>,
    pub(crate) address: Option<StringValue>,
    pub(crate) port: Option<u16>,
}

impl Target {
    fn of(address: &str, port: Option<u16>) -> Self {
        let key = (Box::from(address), port);
        let mut all = TARGETS.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&key) {
            return known.clone();
        }
        let id = u32::try_from(all.len() + 1).ok();
        let has_room = all.len() < MOST_TARGETS;
        let target = Self {
            id: id.filter(|_| has_room),
            address: Some(StringValue::from(Arc::<str>::from(address))),
            port,
        };
        if has_room {
            all.insert(key, target.clone());
        }
        target
    }
}

impl Default for Target {
    /// A server that nobody named.
    fn default() -> Self {
        Self {
            id: Some(0),
            address: None,
            port: None,
        }
    }
}

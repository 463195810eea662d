//! Where the queries of a pool go, and where their spans go.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use throughline_core::telemetry::{Resolver, Telemetry};

use crate::{
    backend::{Backend, Target},
    instruments::DbInstruments,
    sql::Dialect,
};

/// What the pool, its connections and their transactions share.
pub(crate) struct Source {
    /// Stands for the source in the keys of bound metrics.
    pub(crate) id: u32,
    pub(crate) system: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) target: Target,
    pub(crate) resolver: Resolver<DbInstruments>,
}

impl Source {
    pub(crate) fn new<DB: Backend>(target: Target, telemetry: Option<Telemetry>) -> Arc<Self> {
        static NEXT_ID: AtomicU32 = AtomicU32::new(0);
        Arc::new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            system: DB::SYSTEM,
            dialect: DB::DIALECT,
            target,
            resolver: telemetry.map_or_else(Resolver::new, Resolver::with),
        })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("system", &self.system)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

//! Finding the instruments of an operation.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwapOption;
use opentelemetry::{Context, baggage::BaggageExt as _, trace::TraceContextExt as _};

use super::{Instruments, Telemetry, global};

/// Finds the [`Instruments`] to use for each operation of a layer or client.
///
/// Made without telemetry, it follows the current context and the process; made with one,
/// it keeps to that.
pub struct Resolver<T> {
    given: Option<Given<T>>,
    process: ArcSwapOption<Resolved<T>>,
}

struct Given<T> {
    telemetry: Telemetry,
    instruments: Arc<T>,
    /// A context that carries nothing but the telemetry.
    base: Context,
}

struct Resolved<T> {
    generation: u64,
    instruments: Arc<T>,
}

impl<T: Instruments> Resolver<T> {
    /// Follows the current context and the process.
    pub fn new() -> Self {
        Self {
            given: None,
            process: ArcSwapOption::empty(),
        }
    }

    /// Keeps to `telemetry`.
    pub fn with(telemetry: Telemetry) -> Self {
        let given = Given {
            instruments: telemetry.instruments(),
            base: telemetry.context(&Context::new()),
            telemetry,
        };
        Self {
            given: Some(given),
            process: ArcSwapOption::empty(),
        }
    }

    /// Returns the instruments for an operation that starts now. Does not allocate, but for
    /// the first call.
    pub fn get(&self) -> Arc<T> {
        if let Some(given) = &self.given {
            return Arc::clone(&given.instruments);
        }
        if let Some(telemetry) = Telemetry::of_current_context() {
            return telemetry.instruments();
        }
        let generation = global::generation();
        match &*self.process.load() {
            Some(known) if known.generation == generation => Arc::clone(&known.instruments),
            _ => self.resolve(generation),
        }
    }

    /// Returns the context below which an operation runs that starts now, with others inside.
    ///
    /// A client, in which nothing else runs, needs no more than [`Context::current`].
    ///
    /// It is the current one, with the given telemetry in it if there is one: what runs
    /// inside then sends to the same place. A current context that has neither span nor
    /// baggage counts as empty, so that the usual case costs nothing.
    pub fn context(&self) -> Context {
        let Some(given) = &self.given else {
            return Context::current();
        };
        Context::map_current(|current| {
            if current.has_active_span() || !current.baggage().is_empty() {
                given.telemetry.context(current)
            } else {
                given.base.clone()
            }
        })
    }

    #[cold]
    fn resolve(&self, generation: u64) -> Arc<T> {
        let instruments = Telemetry::global().instruments::<T>();
        self.process.store(Some(Arc::new(Resolved {
            generation,
            instruments: Arc::clone(&instruments),
        })));
        instruments
    }
}

impl<T: Instruments> Default for Resolver<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Resolver<T> {
    fn clone(&self) -> Self {
        let given = self.given.as_ref().map(|given| Given {
            telemetry: given.telemetry.clone(),
            instruments: Arc::clone(&given.instruments),
            base: given.base.clone(),
        });
        Self {
            given,
            process: ArcSwapOption::new(self.process.load_full()),
        }
    }
}

impl<T> fmt::Debug for Resolver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("given", &self.given.as_ref().map(|given| &given.telemetry))
            .finish_non_exhaustive()
    }
}

//! Routes: finding them, also late, and knowing them again.

use std::{
    borrow::Cow,
    cell::Cell,
    sync::{Arc, OnceLock},
    task::{self, Poll},
};

use arc_swap::ArcSwap;
use http::{Extensions, Request};
use rustc_hash::FxHashMap;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "axum")]
use crate::downcast::if_it_is;

use super::{
    endpoint::{Endpoint, Kind},
    instruments::ServerInstruments,
};

/// The most routes that are known by name in one process.
///
/// A router has as many as its code says. Where a closure gives them, a mistake may make one
/// of each path: then the rest shares the metric label `_OTHER`.
const MOST_ROUTES: usize = 1_024;

/// The label of routes beyond [`MOST_ROUTES`].
const OVERFLOW: &str = "_OTHER";

/// A route that was seen before, with the kinds of requests it got.
#[derive(Debug, Default)]
struct Route {
    /// The template; `None` is the route of requests that matched none.
    text: Option<Arc<str>>,
    endpoints: ArcSwap<Vec<Arc<Endpoint>>>,
}

impl Route {
    fn new(text: Arc<str>) -> Self {
        Self {
            text: Some(text),
            endpoints: ArcSwap::default(),
        }
    }

    fn endpoint(&self, kind: Kind, instruments: &ServerInstruments) -> Arc<Endpoint> {
        let known = self.endpoints.load();
        if let Some(known) = known.iter().find(|each| each.kind == kind) {
            return Arc::clone(known);
        }
        self.add(kind, instruments)
    }

    #[cold]
    fn add(&self, kind: Kind, instruments: &ServerInstruments) -> Arc<Endpoint> {
        let endpoint = Arc::new(Endpoint::new(kind, self.text.clone(), instruments));
        self.endpoints.rcu(|known| {
            let mut known = Vec::clone(known);
            if known.iter().all(|each| each.kind != kind) {
                known.push(Arc::clone(&endpoint));
            }
            known
        });
        endpoint
    }
}

/// All routes that were seen.
#[derive(Debug)]
pub(super) struct RouteTable {
    known: ArcSwap<FxHashMap<Arc<str>, Arc<Route>>>,
    none: Route,
    overflow: Route,
}

impl Default for RouteTable {
    fn default() -> Self {
        Self {
            known: ArcSwap::default(),
            none: Route::default(),
            overflow: Route::new(Arc::from(OVERFLOW)),
        }
    }
}

impl RouteTable {
    /// Returns what requests of this kind on this route share. Does not allocate for a kind
    /// that was seen before.
    pub(super) fn endpoint(
        &self,
        text: Option<&str>,
        kind: Kind,
        instruments: &ServerInstruments,
    ) -> Arc<Endpoint> {
        let Some(text) = text else {
            return self.none.endpoint(kind, instruments);
        };
        if let Some(known) = self.known.load().get(text) {
            return known.endpoint(kind, instruments);
        }
        self.add(text);
        match self.known.load().get(text) {
            Some(known) => known.endpoint(kind, instruments),
            None => self.overflow.endpoint(kind, instruments),
        }
    }

    #[cold]
    fn add(&self, text: &str) {
        if self.known.load().len() >= MOST_ROUTES {
            return;
        }
        let text: Arc<str> = Arc::from(text);
        let route = Arc::new(Route::new(Arc::clone(&text)));
        self.known.rcu(|known| {
            let mut known = FxHashMap::clone(known);
            if known.len() < MOST_ROUTES {
                known
                    .entry(Arc::clone(&text))
                    .or_insert_with(|| Arc::clone(&route));
            }
            known
        });
    }
}

/// Where the inside of a service tells the route to the layer outside.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteSlot(Arc<OnceLock<Arc<str>>>);

impl RouteSlot {
    /// Attaches a slot to a request.
    pub(super) fn attach(extensions: &mut Extensions) -> Self {
        let slot = Self::default();
        extensions.insert(slot.clone());
        slot
    }

    pub(super) fn get(&self) -> Option<&str> {
        self.0.get().map(|route| &**route)
    }
}

thread_local! {
    /// Which route's request this thread is serving: the address of its template, or zero.
    static SERVING: Cell<usize> = const { Cell::new(0) };
}

/// The route of a request, as its own address: the router keeps one text for each.
pub(super) fn address(matched: Option<&str>) -> usize {
    matched.map_or(0, |route| route.as_ptr().addr())
}

/// Marks this thread as serving a request of a route, until it is dropped.
pub(super) struct Serving(usize);

impl Serving {
    pub(super) fn enter(route: usize) -> Self {
        Self(
            SERVING
                .try_with(|serving| serving.replace(route))
                .unwrap_or_default(),
        )
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = SERVING.try_with(|serving| serving.set(self.0));
    }
}

/// Says whether a request is inside a server layer already.
///
/// It is if it has that layer's slot, or if the layer is serving the same route: a request
/// that passes a router and a router nested in it has one route in both. Attaching a mark to
/// each request instead would make the request's map of extensions grow. The price is that a
/// handler that calls its own route, in its own task and without a socket, gets no second span.
pub(super) fn is_entered(extensions: &Extensions) -> bool {
    if extensions.get::<RouteSlot>().is_some() {
        return true;
    }
    let serving = SERVING.try_with(Cell::get).unwrap_or_default();
    serving != 0 && serving == address(matched(extensions))
}

/// Returns the route that the router attached to a request.
pub(super) fn matched(extensions: &Extensions) -> Option<&str> {
    #[cfg(feature = "axum")]
    if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
        return Some(path.as_str());
    }
    let _ = extensions;
    None
}

/// Tells the route of a request to the server layer outside, if that does not know it yet.
///
/// For routers other than axum's. The first to tell wins. It labels metrics: give the
/// template, never the path.
pub fn set_route(extensions: &Extensions, route: impl Into<Cow<'static, str>>) {
    if let Some(slot) = extensions.get::<RouteSlot>() {
        slot.0.get_or_init(|| Arc::from(route.into()));
    }
}

/// Tells the matched route to a server layer that stands outside the router.
///
/// Outside, the route is not known when the span starts. This layer, inside, tells it, and
/// the span is renamed at its end. Needed only where another layer stands between
/// [`ServerLayer`](super::ServerLayer) and the router it wraps, and in a router that is mounted
/// with `nest_service`. A nested `ServerLayer` and the `CurrentTrace` extractor do the same; a
/// router that is wrapped directly gets it by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouteLayer;

impl RouteLayer {
    /// Makes the layer.
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for RouteLayer {
    type Service = RouteService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RouteService { inner }
    }
}

/// The service of [`RouteLayer`].
#[derive(Clone, Debug)]
pub struct RouteService<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for RouteService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        tell(request.extensions());
        self.inner.call(request)
    }
}

/// Gives a router that is wrapped directly the layer that tells its routes.
pub(super) fn told_by_router<S: 'static>(inner: S) -> S {
    #[cfg(feature = "axum")]
    return if_it_is::<axum::Router, _>(inner, |router| router.layer(RouteLayer::new()));
    #[cfg(not(feature = "axum"))]
    inner
}

/// Tells the matched route, if there is one and somebody wants to know it.
pub(super) fn tell(extensions: &Extensions) {
    if let (Some(slot), Some(route)) = (extensions.get::<RouteSlot>(), matched(extensions)) {
        slot.0.get_or_init(|| Arc::from(route));
    }
}

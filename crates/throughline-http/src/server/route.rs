//! Routes: finding them, also late, and knowing them again.

#[cfg(feature = "axum")]
use std::any::Any;
use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
    task::{self, Poll},
};

use arc_swap::ArcSwap;
use http::{Extensions, Request};
use opentelemetry::StringValue;
use rustc_hash::FxHashMap;
use tower_layer::Layer;
use tower_service::Service;

use super::series::SeriesSet;

/// The most routes that are known by name in one process.
///
/// A router has as many as its code says. Where a closure gives them, a mistake may make one
/// of each path: then the rest shares the metric label `_OTHER`.
const MOST_ROUTES: usize = 1_024;

/// The label of routes beyond [`MOST_ROUTES`].
const OVERFLOW: &str = "_OTHER";

/// A route that was seen before: its span names and its metric series.
#[derive(Debug)]
pub(super) struct Route {
    /// The template; `None` is the route of requests that matched none.
    text: Option<Arc<str>>,
    names: ArcSwap<Vec<(&'static str, &'static str)>>,
    pub(super) series: SeriesSet,
}

impl Route {
    fn new(text: Option<Arc<str>>) -> Self {
        Self {
            text,
            names: ArcSwap::default(),
            series: SeriesSet::default(),
        }
    }

    /// Returns the template as an attribute's value.
    pub(super) fn value(&self) -> Option<StringValue> {
        self.text.clone().map(StringValue::from)
    }

    /// Returns `{method} {route}`, or the method alone.
    ///
    /// A span's name is static or owned. So that it need not be made for each request, it is
    /// kept for ever: at most one for each known route and known method.
    pub(super) fn span_name(&self, method: &'static str) -> &'static str {
        let Some(text) = &self.text else {
            return method;
        };
        let known = |names: &[(&'static str, &'static str)]| {
            names
                .iter()
                .find(|(each, _)| *each == method)
                .map(|(_, name)| *name)
        };
        if let Some(name) = known(&self.names.load()) {
            return name;
        }
        let name: &'static str = Box::leak(format!("{method} {text}").into_boxed_str());
        self.names.rcu(|names| {
            let mut names = Vec::clone(names);
            if known(&names).is_none() {
                names.push((method, name));
            }
            names
        });
        name
    }
}

/// All routes that were seen.
#[derive(Debug)]
pub(super) struct RouteTable {
    known: ArcSwap<FxHashMap<Arc<str>, Arc<Route>>>,
    none: Arc<Route>,
    overflow: Arc<Route>,
}

impl Default for RouteTable {
    fn default() -> Self {
        Self {
            known: ArcSwap::default(),
            none: Arc::new(Route::new(None)),
            overflow: Arc::new(Route::new(Some(Arc::from(OVERFLOW)))),
        }
    }
}

impl RouteTable {
    /// Returns the route with this template. Does not allocate for one that was seen before.
    pub(super) fn get(&self, text: Option<&str>) -> Arc<Route> {
        let Some(text) = text else {
            return Arc::clone(&self.none);
        };
        if let Some(known) = self.known.load().get(text) {
            return Arc::clone(known);
        }
        self.add(text)
    }

    #[cold]
    fn add(&self, text: &str) -> Arc<Route> {
        let text: Arc<str> = Arc::from(text);
        let route = Arc::new(Route::new(Some(Arc::clone(&text))));
        self.known.rcu(|known| {
            let mut known = FxHashMap::clone(known);
            if known.len() < MOST_ROUTES {
                known
                    .entry(Arc::clone(&text))
                    .or_insert_with(|| Arc::clone(&route));
            }
            known
        });
        let known = self.known.load();
        Arc::clone(known.get(&text).unwrap_or(&self.overflow))
    }
}

/// Marks a request that is inside a server layer. Its size is zero, so attaching it to a
/// request allocates nothing.
#[derive(Clone, Copy, Debug)]
struct Entered;

/// Where the inside of a service tells the route to the layer outside.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteSlot(Arc<OnceLock<Arc<str>>>);

impl RouteSlot {
    pub(super) fn get(&self) -> Option<&str> {
        self.0.get().map(|route| &**route)
    }
}

/// Says whether a request is inside a server layer already.
pub(super) fn is_entered(extensions: &Extensions) -> bool {
    extensions.get::<Entered>().is_some()
}

/// Marks a request as inside a server layer. Without a route it gets a slot for one.
pub(super) fn enter(extensions: &mut Extensions, has_route: bool) -> Option<RouteSlot> {
    extensions.insert(Entered);
    (!has_route).then(|| {
        let slot = RouteSlot::default();
        extensions.insert(slot.clone());
        slot
    })
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
    {
        let mut inner = Some(inner);
        if let Some(router) = (&mut inner as &mut dyn Any).downcast_mut::<Option<axum::Router>>() {
            *router = router.take().map(|router| router.layer(RouteLayer::new()));
        }
        inner.expect("it was put back at once")
    }
    #[cfg(not(feature = "axum"))]
    inner
}

/// Tells the matched route, if there is one and somebody wants to know it.
pub(super) fn tell(extensions: &Extensions) {
    if let (Some(slot), Some(route)) = (extensions.get::<RouteSlot>(), matched(extensions)) {
        slot.0.get_or_init(|| Arc::from(route));
    }
}

//! Which type a watched body gets.

use std::sync::{Arc, atomic::AtomicU64};

use http_body::Body;

#[cfg(feature = "axum")]
use super::counted::CountedBody;
use super::{Frames, TracedBody};
#[cfg(feature = "axum")]
use crate::downcast::if_it_is;

/// Decides the type of the response body that leaves a layer.
///
/// Implemented by [`Wrap`] and `AxumBody`; there is no reason for a third.
pub trait BodyPolicy<B: Body, F: Frames<B::Error>>: sealed::Sealed {
    /// The body that leaves the layer.
    type Body;

    /// Watches `body`.
    fn traced(body: B, frames: F) -> Self::Body;

    /// Passes `body` through.
    fn untraced(body: B) -> Self::Body;
}

/// Any body becomes a [`TracedBody`]. It boxes nothing and keeps data and error types.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wrap;

impl<B: Body, F: Frames<B::Error>> BodyPolicy<B, F> for Wrap {
    type Body = TracedBody<B, F>;

    fn traced(body: B, frames: F) -> Self::Body {
        TracedBody::new(body, frames)
    }

    fn untraced(body: B) -> Self::Body {
        TracedBody::untraced(body)
    }
}

/// axum's body stays axum's body.
///
/// A router boxes each body that is not already its own. With this policy it does not, so a
/// response that nobody watches costs no allocation.
#[cfg(feature = "axum")]
#[derive(Clone, Copy, Debug, Default)]
pub struct AxumBody;

#[cfg(feature = "axum")]
impl<F> BodyPolicy<axum_core::body::Body, F> for AxumBody
where
    F: Frames<axum_core::Error> + Send + 'static,
{
    type Body = axum_core::body::Body;

    fn traced(body: axum_core::body::Body, frames: F) -> Self::Body {
        axum_core::body::Body::new(TracedBody::new(body, frames))
    }

    fn untraced(body: axum_core::body::Body) -> Self::Body {
        body
    }
}

/// Counts the bytes of a request's body, where its type can stay what it is.
pub trait CountRequest<B>: sealed::Sealed {
    /// Counts what is read of `body` into `bytes`, and says whether it does.
    fn count(body: B, bytes: &Arc<AtomicU64>) -> (B, bool);
}

/// The inner service takes this type of body and no other, so it is not counted.
impl<B> CountRequest<B> for Wrap {
    fn count(body: B, _bytes: &Arc<AtomicU64>) -> (B, bool) {
        (body, false)
    }
}

/// axum's body is counted, unless it is empty.
#[cfg(feature = "axum")]
impl<B: 'static> CountRequest<B> for AxumBody {
    fn count(body: B, bytes: &Arc<AtomicU64>) -> (B, bool) {
        let mut is_counted = false;
        let body = if_it_is::<axum_core::body::Body, _>(body, |body| {
            if body.is_end_stream() {
                return body;
            }
            is_counted = true;
            axum_core::body::Body::new(CountedBody::new(body, Arc::clone(bytes)))
        });
        (body, is_counted)
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "naming it would unseal the trait")]
    pub trait Sealed {}
    impl Sealed for super::Wrap {}
    #[cfg(feature = "axum")]
    impl Sealed for super::AxumBody {}
}

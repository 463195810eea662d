//! A layer that does nothing: what axum takes for having one.

use tower::layer::util::Identity;

use super::{BASELINE, service};
use crate::{stock::Nowhere, subject::Subject};

pub(super) const SUBJECT: Subject = Subject {
    name: "server: a layer that does nothing",
    baseline: BASELINE,
    traces: false,
    make: |caller| service::serve(service::router().layer(Identity::new()), Nowhere, caller),
};

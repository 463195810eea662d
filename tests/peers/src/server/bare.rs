//! No layer at all.

use super::{BASELINE, service};
use crate::{stock::Nowhere, subject::Subject};

pub(super) const SUBJECT: Subject = Subject {
    name: BASELINE,
    baseline: BASELINE,
    traces: false,
    make: |caller| service::serve(service::router(), Nowhere, caller),
};

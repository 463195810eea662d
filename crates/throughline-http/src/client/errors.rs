//! Looking into the error of any service.

use std::error::Error;

/// Errors of one type, as hyper-util's client has them. The default.
#[derive(Clone, Copy, Debug)]
pub struct StdErrors;

/// Boxed errors, as a stack has them that contains tower's own layers.
#[derive(Clone, Copy, Debug)]
pub struct BoxedErrors;

/// How the errors `E` of a service are looked into.
#[diagnostic::on_unimplemented(
    message = "the layer cannot look into the errors `{E}` of this service",
    note = "boxed errors need `ClientLayer::new().boxed_errors()`"
)]
pub trait ErrorsOf<E> {
    /// Returns the error as the head of its chain of causes.
    fn look(error: &E) -> &(dyn Error + 'static);
}

impl<E: Error + 'static> ErrorsOf<E> for StdErrors {
    fn look(error: &E) -> &(dyn Error + 'static) {
        error
    }
}

impl ErrorsOf<Box<dyn Error + Send + Sync>> for BoxedErrors {
    fn look(error: &Box<dyn Error + Send + Sync>) -> &(dyn Error + 'static) {
        &**error
    }
}

impl ErrorsOf<Box<dyn Error>> for BoxedErrors {
    fn look(error: &Box<dyn Error>) -> &(dyn Error + 'static) {
        &**error
    }
}

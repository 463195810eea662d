//! Behaviour of the whole codec: carriers in, carriers out.

mod conformance;
mod formats;
mod hostile;
mod propagator;
mod support;

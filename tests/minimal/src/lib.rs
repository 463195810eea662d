//! throughline without features.

//! Set-up, export, health and shutdown of throughline.

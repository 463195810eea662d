//! A traced reqwest client.

//! Context across services: W3C trace context and baggage.

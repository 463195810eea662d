//! Traced redis connections: commands, pipelines, scripts, cache hits and misses.

//! Traced caches: `get_or_load` over memory and redis, single flight, hit ratios.

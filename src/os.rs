//! The outside world; the only place that may touch it.

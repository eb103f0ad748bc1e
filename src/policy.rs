//! What may be done: pure decisions.

//! The wire of the `agent/*` editor protocol.

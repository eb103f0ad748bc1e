//! The roots, and the files as the agent sees them.

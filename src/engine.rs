//! The core: commands in, facts out.

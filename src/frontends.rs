//! The wires: each translates one protocol to the engine.

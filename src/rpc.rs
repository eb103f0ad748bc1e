//! JSON-RPC 2.0 over two byte streams, with no methods known.

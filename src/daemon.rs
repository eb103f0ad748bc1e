//! Builds the parts, hands them to the host, shuts down in order.

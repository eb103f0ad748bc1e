//! Pure text: no I/O, no other module.

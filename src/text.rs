//! Pure text: no I/O, no other module.

pub mod clip;
pub mod edit;

pub use edit::{Change, Edit, Hash, Hunk, Splice, Version};

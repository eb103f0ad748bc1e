//! Pure text: no I/O, no other module.

pub mod absence;
pub mod clean;
pub mod clip;
pub mod diff;
mod dollars;
pub mod edit;
pub mod endings;
pub mod ends;
pub mod joined;
pub mod lineage;
pub mod merge;
pub mod patch;
pub mod replace;
pub mod shared;

pub use dollars::dollars;
pub use edit::{Change, Edit, Hash, Hunk, Splice, Version, spliced};
pub use endings::Endings;
pub use lineage::Lineage;
pub use shared::SharedText;

//! The engine's things as the editor protocol has them, and back: one mapping for all who write it.

mod around;
mod block;
mod earlier;
mod event;
mod file;
mod question;
mod review;
mod session;
mod summary;
mod turn;
pub mod uri;

pub use around::around;
pub use block::{block, content, deliver, prompt_content};
pub use event::{call_text, facts, updates};
pub use question::{actor, answer, choice_id};
pub use review::{checkpoint, planned, review, reviewed_file};
pub use session::{at_rest, session};

use crate::engine::Mode;

/// The mode that this value of the option `mode` names.
pub fn mode(value: &str) -> Option<Mode> {
    Mode::parse(value)
}

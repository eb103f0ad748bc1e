//! The core: commands go in, facts come out; it knows no wire.
//!
//! What is absent: no callback to a front end, no method name, no JSON-RPC id, no wire type. A
//! session is owned by one task (`session`), which runs at most one turn (`turn`) at a time.
//! Everything that happens is an event and enters by one door (`recorder`): folded into the state
//! (`state`), appended to the journal (`journal`), shown, in that order. What opens, closes: every
//! prompt, turn, call and question has exactly one end in the log.

pub mod access;
mod call;
mod desk;
pub mod event;
pub mod handle;
pub mod host;
pub mod journal;
pub mod live;
pub mod model;
pub mod parts;
pub mod preview;
mod prompt;
mod question;
pub mod reader;
pub mod rebase;
pub mod recorder;
mod repeat;
mod session;
pub mod state;
mod step;
pub mod tool;
mod traces;
mod turn;

pub use event::*;
pub use handle::{Activity, AnswerError, Session};
pub use host::{Host, HostError, NewSession, Shared};
pub use journal::{Journal, Journals};
pub use model::{Model, ModelError, ModelEvent, Models};
pub use parts::Toolbox;
pub use reader::{Reader, Update};
pub use recorder::{Clock, Halted, Recorder};
pub use session::{Accepted, Refused};
pub use state::State;

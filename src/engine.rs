//! The core: commands go in, facts come out; it knows no wire.
//!
//! What is absent: no callback to a front end, no method name, no JSON-RPC id, no wire type. A
//! session is owned by one task (`session`), which runs at most one turn (`turn`) at a time.
//! Everything that happens is an event and enters by one door (`recorder`): folded into the state
//! (`state`), appended to the journal (`journal`), shown, in that order. What opens, closes: every
//! prompt, turn, call and question has exactly one end in the log.

pub mod access;
mod amend;
pub mod around;
pub mod budget;
mod call;
mod command;
mod commits;
mod compaction;
mod context;
mod desk;
pub mod event;
mod fault;
pub mod formatted;
mod found;
pub mod gates;
pub mod habits;
pub mod handle;
mod held;
pub mod history;
pub mod host;
mod hunk_ids;
mod id;
mod instructions;
pub mod journal;
pub mod ledger;
pub mod live;
pub mod looked;
pub mod media;
pub mod model;
mod open;
mod outcome;
mod outside;
pub mod parts;
mod place;
pub mod preview;
mod price;
mod profile;
mod prompt;
mod question;
mod raw;
pub mod reader;
pub mod rebase;
pub mod recorder;
mod repeat;
pub mod restore;
pub mod review;
mod ruling;
pub mod sent;
mod session;
mod showing;
pub mod state;
mod step;
mod stop;
pub mod story;
mod telling;
mod textual;
mod title;
pub mod tool;
pub mod touch;
mod touches;
mod traces;
mod turn;
mod undoing;
mod unsaved;
mod usage;
pub mod verdict;
mod wish;
mod workplace;
mod writing;

pub use around::{Active, Around, Problem, Selection, Severity};
pub use event::*;
pub use formatted::{Formatted, Marks};
pub use handle::{Activity, AnswerError, Session};
pub use held::Body;
pub use host::{Host, HostError, NewSession, Shared};
pub use journal::{Journal, Journals};
pub use media::{Given, Media};
pub use model::{Abilities, Model, ModelError, ModelEvent, Models};
pub use parts::Toolbox;
pub use reader::{Reader, Update};
pub use recorder::{Clock, Halted, Recorder};
pub use restore::{Checkpoint, Covers, Planned, RestoreError, Restored};
pub use review::{Decided, Decision, Form, Mixed, Review, ReviewHunk, ReviewOf, Verdict, Verdicts};
pub use ruling::{Rulebook, RulesFor, Ruling};
pub use session::{Accepted, Refused};
pub use state::State;

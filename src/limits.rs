//! Every bound of the program in one place, each with its reason.

use std::time::Duration;

// --- engine

/// Requests to the model in one turn. Long tasks take some dozens; a model that runs in circles
/// must not spend the user's money all night.
pub const STEPS_PER_TURN_MAX: u32 = 100;

/// Facts that a reader is given at once: enough for one screen, little enough to keep the lock short.
pub const FACTS_PER_PAGE_MAX: usize = 256;

/// Facts held in memory for readers at the end of a session; others read the journal.
pub const RECENT_FACTS_MAX: usize = 64;

/// Progress is joined for this long after the first piece: a person sees 30 pieces a second as a
/// stream, and no client has to draw more.
pub const PROGRESS_JOINED: Duration = Duration::from_millis(30);

/// Progress of this size is shown at once, so that a fast model does not make large messages.
pub const PROGRESS_JOINED_BYTES_MAX: usize = 8 * 1024;

/// What is held of a running command's output for readers which come late.
pub const OUTPUT_TAIL_BYTES_MAX: usize = 64 * 1024;

/// Characters of a session's title: one line of a list.
pub const TITLE_CHARS_MAX: usize = 80;

//! What the model is told of the editor's state with a prompt.

use super::BYTES_PER_TOKEN;

/// Bytes of what the model is told of the editor's state with a prompt: some 2,000 tokens, so that it costs
/// little in a long conversation.
pub const AROUND_BYTES_MAX: usize = 2_000 * BYTES_PER_TOKEN;

/// Bytes of the selected text in that: the rest is for the other lines. The model can read more of the file.
pub const AROUND_SELECTION_BYTES_MAX: usize = 6_000;

/// Problems that are named in it.
pub const AROUND_PROBLEMS_MAX: usize = 12;

/// Letters of a problem's message: the first sentence, mostly.
pub const AROUND_PROBLEM_CHARS_MAX: usize = 200;

/// Lines from the cursor or the selection within which a problem counts as near.
pub const AROUND_NEAR_LINES: u32 = 20;

/// Open files that are named in it.
pub const AROUND_OPEN_MAX: usize = 20;

/// Files and problems that a client may tell of: more are left out before anything is done with them.
pub const AROUND_ENTRIES_MAX: usize = 500;

//! What of a conversation a model is told: its window, summaries, titles, the briefing.

use std::time::Duration;

/// Characters of a session's title: one line of a list.
pub const TITLE_CHARS_MAX: usize = 80;

/// Bytes of a prompt that are given for a title to be found: its beginning says what it is about.
pub const TITLE_PROMPT_BYTES_MAX: usize = 4 * 1024;

/// Bytes of an answer that has a title in it: small models may think aloud before it.
pub const TITLE_ANSWER_BYTES_MAX: usize = 32 * 1024;

/// A title that is later than this is of no use; a local model has to be loaded first.
pub const TITLE_WAIT: Duration = Duration::from_secs(60);

/// Tokens of a window up to which a model is told the least it needs: everything would be a fifth of the smallest.
pub const SMALL_WINDOW_TOKENS: u64 = 8 * 1024;

/// Of a model's window, the part that a request may take: beyond it answers get worse, and estimates may be
/// wrong by as much.
pub const CONTEXT_PERCENT_MAX: u64 = 85;

/// Tokens that stay free in a window beside an answer: what may come between two looks, such as results.
pub const CONTEXT_RESERVE_TOKENS: u64 = 8_000;

/// Bytes for one token in an estimate; code has from 3 to 4.5.
pub const BYTES_PER_TOKEN: usize = 4;

/// Tokens of an image, about: of the largest one that is handed over.
pub const IMAGE_TOKENS: u64 = 1_600;

/// Tokens of a PDF, about: some pages.
pub const PDF_TOKENS: u64 = 10_000;

/// Tokens of the last results which are not left out: what the model works with now.
pub const RESULTS_TOKENS_KEPT: u64 = 40_000;

/// Tokens that leaving results out must free, because all that the server has cached is lost by it.
pub const RESULTS_TOKENS_WORTH_IT: u64 = 20_000;

/// Tokens of the last messages that stay beside a summary.
pub const SUMMARY_TAIL_TOKENS: u64 = 8_000;

/// A summary with what stays may have so many hundredths of what it stands for, or it is not worth its loss.
pub const SUMMARY_PERCENT_MAX: u64 = 60;

/// Replies that must lie between two summaries, so that one does not follow the other for ever.
pub const REPLIES_BETWEEN_SUMMARIES_MIN: usize = 2;

/// Times that a request for a summary is made shorter when it does not fit.
pub const SUMMARY_CUTS_MAX: u32 = 4;

/// Bytes of a summary; more is none.
pub const SUMMARY_BYTES_MAX: usize = 64 << 10;

/// Files that a summary names.
pub const SUMMARY_FILES_MAX: usize = 50;

/// What is told of one file of instructions: several pages. More costs every request, and is read by nobody.
pub const INSTRUCTIONS_BYTES_MAX: usize = 16 * 1024;

/// Entries of the working folder that the model is told at the start.
pub const BRIEFING_ENTRIES_MAX: usize = 60;

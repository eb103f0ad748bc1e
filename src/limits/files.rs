//! The bounds of texts, of the workspace and of the tools.

use std::time::Duration;

// --- files

/// How long an edit waits for another program of ours that writes the same file: it looks and writes, which
/// takes milliseconds, but it may be held.
pub const WRITE_TURN_WAIT: Duration = Duration::from_secs(5);

/// Between two looks whether it is done.
pub const WRITE_TURN_PAUSE: Duration = Duration::from_millis(2);

/// Digits of a file's sum that name its lock: 256 locks, so that files seldom share one.
pub const WRITE_TURN_NAME_CHARS: usize = 2;

/// Bytes of a `.quillonignore`: some ten thousand lines. A longer one keeps everything below its folder back.
pub const NEVER_READ_LIST_BYTES_MAX: u64 = 1 << 20;

// --- text

/// How long a diff may be looked for before it becomes coarser; a person does not notice it.
pub const DIFF_TIME: Duration = Duration::from_millis(200);

/// Texts up to this size are compared where they are needed: it takes a millisecond. Larger ones are compared
/// beside all other work.
pub const COMPARED_AT_ONCE_BYTES_MAX: usize = 32 * 1024;

/// Lines that a merge of three texts looks at, each comparison counted: some tenths of a second. Beyond it
/// the texts count as too different; a comparison that is broken off must not decide what is kept.
pub const MERGE_STEPS_MAX: u64 = 10_000_000;

/// A line that stands this often in a text says nothing about its place, however long the text is.
pub const MERGE_EQUAL_LINES_MAX: usize = 1024;

/// Lines to either side that are looked at to judge whether a frequent line stands amidst changes.
pub const MERGE_LOOK_LINES_MAX: usize = 100;

/// Line numbers that an ambiguous edit is answered with.
pub const HITS_SHOWN_MAX: usize = 20;

/// How often a line may stand in a file and still tell the nearest place: more often, as `}`, it does not.
pub const COMMON_LINES_MAX: usize = 50;

/// Lines of the nearest place that a failed edit is answered with.
pub const NEAREST_LINES_MAX: usize = 20;

/// Characters of one of these lines: enough to see what differs.
pub const NEAREST_LINE_CHARS_MAX: usize = 400;

/// Lines that are looked at for the nearest place: some 30 MB of code, in half a second.
pub const NEAREST_LOOKED_AT_LINES_MAX: usize = 1_000_000;

/// Bytes of quoted text that are compared at places which are refused after all: only a file which repeats
/// itself as a test would comes near, and a repair must not take longer than a person waits.
pub const REFUSED_BYTES_COMPARED_MAX: usize = 32 * 1024 * 1024;

// --- workspace

/// Entries of a folder that are listed; a folder with more is better searched.
pub const LISTED_ENTRIES_MAX: usize = 2_000;

/// Bytes of a file that is held at once, to know its text: far above any source file. Longer ones are
/// read line by line, and nobody knows which text they are.
pub const TEXT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A shorter text is read, decoded and hashed within a millisecond: it need not be held for that.
pub const RECENT_TEXT_BYTES_MIN: usize = 256 * 1024;

/// Bytes of the large texts that are held during a turn, so that one edit of a file does not decode and
/// hash it time and again: as much as one such file may have.
pub const RECENT_TEXTS_BYTES_MAX: usize = TEXT_BYTES_MAX as usize;

/// Files that were replaced by others and are held open, so that what a program writes into them that had
/// them open is not lost: as many as one call changes, mostly. Until the next step of the turn.
pub const REPLACED_FILES_MAX: usize = 64;

/// Bytes of what these files had and have: the texts that are held anyway (`RECENT_TEXTS_BYTES_MAX`), mostly.
pub const REPLACED_FILES_BYTES_MAX: usize = TEXT_BYTES_MAX as usize;

/// Bytes of a replaced file up to which its content is compared where its time cannot tell of a change, because
/// it was changed just before. Longer ones take longer to read than a tick of that time lasts.
pub const REPLACED_COMPARED_BYTES_MAX: u64 = 1024 * 1024;

/// How often what was written into a replaced file is brought back into one that is written into again at
/// that moment.
pub const REPLACED_AGAIN_MAX: usize = 8;

/// Bytes of a file that are compared at a time: they stay in the processor's cache.
pub const COMPARED_PIECE_BYTES: usize = 256 * 1024;

/// Bytes of a file that are read at a time where it is not held.
pub const READ_CHUNK_BYTES: usize = 64 * 1024;

/// Bytes of a file that are gone through to come to a line: about a second.
pub const READ_SCAN_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Folders deep that a walk goes; deeper trees are loops of mounts, or broken.
pub const WALK_DEPTH_MAX: usize = 64;

/// Entries that a walk looks at: some seconds of work on a large repository.
pub const WALK_ENTRIES_MAX: usize = 500_000;

/// Bytes of a compiled search pattern.
pub const REGEX_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Bytes of what a search pattern learns while it runs; beyond it, it forgets and goes on slower.
pub const REGEX_CACHE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Threads of one search, as many as processors below this: more only wait for the same disk.
pub const SEARCH_THREADS_MAX: usize = 12;

/// Memory for one file of a search; a file whose lines need more is named as not searched.
pub const SEARCH_HEAP_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of one hit of a search: a line of a minified file, or a match over many lines.
pub const SEARCH_HIT_BYTES_MAX: usize = 16 * 1024;

/// How far behind a match over several lines a pattern may look, as ripgrep has it.
pub const SEARCH_LOOK_AHEAD_BYTES: usize = 128;

/// Characters of a line in a search result.
pub const SEARCH_LINE_CHARS_MAX: usize = 500;

/// Changes of files by others that come so close together are told at once: an editor writes, renames and
/// sets the mode; a formatter follows.
pub const OUTSIDE_JOINED: Duration = Duration::from_millis(100);

/// Folders that are watched, for all sessions together: the folders of most projects whole, and half of what
/// the strictest systems let one user watch in all programs. What lies in others is looked at when it is used.
pub const WATCHED_FOLDERS_MAX: usize = 4096;

/// Changed paths that wait for a session to hear of them; beyond it, it hears that anything may have changed.
pub const OUTSIDE_WAITING_MAX: usize = 1024;

// --- tools

/// Lines that `read` gives at once.
pub const READ_LINES_MAX: u64 = 2_000;

/// Bytes of a result of `read` or `grep`: about 12,000 tokens.
pub const READ_BYTES_MAX: usize = 50 * 1024;

/// Characters of one line in `read`.
pub const READ_LINE_CHARS_MAX: u64 = 2_000;

/// Files that `glob` gives.
pub const GLOB_FILES_MAX: usize = 100;

/// Matching lines, files or counts that `grep` gives.
pub const GREP_RESULTS_MAX: usize = 250;

/// Lines of context that `grep` gives around a match.
pub const GREP_CONTEXT_MAX: usize = 20;

/// Bytes of a file that is edited or replaced as a whole, and of what one call writes: far above any source
/// file, logs and data included; an edit holds the text before it and the one after, each once more where it
/// has CRLF or is not UTF-8.
pub const EDITED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of texts of files that one session keeps for reviews and ways back, also while it runs: three
/// dozen versions of a file of 7 MB. What one call needs at once is far below.
pub const KEPT_BYTES_PER_SESSION_MAX: u64 = 256 * 1024 * 1024;

/// Bytes of texts of files that all sessions keep together.
pub const KEPT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A text that was kept so recently is not removed by another process or to make room for another session:
/// a question or a running turn may stand on it.
pub const KEPT_AT_LEAST: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is looked whether kept texts are over their bounds, by whichever process.
pub const CLEAN_UP_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of the difference between a proposed text and the user's, as the model is told it.
pub const AMENDED_DIFF_BYTES_MAX: usize = 16 * 1024;

/// Bytes of the texts that a session remembers of what its model has seen, to merge a change of a file
/// that the user changed since: some hundred source files.
pub const SEEN_TEXTS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Replacements that one call makes: each takes some 50 bytes in the journal, whose lines are bounded.
pub const REPLACEMENTS_MAX: usize = 250_000;

/// Bytes of the texts in one call that are too short for a blob of their own, and so stand in a line of the
/// journal: escaped they must fit.
pub const SHORT_TEXTS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Edits in one call: more is a program, not a change that somebody looks at; each one takes a pass.
pub const EDITS_PER_CALL_MAX: usize = 100;

/// Patches of one file that fail in a row before its text comes with the error: a model that has
/// failed twice works from a text that is not there.
pub const FAILURES_BEFORE_TEXT: u32 = 2;

/// Lines of a file that come with the error of a patch; of a longer one the model reads a part.
pub const FAILED_FILE_LINES_MAX: usize = 200;

/// Files that the title of a patch names; the question shows all of them.
pub const PATCH_TITLE_FILES_MAX: usize = 3;

/// Lines around an edit in its answer.
pub const EDIT_CONTEXT_LINES: usize = 3;

/// Edits of a file that may fail in a row before its present text comes with the error.
pub const EDIT_FAILURES_UNTIL_SHOWN: u32 = 2;

/// Lines of that text: most source files whole, of others what is around.
pub const EDIT_TEXT_LINES_MAX: usize = 200;

/// Bytes of that text: some 4,000 tokens.
pub const EDIT_TEXT_BYTES_MAX: usize = 16 * 1024;

/// Lines of an edit's answer.
pub const EDIT_SHOWN_LINES_MAX: usize = 40;

/// How long a command may run when the model says nothing else: builds and test suites mostly fit.
pub const COMMAND_TIME_MS: u64 = 120_000;

/// How long a command may run at most.
pub const COMMAND_TIME_MS_MAX: u64 = 600_000;

/// Characters of a command in its title; the question shows the whole.
pub const COMMAND_TITLE_CHARS_MAX: usize = 100;

/// Items of a plan; nobody reads more.
pub const TODO_ITEMS_MAX: usize = 50;

/// Notes about commands whose changes nobody can list, below the list of changed files; the last ones count.
pub const OVERLOOKED_TOLD_MAX: usize = 5;

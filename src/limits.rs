//! Every bound of the program in one place, each with its reason.

mod around;
mod context;
mod files;
mod media;
mod shell;
pub mod survey;
mod wire;

use std::time::Duration;

pub use around::*;
pub use context::*;
pub use files::*;
pub use media::*;
pub use shell::*;
pub use wire::*;

// --- engine

/// Requests to the model in one turn. Long tasks take some dozens; a model that runs in circles
/// must not spend the user's money all night.
pub const STEPS_PER_TURN_MAX: u32 = 100;

/// Sets of permission rules that hold together, when their files change while a turn runs: nobody writes
/// more of them in that time. From then on everything asks until the turn is over.
pub const RULES_IN_FORCE_MAX: usize = 8;

/// Changed files that the model is told of by name before a step; more are counted.
pub const STALE_FILES_NAMED_MAX: usize = 20;

/// Unsaved files that are named before a command; more are counted.
pub const UNSAVED_FILES_NAMED_MAX: usize = 10;

/// Facts that a reader is given at once: enough for one screen, little enough to keep the lock short.
pub const FACTS_PER_PAGE_MAX: usize = 256;

/// Facts held in memory for readers at the end of a session; others read the journal.
pub const RECENT_FACTS_MAX: usize = 64;

/// Progress is joined for this long after the first piece: a person sees 30 pieces a second as a
/// stream, and no client has to draw more.
pub const PROGRESS_JOINED: Duration = Duration::from_millis(30);

/// Progress of this size is shown at once, so that a fast model does not make large messages.
pub const PROGRESS_JOINED_BYTES_MAX: usize = 8 * 1024;

/// Messages that were asked for again which are remembered for readers that lag behind; one that lags
/// further reads the whole message again.
pub const RETRIED_MESSAGES_MAX: usize = 64;

/// What is held of a running command's output for readers which come late.
pub const OUTPUT_TAIL_BYTES_MAX: usize = 64 * 1024;

/// Equal steps, or rounds of them, with equal results after which the model hears that it repeats itself.
pub const EQUAL_CALLS_NOTED: usize = 3;

/// Equal steps, or rounds of them, with equal results after which the user decides, and again after as
/// many more.
pub const EQUAL_CALLS_MAX: usize = 5;

/// Steps of a circle that is seen as one: edit, build, look, undo is four; longer ones are rare, and look
/// like work for a while.
pub const EQUAL_CIRCLE_STEPS_MAX: usize = 6;

/// Characters of a call as it is quoted in a note about it.
pub const REPEATED_CALL_CHARS_MAX: usize = 200;

/// Permissions that one call may need, one after another: to read a file outside the workspace, then
/// to write it, and one more.
pub const INTENTS_PER_CALL_MAX: usize = 4;

/// Times that one call makes its edits anew because their files went on changing. Somebody who types
/// without a pause is met between two keys after one or two.
pub const CHANGED_ROUNDS_MAX: u32 = 10;

/// Lines of what others changed in a file that the model is told beside its own edit's answer.
pub const CHANGE_TOLD_LINES_MAX: usize = 40;

/// Bytes of one such line; a longer one is better read in the file.
pub const CHANGE_TOLD_LINE_BYTES_MAX: usize = 500;

/// Lines of a file that the model is shown when its edit collides with what others changed there.
pub const CONFLICT_LINES_MAX: usize = 40;

/// Times that a file is looked at for a review because it was just being written: once nearly always does,
/// and the client hears of the next change anyway.
pub const REVIEW_LOOKS_MAX: usize = 5;

/// How long a cancelled command may take to end: the polite signal, its grace and the kill.
pub const COMMAND_END_WAIT: Duration = Duration::from_secs(4);

/// How long a server is waited for that is asked what models it has: the user waits in front of it.
pub const LISTING_WAIT: Duration = Duration::from_secs(10);

/// Bytes of a list of models: the longest one in use has 1 MB.
pub const LISTING_BYTES_MAX: usize = 16 << 20;

/// Names of models that `doctor` gives for one that a server does not have: a line of them.
pub const DOCTOR_NAMES_MAX: usize = 5;

/// How long a login in the browser is waited for: as long as GitHub's codes hold.
pub const LOGIN_WAIT: Duration = Duration::from_secs(15 * 60);

/// The shortest pause between two looks whether the user has typed in a code.
pub const LOGIN_POLL_PAUSE_MIN: Duration = Duration::from_secs(1);

/// Bytes of the head of a request by which a browser comes back; more is no browser.
pub const CALLBACK_HEAD_BYTES_MAX: usize = 64 << 10;

/// How long such a head is waited for: it comes from this machine.
pub const CALLBACK_READ_WAIT: Duration = Duration::from_secs(5);

/// Models of a local server of which each is asked for its size: as many as a list is read of.
pub const LISTING_PROBES_MAX: usize = 50;

/// Times that one step is asked for when failures may pass.
pub const STEP_ATTEMPTS_MAX: u32 = 5;

/// Tokens of one answer, where the interface wants a number and the user gives none: long enough for a large
/// file, and within what the present models can do.
pub const ANSWER_TOKENS_MAX: u64 = 32_000;

/// Calls after which a model hears that its plan may be old.
pub const CALLS_WITHOUT_PLAN_MAX: u32 = 10;

/// The wait before the second attempt; it doubles with each further one.
pub const STEP_RETRY_WAIT: Duration = Duration::from_secs(1);

/// The longest wait before an attempt; where a provider asks for more, the user decides when to go on.
pub const STEP_RETRY_WAIT_MAX: Duration = Duration::from_secs(60);

/// Commands that may wait in a session's mailbox before senders wait.
pub const MAILBOX_MAX: usize = 64;

/// Prompts that may wait in a session; more would be a client's fault.
pub const WAITING_PROMPTS_MAX: usize = 64;

/// How long a turn has run when its beginning is brought to the disk: the request to the model is on its way by
/// then, and an answer that is there already brings its own.
pub const SETTLE_AFTER: Duration = Duration::from_millis(100);

/// How long sessions may take to close what is open at the end of the process.
pub const SHUTDOWN_WAIT: Duration = Duration::from_millis(1_500);

/// How often the journal of a session that another process holds is looked at for news: a person
/// watching it sees no delay, and a stat of one file costs microseconds.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(200);

// --- os

/// The longest file read into memory as a whole: more than any source file has, and little enough
/// that one read does not take the machine down.
pub const FILE_READ_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Bytes of an extended attribute, and of all their names: what Linux has at most. A longer one (macOS has
/// such) does not go on with a file that is replaced.
pub const ATTRIBUTE_BYTES_MAX: usize = 64 * 1024;

/// Links followed from one path, as Linux itself follows at most.
pub const LINKS_FOLLOWED_MAX: usize = 40;

/// Entries of one folder looked at before they are sorted: beyond it, which ones are shown depends
/// on the file system, and the rest is said to be there.
pub const FOLDER_ENTRIES_MAX: usize = 100_000;

/// One read of a command's output: half of a pipe's usual capacity, so that the command goes on
/// writing while we look at what it wrote.
pub const COMMAND_READ_BYTES: usize = 32 * 1024;

/// What is kept in memory of the beginning of a command's output: the first errors of a build.
pub const COMMAND_HEAD_BYTES_MAX: usize = 10 * 1024;

/// What is kept in memory of the end of a command's output: summaries and last errors stand there,
/// hence more than of the beginning.
pub const COMMAND_TAIL_BYTES_MAX: usize = 20 * 1024;

/// The longest log of one command on the disk: a runaway `yes` must not fill the disk.
pub const COMMAND_LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long processes that outlive their shell may take to end by themselves, which those of a
/// process substitution (`… > >(sort)`) usually do, before they are ended.
pub const COMMAND_STRAGGLER_WAIT: Duration = Duration::from_secs(1);

/// How long a command that was told to end (SIGTERM) may take to clean up before it is killed.
pub const COMMAND_TERM_WAIT: Duration = Duration::from_secs(2);

/// How long killed processes may take to vanish: only one inside an uninterruptible system call
/// needs longer, and nothing can be done about that.
pub const COMMAND_KILL_WAIT: Duration = Duration::from_secs(1);

/// How long the rest of the output is read after the command's end. All its processes are gone by
/// then, so the rest lies in the pipe; only one that could not be found can still hold it open.
pub const COMMAND_DRAIN_WAIT: Duration = Duration::from_secs(1);

/// How long the end of a command is awaited after it was told to end: all the waits above, and a
/// second for a loaded machine. Then it is given up.
pub const COMMAND_STOP_WAIT: Duration = Duration::from_secs(6);

/// The pause between two looks at whether processes are gone: short at first, doubled up to the
/// second figure, since a look reads all of `/proc`.
pub const COMMAND_LOOK_PAUSE: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(64)];

/// Processes left behind that are named; more are counted.
pub const COMMAND_LEFT_NAMED_MAX: usize = 16;

/// The characters shown of the command line of a process left behind.
pub const COMMAND_LEFT_CHARS_MAX: usize = 160;

/// The longest log file of the program; one older file of that size is kept beside it.
pub const LOG_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// After so many bytes a process looks whether the log file, which others write too, is full.
pub const LOG_LOOK_EVERY_BYTES: u64 = 256 * 1024;

// --- store

/// A text in an event from this length on is kept as a blob, so that a journal's lines stay
/// readable and reading on from a fact does not read long texts.
pub const BLOB_FROM_BYTES: usize = 16 * 1024;

/// The longest line of a journal: with long texts in blobs, only a fact of a great many small parts
/// comes near, and a file that is no journal must not be read into memory whole.
pub const JOURNAL_LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The place of every so many facts of a journal is kept in memory: reading on from a fact skips at
/// most that many lines, and a session of 10,000 facts costs 2.5 kB.
pub const JOURNAL_INDEX_STEP: u64 = 32;

/// Characters of a session's id: ids come from clients, and become names of folders.
pub const SESSION_ID_CHARS_MAX: usize = 64;

/// Threads which read the sessions' lines for a list: reading small files waits for the kernel,
/// not for the processor.
pub const LIST_THREADS_MAX: usize = 4;

// --- providers

/// To open a connection: a server that is there answers within a second, from far away within three.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Until the head of an answer: a local server loads its model and reads a long prompt before it
/// says anything, which takes minutes on a small machine.
pub const ANSWER_HEAD_WAIT: Duration = Duration::from_secs(300);

/// Without a byte in a stream: servers that think send pieces or keep-alives more often.
pub const STREAM_IDLE_WAIT: Duration = Duration::from_secs(90);

/// Between the finish reason and the end of the stream, where the token counts come: a server that
/// leaves the connection open must not hold the turn.
pub const AFTER_FINISH_WAIT: Duration = Duration::from_secs(5);

/// For the last bytes of an answer that is complete: they are on their way or never come.
pub const ANSWER_END_WAIT: Duration = Duration::from_secs(2);

/// For the body of an error answer, which is a few lines that come at once.
pub const ERROR_BODY_WAIT: Duration = Duration::from_secs(10);

/// Of an error answer's body: enough for any message; a page of HTML is cut.
pub const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;

/// Of one event of a stream: far above any event that was seen (a whole file in one call), and
/// little enough to hold.
pub const EVENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Of one answer, its envelope included: some hundred thousand tokens in the smallest pieces.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Calls in one answer: no model asks for more in earnest, and each costs a question or a process.
pub const CALLS_PER_ANSWER_MAX: usize = 128;

/// Characters of a provider's own words in a message to the user: a paragraph.
pub const PROVIDER_WORDS_CHARS_MAX: usize = 600;

/// A longer wait that a provider asks for is a mistake, or a quota that is used up.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Pings on an idle HTTP/2 connection, so that one that died is noticed before the idle limit.
pub const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(20);

/// How often a script that awaits a file looks for it: short for a test, long for a processor.
pub const SCRIPT_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Pieces that one line of a script makes: more than any test of a fast model needs.
pub const SCRIPT_PIECES_MAX: usize = 1_000_000;

/// Requests that are recorded in one folder: a long day's. What comes behind them is not.
pub const RECORDED_REQUESTS_MAX: usize = 9_999;

/// Bytes of an answer that are recorded: several times the longest one that is understood.
pub const RECORDED_ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A shorter text is not hidden in a server's errors: it could not be told from their words.
pub const SECRET_BYTES_MIN: usize = 6;

/// A shorter key is not hidden in answers, whose words become files: whoever chose it hides nothing by it.
pub const SECRET_IN_ANSWERS_BYTES_MIN: usize = 8;

/// A shorter key of small letters only is a word, put where a server wants a key and looks at none.
pub const SECRET_WORD_BYTES_MAX: usize = 16;

// --- config

/// Of a configuration file: hundreds of times what a person writes.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;

// --- terminal

/// Lines that are typed ahead; a terminal holds the rest.
pub const TYPED_LINES_MAX: usize = 16;

/// Nobody can have read a question and answered it within this time; what is typed earlier was meant
/// for something else.
pub const ANSWER_GUARD: Duration = Duration::from_millis(300);

/// Bytes of a command's output that are shown while it runs; the result has the rest.
pub const SHOWN_OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// Lines of a diff that is shown without being asked about; a question shows all of it.
pub const SHOWN_DIFF_LINES_MAX: usize = 200;

/// Files that commands changed which are named at the end of a turn; more are counted.
pub const CHANGED_FILES_NAMED_MAX: usize = 20;

/// Equal lines around a hunk that is shown, or around the changed region of a large file.
pub const DIFF_CONTEXT_LINES: usize = 3;

/// Characters of a hunk's name that are shown, and the fewest that are taken for one: more than any
/// number of hunks has digits.
pub const HUNK_NAME_CHARS: usize = 8;

/// Programs that give something on standard input have begun within this time; who waits longer is told.
pub const INPUT_NOTE_WAIT: Duration = Duration::from_secs(1);

/// Bytes of a file or of standard input that is given with a prompt: what fits a model's context.
pub const ATTACHED_BYTES_MAX: u64 = 256 * 1024;

/// Bytes of a provider's key: the longest known are tokens of some thousand.
pub const KEY_BYTES_MAX: usize = 16 * 1024;

// --- daemon

/// Threads that drive the program: with a second one, the first words of an answer took twice as long.
pub const WORKER_THREADS: usize = 1;

/// Threads for work that blocks (disk, searches); more would only wait for the same disk.
pub const BLOCKING_THREADS_MAX: usize = 16;

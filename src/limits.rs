//! Every bound of the program in one place, each with its reason.

pub mod survey;

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

/// Messages that were asked for again which are remembered for readers that lag behind; one that lags
/// further reads the whole message again.
pub const RETRIED_MESSAGES_MAX: usize = 64;

/// What is held of a running command's output for readers which come late.
pub const OUTPUT_TAIL_BYTES_MAX: usize = 64 * 1024;

/// Characters of a session's title: one line of a list.
pub const TITLE_CHARS_MAX: usize = 80;

/// Equal calls with equal results after which the model hears that it repeats itself.
pub const EQUAL_CALLS_NOTED: usize = 3;

/// Equal calls with equal results after which the user decides.
pub const EQUAL_CALLS_MAX: usize = 5;

/// Characters of a call as it is quoted in a note about it.
pub const REPEATED_CALL_CHARS_MAX: usize = 200;

/// Permissions that one call may need, one after another: to read a file outside the workspace, then
/// to write it, and one more.
pub const INTENTS_PER_CALL_MAX: usize = 4;

/// How long a cancelled command may take to end: the polite signal, its grace and the kill.
pub const COMMAND_END_WAIT: Duration = Duration::from_secs(4);

/// Times that one step is asked for when failures may pass.
pub const STEP_ATTEMPTS_MAX: u32 = 5;

/// The wait before the second attempt; it doubles with each further one.
pub const STEP_RETRY_WAIT: Duration = Duration::from_secs(1);

/// The longest wait before an attempt, also when a provider asks for more.
pub const STEP_RETRY_WAIT_MAX: Duration = Duration::from_secs(60);

/// Commands that may wait in a session's mailbox before senders wait.
pub const MAILBOX_MAX: usize = 64;

/// Prompts that may wait in a session; more would be a client's fault.
pub const WAITING_PROMPTS_MAX: usize = 64;

/// How long sessions may take to close what is open at the end of the process.
pub const SHUTDOWN_WAIT: Duration = Duration::from_millis(1_500);

/// How often the journal of a session that another process holds is looked at for news: a person
/// watching it sees no delay, and a stat of one file costs microseconds.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// Entries of the working folder that the model is told at the start.
pub const BRIEFING_ENTRIES_MAX: usize = 60;

// --- os

/// The longest file read into memory as a whole: more than any source file has, and little enough
/// that one read does not take the machine down.
pub const FILE_READ_BYTES_MAX: u64 = 256 * 1024 * 1024;

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

/// Bytes of a file or of standard input that is given with a prompt: what fits a model's context.
pub const ATTACHED_BYTES_MAX: u64 = 256 * 1024;

// --- daemon

/// Threads that drive the program: one may be busy while the other goes on reading and writing.
pub const WORKER_THREADS: usize = 2;

/// Threads for work that blocks (disk, searches); more would only wait for the same disk.
pub const BLOCKING_THREADS_MAX: usize = 16;

// --- text

/// How long a diff may be looked for before it becomes coarser; a person does not notice it.
pub const DIFF_TIME: Duration = Duration::from_millis(200);

/// Line numbers that an ambiguous edit is answered with.
pub const HITS_SHOWN_MAX: usize = 10;

/// Lines of the nearest place that a failed edit is answered with.
pub const NEAREST_LINES_MAX: usize = 20;

// --- workspace

/// Entries of a folder that are listed; a folder with more is better searched.
pub const LISTED_ENTRIES_MAX: usize = 2_000;

/// Folders deep that a walk goes; deeper trees are loops of mounts, or broken.
pub const WALK_DEPTH_MAX: usize = 64;

/// Entries that a walk looks at: some seconds of work on a large repository.
pub const WALK_ENTRIES_MAX: usize = 500_000;

/// Bytes of a compiled search pattern.
pub const REGEX_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Memory for one file of a search; a file whose lines need more is skipped.
pub const SEARCH_HEAP_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Characters of a line in a search result.
pub const SEARCH_LINE_CHARS_MAX: usize = 500;

// --- tools

/// Lines that `read` gives at once.
pub const READ_LINES_MAX: u64 = 2_000;

/// Bytes of a result of `read` or `grep`: about 12,000 tokens.
pub const READ_BYTES_MAX: usize = 50 * 1024;

/// Characters of one line in `read`.
pub const READ_LINE_CHARS_MAX: usize = 2_000;

/// Files that `glob` gives.
pub const GLOB_FILES_MAX: usize = 100;

/// Matching lines, files or counts that `grep` gives.
pub const GREP_RESULTS_MAX: usize = 250;

/// Lines of context that `grep` gives around a match.
pub const GREP_CONTEXT_MAX: usize = 20;

/// Bytes of a file that is edited or replaced as a whole: far above any source file, and little
/// enough to compare and show.
pub const EDITED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of the texts that a session remembers of what its model has seen, to merge a change of a file
/// that the user changed since: some hundred source files.
pub const SEEN_TEXTS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Replacements that one call makes; nobody looks through more.
pub const REPLACEMENTS_MAX: usize = 10_000;

/// Lines around an edit in its answer.
pub const EDIT_CONTEXT_LINES: usize = 3;

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

// --- editor

/// Characters of a fact's summary: a line in a log, or in a screen reader's voice.
pub const SUMMARY_CHARS_MAX: usize = 200;

// --- rpc

/// Of one message on a wire: opening a big file in an editor must pass, a runaway client must not.
pub const RPC_MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Of the header lines before a body: two lines of 40 bytes are usual.
pub const RPC_HEADER_BYTES_MAX: usize = 8 * 1024;

/// A body announced as longer than allowed is skipped up to this length; a longer one is a broken
/// header, since waiting for its end would leave the connection deaf.
pub const RPC_SKIP_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// One read from a wire: a pipe's usual capacity.
pub const RPC_READ_BYTES: usize = 64 * 1024;

/// What buffers of a wire keep for the next message; more is given back after a large one.
pub const RPC_BUFFER_KEPT_BYTES_MAX: usize = 256 * 1024;

/// Of a request's id, which is kept while the request runs and comes back in its answer.
pub const RPC_ID_BYTES_MAX: usize = 1024;

/// Requests of the client that run at once: an editor has some dozens open, each costs a task.
pub const RPC_REQUESTS_MAX: usize = 256;

/// Room beside them for what must work when everything waits: answers to questions, cancel, shutdown.
pub const RPC_REQUESTS_RESERVED_MAX: usize = 32;

/// Our own requests to the client that wait at once: each is a question that someone is to answer.
pub const RPC_OWN_REQUESTS_MAX: usize = 1024;

/// What waits for the writer. Beyond it senders wait, so that a slow client gets less and larger
/// pieces; one message longer than this is let in alone.
pub const RPC_QUEUE_BYTES_MAX: usize = 1024 * 1024;

/// Messages that wait for the writer: a client that reads slowly is to be behind by little, so that
/// the answer to its cancel comes soon.
pub const RPC_QUEUE_MESSAGES_MAX: usize = 256;

/// What the reader itself has answered (errors, unknown methods) and the client has not yet read.
/// Beyond it nothing more is read: 20,000 error answers to a client that does not listen.
pub const RPC_REPLIES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long the client's requests may take to end after the connection has: half of the two seconds
/// within which an editor's agent is to be gone.
pub const RPC_GRACE: Duration = Duration::from_secs(1);

/// How long the writer may take to hand over what is queued at the end of a connection.
pub const RPC_DRAIN_WAIT: Duration = Duration::from_millis(500);

/// Characters shown of a method's name in errors and logs: more than any method has.
pub const RPC_NAME_CHARS_MAX: usize = 80;

/// Characters of an error's reason: two lines.
pub const RPC_REASON_CHARS_MAX: usize = 240;

// --- acp

/// Bytes of text in one message: escaped as JSON it stays under 1 MiB, which every client reads.
pub const ACP_TEXT_BYTES_MAX: usize = 128 * 1024;

/// Bytes of one call's result as it is shown: more than the model is given, less than hurts a view.
pub const ACP_RESULT_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one argument of a call that is shown as such; longer ones are shown as diff or command.
pub const ACP_RAW_INPUT_BYTES_MAX: usize = 8 * 1024;

/// Bytes of the texts before and after in the diffs of one call; larger files are shown in part.
pub const ACP_DIFF_BYTES_MAX: usize = 512 * 1024;

/// Equal lines around the changed region of a large file.
pub const ACP_DIFF_CONTEXT_LINES: usize = 3;

/// Characters of a call's title: some clients show nothing else.
pub const ACP_TITLE_CHARS_MAX: usize = 200;

/// Characters on a button of a question.
pub const ACP_OPTION_CHARS_MAX: usize = 80;

/// Bytes of one picture of a running command's output: what fits a card in an editor.
pub const ACP_LIVE_TAIL_BYTES_MAX: usize = 4 * 1024;

/// Bytes of all pictures of one command's output together.
pub const ACP_LIVE_BYTES_MAX: usize = 1024 * 1024;

/// The longest pause between two pictures of a running command's output.
pub const ACP_LIVE_PAUSE_MAX: Duration = Duration::from_secs(5);

/// Bytes of one command's output that are passed on to a client which draws terminals.
pub const ACP_TERMINAL_BYTES_MAX: usize = 1024 * 1024;

/// How long the user may think about a question before it counts as a no: a week, so that a day off
/// does no harm and a client that never answers holds nothing for ever.
pub const ACP_USER_WAIT_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a client may take to read or write a file: a disk far away is done by then, and a call
/// that waits for a client which does not answer fails while the user still looks.
pub const ACP_FILE_WAIT_MAX: Duration = Duration::from_secs(30);

/// Requests to open or close one session that may wait for what is being told of it.
pub const ACP_ASKS_MAX: usize = 8;

/// Sessions on one page of a list: some screens of a picker.
pub const ACP_LIST_PAGE_MAX: usize = 100;

/// Sessions in one page of a list: a screen or two of a picker.
pub const LISTED_SESSIONS_MAX: usize = 100;

/// Bytes of one prompt: more than a large selection, less than most models' contexts.
pub const PROMPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes in one piece of a kept content: quick to show, a few pieces for the longest output.
pub const CONTENT_PIECE_BYTES_MAX: usize = 256 * 1024;

/// How long an editor may take to apply an edit: it may ask or format before it answers.
pub const EDITOR_APPLY_WAIT: Duration = Duration::from_secs(10);

/// How long the change of a document may come after the editor said that it applied an edit.
pub const EDITOR_CHANGE_WAIT: Duration = Duration::from_secs(2);

/// How long words for a chat file are joined: each batch is an edit, which an editor draws and keeps
/// for undoing.
pub const CHAT_BATCH: Duration = Duration::from_millis(400);

/// How long a dialogue may stand: the user may be away for a weekend; after that the question still
/// stands in the chat.
pub const DIALOGUE_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Lines of what would be done that a dialogue shows: more do not fit those of some editors, and what
/// is not shown whole cannot be allowed there.
pub const DIALOGUE_LINES_MAX: usize = 12;

/// Characters of what would be done that a dialogue shows.
pub const DIALOGUE_CHARS_MAX: usize = 1_000;

/// Commands of an editor that wait: more than a person gives while a session is opened.
pub const ORDERS_MAX: usize = 64;

/// Words about the progress of a turn that wait for the client; beyond it only later ones are shown.
pub const PROGRESS_WORDS_MAX: usize = 16;

/// How often it is looked whether the editor's process still runs: a killed one leaves its pipes open.
pub const PARENT_LOOK_EVERY: Duration = Duration::from_secs(3);

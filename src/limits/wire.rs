//! The bounds of the wires.

use std::time::Duration;

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

/// How long a save may take from when the editor tells of it: formatters are done by then. What changes
/// later is not taken for a formatter's.
pub const SAVE_WAIT: Duration = Duration::from_secs(10);

/// How long is waited for what was typed just before an edit that the editor refused: editors hold it
/// back for up to 150 ms to send more at once.
pub const EDITOR_TYPED_WAIT: Duration = Duration::from_secs(1);

/// How long words for a chat file are joined: each batch is an edit, which an editor draws and keeps
/// for undoing.
pub const CHAT_BATCH: Duration = Duration::from_millis(400);

/// How long a dialogue may stand: the user may be away for a weekend; after that the question still
/// stands in the chat.
pub const DIALOGUE_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Conversations that a dialogue offers: as many as have a digit of their own, and fit where a client shows
/// a menu. A document has the others.
pub const SESSIONS_OFFERED_MAX: usize = 9;

/// Lines of what would be done that a dialogue shows: more do not fit those of some editors, and what
/// is not shown whole cannot be allowed there.
pub const DIALOGUE_LINES_MAX: usize = 12;

/// How long a plain client's hints wait for what comes close behind: a call changes several files, a
/// person types several letters.
pub const HINTS_JOINED: Duration = Duration::from_millis(200);

/// Bytes of the old text that a plain client shows beside the cursor: more than any screen has.
pub const HOVER_BYTES_MAX: usize = 16 << 10;

/// Characters of what would be done that a dialogue shows.
pub const DIALOGUE_CHARS_MAX: usize = 1_000;

/// Commands of an editor that wait: more than a person gives while a session is opened.
pub const ORDERS_MAX: usize = 64;

/// Words about the progress of a turn that wait for the client; beyond it only later ones are shown.
pub const PROGRESS_WORDS_MAX: usize = 16;

/// How often it is looked whether the editor's process still runs: a killed one leaves its pipes open.
pub const PARENT_LOOK_EVERY: Duration = Duration::from_secs(3);

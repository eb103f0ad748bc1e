// The types of Quillon's editor protocol, agent/* 1.1. Generated, do not edit:
// cargo run -p quillon-protocol --features schema --bin generate
//
// Enumerations and unions are open: a later daemon may send words and types that are not
// named here, so a `switch` over them has a `default`.

/** The version of the protocol that these types are of. */
export const VERSION = 1;

/** Its minor version. */
export const MINOR = 1;

/** The numbers of the kinds of error. */
export const ERROR_CODES = {
  sessionUnknown: 1001,
  questionUnknown: 1002,
  stale: 1003,
  limit: 1007,
  busy: 1010,
  valueUnknown: 1012,
  contentUnknown: 1013,
} as const;

/** What a client requests of the daemon. */
export interface ClientRequests {
  /** Makes a session. Does not attach to it. */
  "agent/session/new": { params: SessionNewParams; result: SessionNewResult };
  /** Lists sessions, the one that changed last first. */
  "agent/session/list": { params: SessionListParams; result: SessionListResult };
  /** Brings the facts behind a number, and from then on all events: the one way to open, resume and reconnect. */
  "agent/session/attach": { params: SessionAttachParams; result: SessionAttachResult };
  /** Ends the events of a session to this connection; the session goes on. */
  "agent/session/detach": { params: SessionParams; result: Empty };
  /** Gives a session another title. */
  "agent/session/rename": { params: SessionRenameParams; result: Empty };
  /** Deletes a session with all it has kept; asks nothing. */
  "agent/session/delete": { params: SessionParams; result: Empty };
  /** Writes a session as a document. */
  "agent/session/export": { params: SessionExportParams; result: SessionExportResult };
  /** Gives a prompt. Answered at once; the turn and its end are events. */
  "agent/prompt": { params: PromptParams; result: PromptResult };
  /** Changes the words of a waiting prompt. */
  "agent/queue/edit": { params: QueueEditParams; result: Empty };
  /** Takes a waiting prompt back. */
  "agent/queue/remove": { params: QueueRemoveParams; result: Empty };
  /** Ends the running turn and hands the waiting prompts back. Harmless where none runs. */
  "agent/cancel": { params: CancelParams; result: Empty };
  /** Answers a question. The first answer wins. */
  "agent/answer": { params: AnswerParams; result: AnswerResult };
  /** The options of a session, with their values. */
  "agent/config/get": { params: SessionParams; result: ConfigResult };
  /** Gives an option another value. */
  "agent/config/set": { params: ConfigSetParams; result: ConfigResult };
  /** A piece of a kept text or file, by range. */
  "agent/content": { params: ContentParams; result: ContentResult };
  /** The files that the agent has changed and nobody has looked at yet. */
  "agent/review/list": { params: SessionParams; result: ReviewListResult };
  /** The changes of one file, as hunks, with the text before. */
  "agent/review/file": { params: ReviewFileParams; result: ReviewFileResult };
  /** Keeps changes or takes them back, also while a turn runs. */
  "agent/review/decide": { params: ReviewDecideParams; result: ReviewDecideResult };
  /** The points that one can go back to: before each turn. */
  "agent/checkpoint/list": { params: SessionParams; result: CheckpointListResult };
  /** What going back would do with the files. */
  "agent/checkpoint/preview": { params: CheckpointPreviewParams; result: CheckpointPreviewResult };
  /** Goes back, or takes that back. Not while a turn runs. */
  "agent/checkpoint/restore": { params: CheckpointRestoreParams; result: CheckpointRestoreResult };
  /** The providers that want a key, and where each key comes from; no key is told. */
  "agent/auth/status": { params: Empty; result: AuthResult };
  /** Hands over the key of a provider. The provider is not asked whether it takes it. */
  "agent/auth/set": { params: AuthSetParams; result: AuthResult };
  /** Forgets the key of a provider that was handed over or stored. */
  "agent/auth/clear": { params: AuthClearParams; result: AuthResult };
  /** How the daemon is, for a health page. */
  "agent/status": { params: Empty; result: StatusResult };
}

/** What the daemon requests of a client. */
export interface ServerRequests {
  /** Asks a client to edit its open buffers, all or none, one undo step each. */
  "agent/buffers/apply": { params: BuffersApplyParams; result: BuffersApplyResult };
  /** Asks a client to save open files, before a command runs that is to see them. */
  "agent/buffers/save": { params: BuffersSaveParams; result: BuffersSaveResult };
}

/** What the daemon tells a client: the params by method. */
export interface ServerNotifications {
  /** Something happened in a session that this connection is attached to. */
  "agent/event": SessionEvent;
  /** The list of sessions has changed: one was made, deleted, renamed, or its state is another. */
  "agent/sessions/changed": Empty;
}

/** The document that the user is in. */
export interface ActiveDocument {
  /** Which. */
  uri: Uri;
  /** Where the cursor is. */
  position: Position;
  /** What can be seen of it. */
  visible?: Range;
}

/** Who allowed or answered something. */
export interface Actor {
  /** What kind of actor. */
  kind: ActorKind;
  /** The client's name, the rule's text or the mode's name. */
  name?: string;
}

/**
 * Kinds of actor.
 *
 * - `user`: A person, through the client of that name.
 * - `rule`: A rule.
 * - `mode`: The session's mode.
 * - `quillon`: The program: withdrawn, interrupted, or nothing to allow.
 */
export type ActorKind =
  | "user"
  | "rule"
  | "mode"
  | "quillon"
  | (string & {});

/** The user's own text for a file that the model wants to write. */
export interface AmendedText {
  /** The file; one of the question's. */
  uri: Uri;
  /** The whole text that it is to have, with any line ends; it gets those of the file. */
  text: string;
}

/** Params of `agent/answer`. */
export interface AnswerParams {
  /** The session. */
  sessionId: SessionId;
  /** The question. */
  questionId: QuestionId;
  /** The choice. */
  choice: ChoiceId;
  /** Words for the model, told to it with a no. With a yes they are not used. */
  note?: string;
  /** The user's own texts in the place of the proposed ones, with the choice `allowOnce` of an edit. The model is told. */
  texts?: AmendedText[];
}

/** Result of `agent/answer`. */
export interface AnswerResult {
  /** Whether this answer counts. False: another one was there first, or the question was withdrawn. */
  accepted: boolean;
  /** Who closed the question, where this answer does not count and that is known. */
  answeredBy?: Actor;
}

/** Fact `answered`: a question is over. */
export interface Answered {
  /** Tells this object from the others of its union. */
  type: "answered";
  /** The question. */
  questionId: QuestionId;
  /** The choice. Absent: the question was withdrawn, which counts as no. */
  choice?: ChoiceId;
  /** The words for the model that came with a no. */
  note?: string;
  /** Who answered or withdrew it. */
  by: Actor;
}

/** Fact `asked`: a question stands before the user. */
export interface Asked {
  /** Tells this object from the others of its union. */
  type: "asked";
  /** The question. */
  question: Question;
}

/** Params of `agent/auth/clear`. */
export interface AuthClearParams {
  /** The provider whose key is forgotten: what was handed over, and what is stored. */
  provider: string;
}

/** A provider that wants a key. */
export interface AuthProvider {
  /** Its name, which stands in front of its models'. */
  provider: string;
  /** Where its key comes from. */
  source: AuthSource;
  /** The variable, where it is one that is known. */
  variable?: string;
  /** Where its documentation is. */
  docs?: string;
}

/** Result of the `agent/auth/*` methods. */
export interface AuthResult {
  /** The providers, as they stand. */
  providers: AuthProvider[];
}

/** Params of `agent/auth/set`. */
export interface AuthSetParams {
  /** The provider. */
  provider: string;
  /** Its key. */
  key: Secret;
  /** Whether it is stored, for the next daemon too. Without it the key is forgotten when this one ends, for clients that keep secrets themselves. */
  store?: boolean;
}

/**
 * Where the key of a provider comes from. The first of them counts, in this order.
 *
 * - `settings`: The variable that the settings name for it.
 * - `handed`: A client has handed it over; it is forgotten when the daemon ends.
 * - `stored`: It is stored in a file that only the user can read.
 * - `variable`: The provider's usual variable of the environment.
 * - `none`: There is none.
 */
export type AuthSource =
  | "settings"
  | "handed"
  | "stored"
  | "variable"
  | "none"
  | (string & {});

/** Fact `briefed`: what the model is told before everything else. */
export interface Briefed {
  /** Tells this object from the others of its union. */
  type: "briefed";
  /** The text, whole. */
  text: string;
}

/** The edit of one open buffer, to be one undo step. */
export interface BufferEdit {
  /** The file. */
  uri: Uri;
  /** The LSP version of the document that the edit was made from. */
  version: number;
  /** The hash of the text that the edit was made from. */
  baseHash: TextHash;
  /** The replacements, sorted, not overlapping; all ranges are in the text before the first. */
  edits: TextEdit[];
  /** Whether to save the file afterwards: set where the buffer was as the disk before, so that commands see the edit. */
  save?: boolean;
}

/** What became of the edit of one buffer. */
export interface BufferOutcome {
  /** The file. */
  uri: Uri;
  /** Whether the edit stands in the buffer. */
  applied: boolean;
  /** The LSP version of the document behind the edit, before it is saved, where the edit was applied. */
  version?: number;
  /** The hash of the buffer's text then. */
  hash?: TextHash;
  /** Whether the buffer was saved. */
  saved?: boolean;
  /** The hash of the text that was saved, where what the editor does on saving (a formatter) made another one of it. Only where the user cannot have typed between the edit and the end of the save. */
  formatted?: TextHash;
  /** Why it was not applied or not saved, in words. */
  error?: string;
}

/** What a client can do with its open buffers. */
export interface BufferSupport {
  /** It answers `agent/buffers/apply`. Without it edits come by `workspace/applyEdit`. */
  apply?: boolean;
  /** It answers `agent/buffers/save`. Without it files with unsaved changes stay unsaved. */
  save?: boolean;
}

/** Params of `agent/buffers/apply`: the edits of one call of a tool. */
export interface BuffersApplyParams {
  /** A few words on what this is, for an undo list. */
  label: string;
  /** One entry a file. All or none of them are to be applied. */
  edits: BufferEdit[];
}

/** Result of `agent/buffers/apply`. */
export interface BuffersApplyResult {
  /** One entry for each entry of the params, in the same order. */
  files: BufferOutcome[];
}

/** Params of `agent/buffers/save`. */
export interface BuffersSaveParams {
  /** The files, all open and with changes that the disk has not. */
  uris: Uri[];
}

/** Result of `agent/buffers/save`. */
export interface BuffersSaveResult {
  /** One entry for each file of the params, in the same order. */
  files: SaveOutcome[];
}

/** A part of what a call brought. */
export type CallContent =
  | CallText;

/** Fact `callEnded`: a call is over. It comes for every call of a `replied`, also for one that never started. */
export interface CallEnded {
  /** Tells this object from the others of its union. */
  type: "callEnded";
  /** The call. */
  callId: CallId;
  /** How it ended. */
  outcome: CallOutcome;
  /** How the command of a call that is `done` has ended. Absent: it ran none. */
  exit?: CommandExit;
  /** What it brought or why it failed, as the model is told. */
  content: CallContent[];
}

/** A call of a tool, unique in its session. */
export type CallId = string;

/** Progress `callInput`: a call takes shape. It has no id before `replied`. */
export interface CallInputPiece {
  /** Tells this object from the others of its union. */
  type: "callInput";
  /** The message. */
  messageId: MessageId;
  /** Which call of the message, counted from 0. */
  index: number;
  /** The tool's name, as the model wrote it. */
  tool: string;
  /** The next piece of its arguments, as JSON text. */
  delta: string;
}

/**
 * What a call does.
 *
 * - `read`: It reads a file.
 * - `list`: It lists a folder.
 * - `search`: It searches names or texts.
 * - `edit`: It changes files.
 * - `command`: It runs a command.
 * - `internal`: It changes nothing outside the session, such as the plan.
 */
export type CallKind =
  | "read"
  | "list"
  | "search"
  | "edit"
  | "command"
  | "internal"
  | (string & {});

/**
 * How a call ended.
 *
 * - `done`: It did what it was to do.
 * - `failed`: It could not.
 * - `denied`: The user or a rule said no.
 * - `cancelled`: The turn was cancelled.
 * - `interrupted`: The program ended first.
 */
export type CallOutcome =
  | "done"
  | "failed"
  | "denied"
  | "cancelled"
  | "interrupted"
  | (string & {});

/** Progress `callOutput`: a running command prints. */
export interface CallOutputPiece {
  /** Tells this object from the others of its union. */
  type: "callOutput";
  /** The call. */
  callId: CallId;
  /** Where the piece begins, in bytes of the command's whole output. Output over `limits.outputBytes` is not sent live, so there may be a gap. */
  offset: number;
  /** The piece; what is not UTF-8 is replaced. */
  delta: string;
}

/** Fact `callStarted`: a call was allowed and is about to act. */
export interface CallStarted {
  /** Tells this object from the others of its union. */
  type: "callStarted";
  /** The call. */
  callId: CallId;
  /** What it does. */
  kind: CallKind;
  /** One line: what it does, for people. */
  title: string;
  /** The places it works on. */
  locations: Location[];
  /** Who allowed it. */
  by: Actor;
}

/** A text that a call brought. */
export interface CallText {
  /** Tells this object from the others of its union. */
  type: "text";
  /** The text, or its beginning where it is longer than `limits.outputBytes`. */
  text: string;
  /** Bytes of the whole text. */
  size: number;
  /** Where the whole text is kept, for `agent/content`. Absent: `text` is the whole. */
  contentId?: ContentId;
}

/** Params of `agent/cancel`. */
export interface CancelParams {
  /** The session. */
  sessionId: SessionId;
  /** Only if this turn is the running one. Absent: whichever runs. */
  turnId?: TurnId;
}

/** The state before a turn. */
export interface Checkpoint {
  /** The turn. */
  turnId: TurnId;
  /** The prompt that began it. */
  promptId: PromptId;
  /** Its words. */
  content: ContentBlock[];
  /** When it began. */
  at: Timestamp;
  /** How many files were changed in it. */
  files: number;
  /** Whether the conversation can go back to it. If not, it went back already without the files, and these alone can. */
  conversation: boolean;
}

/** Result of `agent/checkpoint/list`. */
export interface CheckpointListResult {
  /** The points that one can go back to, the oldest first. */
  checkpoints: Checkpoint[];
}

/** Params of `agent/checkpoint/preview`: exactly one of the three ids. */
export interface CheckpointPreviewParams {
  /** The session. */
  sessionId: SessionId;
  /** To before this turn. */
  turnId?: TurnId;
  /** To before this restore: takes it back. */
  restoreId?: RestoreId;
  /** To without what this call has changed: takes this one edit back. */
  callId?: CallId;
}

/** Result of `agent/checkpoint/preview`. */
export interface CheckpointPreviewResult {
  /** What would become of the files. */
  files: RestorePreview[];
}

/** Params of `agent/checkpoint/restore`: exactly one of the three ids. */
export interface CheckpointRestoreParams {
  /** The session. */
  sessionId: SessionId;
  /** To before this turn. */
  turnId?: TurnId;
  /** To before this restore: takes it back. */
  restoreId?: RestoreId;
  /** To without what this call has changed: takes this one edit back, in the files alone. */
  callId?: CallId;
  /** Whether the files go back. */
  files: boolean;
  /** Whether what was said goes back. */
  conversation: boolean;
}

/** Result of `agent/checkpoint/restore`. */
export interface CheckpointRestoreResult {
  /** Names this restore, to take it back. */
  restoreId: RestoreId;
  /** The files that went back. */
  files: Uri[];
  /** What stayed as it is. */
  left: RestoreLeft[];
  /** The prompt that began the turn, to change it and give it anew, where the conversation went back. */
  prompt?: ContentBlock[];
}

/** One possible answer. */
export interface Choice {
  /** Its id, for `agent/answer`. */
  id: ChoiceId;
  /** A few words for a button. */
  label: string;
  /** What kind of answer it is. */
  kind: ChoiceKind;
  /** What is stored by it, in words, where it is `allowAlways`. */
  rule?: string;
}

/** A choice, unique in its question. */
export type ChoiceId = string;

/**
 * The kinds of answer.
 *
 * - `allowOnce`: Yes, this once.
 * - `allowAlways`: Yes, and from here on for what `rule` says.
 * - `rejectOnce`: No, this once. The turn goes on, and the model is told.
 */
export type ChoiceKind =
  | "allowOnce"
  | "allowAlways"
  | "rejectOnce"
  | (string & {});

/** What a client says of itself, as `agent` in `capabilities.experimental` or in `initializationOptions` of LSP's `initialize`. A client that says nothing is a plain LSP client. */
export interface ClientAgent {
  /** The newest version of the protocol that the client speaks. */
  version: number;
  /** The extension or plugin, which may be another program than LSP's `clientInfo`. */
  client?: Program;
  /** What the daemon may ask for about open buffers. */
  buffers?: BufferSupport;
}

/** How a command ended. */
export interface CommandExit {
  /** In which way. */
  kind: ExitKind;
  /** Its status, with the kind `code`; 0 means success. */
  code?: number;
  /** The signal, with the kind `signal`: its name, such as `SIGKILL`, or its number. */
  signal?: string;
}

/** A command that a call wants to run. */
export interface CommandSubject {
  /** Tells this object from the others of its union. */
  type: "command";
  /** The text given to the shell, complete. */
  command: string;
  /** The folder it starts in. */
  cwd: Uri;
  /** After this many milliseconds it is ended. */
  timeLimitMs: number;
}

/**
 * Why room was made.
 *
 * - `nextStep`: The next request would have been too long.
 * - `refused`: The server refused a request as too long.
 * - `user`: The user wished it.
 */
export type CompactReason =
  | "nextStep"
  | "refused"
  | "user"
  | (string & {});

/** Fact `compacted`: room was made in the model's window. The conversation itself stays as it was. */
export interface Compacted {
  /** Tells this object from the others of its union. */
  type: "compacted";
  /** What the model is told instead of what was said before, for the user to look at. Without it only old results of calls are left out. */
  summary?: string;
  /** Why. */
  reason: CompactReason;
  /** The tokens of all that the model was told, about. */
  tokensBefore: number;
  /** Those of all that it is told from here on, about. */
  tokensAfter: number;
  /** What the summary cost; counted in its turn, too. */
  usage: Usage;
}

/**
 * What an option is about.
 *
 * - `model`: Which model answers.
 * - `mode`: How much is done without asking.
 */
export type ConfigCategory =
  | "model"
  | "mode"
  | (string & {});

/** A value of an option. */
export interface ConfigChoice {
  /** The value, for `agent/config/set`. */
  value: string;
  /** A word or two for people. */
  name: string;
  /** What it means, in one line. */
  description?: string;
}

/** An option of a session, with its value and all a picker needs. */
export interface ConfigOption {
  /** Its id, for `agent/config/set`. */
  id: string;
  /** A word or two for people. */
  name: string;
  /** What it does, in a sentence or two. */
  description: string;
  /** What it is about, so that a client can place it; decides nothing. */
  category: ConfigCategory;
  /** Its value. Empty where none was chosen. */
  value: string;
  /** The values to offer, in order. */
  choices: ConfigChoice[];
  /** Whether a value that is not among the choices can be set. */
  acceptsOther: boolean;
}

/** Result of `agent/config/get` and `agent/config/set`. */
export interface ConfigResult {
  /** All options, as they stand. */
  options: ConfigOption[];
}

/** Params of `agent/config/set`. */
export interface ConfigSetParams {
  /** The session. */
  sessionId: SessionId;
  /** The id of the option. */
  option: string;
  /** Its value from here on. */
  value: string;
}

/** Fact `configured`: an option has another value. */
export interface Configured {
  /** Tells this object from the others of its union. */
  type: "configured";
  /** The id of the option. */
  option: string;
  /** Its value from here on. */
  value: string;
}

/** A piece of a prompt. */
export type ContentBlock =
  | TextBlock
  | LinkBlock
  | ResourceBlock
  | MediaBlock
  | EditorBlock;

/** A kept text or file of a session; what it holds does not change. */
export type ContentId = string;

/** Params of `agent/content`. */
export interface ContentParams {
  /** The session. */
  sessionId: SessionId;
  /** The content. */
  contentId: ContentId;
  /** The first byte wanted, counted from 0. */
  offset?: number;
  /** How many bytes are wanted. Absent, or more than `limits.contentBytes`: as many as that. */
  length?: number;
}

/** Result of `agent/content`: one of `text` and `base64`. */
export interface ContentResult {
  /** The piece, where the content is UTF-8 text. It may be shorter than asked for, so that no character is cut. */
  text?: string;
  /** The piece in base64, where the content is not text. */
  base64?: string;
  /** The `offset` of what follows this piece. Absent at the end. */
  next?: number;
  /** Bytes of the whole content. */
  size: number;
}

/** A diagnostic, with what a model needs of it. */
export interface ContextDiagnostic {
  /** In which document. */
  uri: Uri;
  /** Where. */
  range: Range;
  /** As in LSP: 1 error, 2 warning, 3 information, 4 hint. Absent: an error. */
  severity?: number;
  /** What it says. */
  message: string;
}

/**
 * When a prompt is to reach the model, should a turn be running.
 *
 * - `next`: After the turn.
 * - `now`: Before the next request of this turn to the model.
 * - `interrupt`: The turn ends, then this prompt comes first; the other waiting prompts stay.
 */
export type Deliver =
  | "next"
  | "now"
  | "interrupt"
  | (string & {});

/** The files that a call wants to change. */
export interface EditSubject {
  /** Tells this object from the others of its union. */
  type: "edit";
  /** The files, each once. */
  files: FileDiff[];
}

/** What the model is told of the editor's state with a prompt. The daemon makes it. */
export interface EditorBlock {
  /** Tells this object from the others of its union. */
  type: "editor";
  /** The words. */
  text: string;
}

/** What an editor shows when a prompt is given. The daemon tells the model of it, within a budget: what is selected or near the cursor first. Files outside of the session's folders and those that are kept from models are left out. */
export interface EditorContext {
  /** The document that the user is in. */
  active?: ActiveDocument;
  /** What is selected; absent where nothing is. */
  selection?: SelectedText;
  /** The documents that are open, the ones used last first. */
  open?: Uri[];
  /** What language servers and tools complain of. */
  diagnostics?: ContextDiagnostic[];
}

/** An object without fields of this version. */
export interface Empty {
}

/** What programs need to know of an error. */
export interface ErrorData {
  /** Why the request was refused. */
  kind: ErrorKind;
  /** The number that was exceeded, for `limit`. */
  limit?: number;
  /** Who drives the session, for `busy`. */
  holder?: string;
}

/**
 * Why a request was refused: the word on which clients decide.
 *
 * - `sessionUnknown`: There is no session of this id.
 * - `questionUnknown`: The session has no question of this id.
 * - `stale`: What the request is about is not so any more: the prompt does not wait, something was said since.
 * - `limit`: One of `limits` is exceeded; `limit` has its number.
 * - `busy`: Another process drives the session; `holder` says which, where that is known. Or a turn runs, between which alone the request can be done.
 * - `valueUnknown`: The value is none that the option can have, the choice none of the question's, or the turn or restore none of the session's.
 * - `contentUnknown`: The session keeps no content of this id.
 */
export type ErrorKind =
  | "sessionUnknown"
  | "questionUnknown"
  | "stale"
  | "limit"
  | "busy"
  | "valueUnknown"
  | "contentUnknown"
  | (string & {});

/** What happened. A fact of an unknown type is to be shown by its `summary`; progress of an unknown type is to be passed over. */
export type Event =
  | Opened
  | Configured
  | PromptQueued
  | PromptChanged
  | PromptTaken
  | PromptRemoved
  | TurnStarted
  | Replied
  | Asked
  | Answered
  | CallStarted
  | FileTouched
  | FileSettled
  | Reviewed
  | Restored
  | RestoreEnded
  | CallEnded
  | Plan
  | Title
  | Notice
  | Briefed
  | Reminded
  | Compacted
  | TurnEnded
  | MessagePiece
  | ThoughtPiece
  | CallInputPiece
  | CallOutputPiece
  | Retrying
  | FileChanged;

/**
 * In which way a command ended. All but `code` with 0 means that it failed.
 *
 * - `code`: By itself, with a status.
 * - `signal`: By a signal.
 * - `timedOut`: It was ended because its time was over.
 * - `cancelled`: It was ended because it was cancelled.
 */
export type ExitKind =
  | "code"
  | "signal"
  | "timedOut"
  | "cancelled"
  | (string & {});

/**
 * The form of an export.
 *
 * - `markdown`: For people: the conversation with its calls.
 * - `json`: For programs: a document of the form of `agent/session/attach`'s result, with all facts.
 */
export type ExportFormat =
  | "markdown"
  | "json"
  | (string & {});

/**
 * What kind of failure of a model ended a turn.
 *
 * - `network`: The server could not be reached, or the connection broke.
 * - `timeout`: Nothing came for too long.
 * - `truncated`: The answer broke off before its end.
 * - `rateLimit`: Too many requests for now.
 * - `server`: The server failed.
 * - `overloaded`: The server has too much to do.
 * - `quota`: The quota or the money of the account is used up.
 * - `auth`: There is no key, or it is wrong.
 * - `permission`: The key is right and may not do this.
 * - `notFound`: There is no such model or address.
 * - `contextLength`: The request does not fit the model's context.
 * - `tooLarge`: The request has more bytes than the server takes.
 * - `invalid`: The request was refused as wrong.
 * - `parse`: The answer cannot be understood.
 * - `other`: The server names a failure that is not known.
 * - `unconfigured`: No model is chosen, or the chosen one does not exist.
 */
export type FailureKind =
  | "network"
  | "timeout"
  | "truncated"
  | "rateLimit"
  | "server"
  | "overloaded"
  | "quota"
  | "auth"
  | "permission"
  | "notFound"
  | "contextLength"
  | "tooLarge"
  | "invalid"
  | "parse"
  | "other"
  | "unconfigured"
  | (string & {});

/**
 * What becomes of a file.
 *
 * - `created`: It was not there before.
 * - `modified`: It has another text.
 * - `deleted`: It goes away.
 */
export type FileChange =
  | "created"
  | "modified"
  | "deleted"
  | (string & {});

/** Progress `fileChanged`: a file that the agent has changed holds something else by now, which was not the agent's doing. Ask for its review anew if it is shown. */
export interface FileChanged {
  /** Tells this object from the others of its union. */
  type: "fileChanged";
  /** The file. */
  uri: Uri;
}

/** The change of one file. */
export interface FileDiff {
  /** The file. */
  uri: Uri;
  /** What becomes of it. */
  change: FileChange;
  /** The whole change as a unified diff, with LF line ends. */
  diff: string;
  /** How many lines the diff adds. */
  added: number;
  /** How many lines the diff removes. */
  removed: number;
  /** The hash of the text that the change was made from. Absent where no file stood there. */
  baseHash?: TextHash;
}

/** Fact `fileSettled`: after a write the file has another text than was written. */
export interface FileSettled {
  /** Tells this object from the others of its union. */
  type: "fileSettled";
  /** The file. */
  uri: Uri;
  /** The hash of the text that stands there. Absent: no file stands there. */
  hash?: TextHash;
}

/** Fact `fileTouched`: a file is about to be written. */
export interface FileTouched {
  /** Tells this object from the others of its union. */
  type: "fileTouched";
  /** The file. */
  uri: Uri;
  /** The call that writes it, where it is one. */
  callId?: CallId;
  /** What becomes of it. */
  change: FileChange;
  /** The whole change as a unified diff, with LF line ends. */
  diff: string;
  /** How many lines the diff adds. */
  added: number;
  /** How many lines the diff removes. */
  removed: number;
}

/** One change of a text. */
export interface Hunk {
  /** Which. */
  hunkId: HunkId;
  /** The lines of the baseline; may be empty. */
  old: LineRange;
  /** The lines of the file; may be empty, then lines were removed before line `new.start`. */
  new: LineRange;
  /** The old lines, with LF line ends. */
  oldText: string;
  /** The new lines, with LF line ends. */
  newText: string;
  /** Whether the user has typed inside of it since. Undoing it takes that away too. */
  mixed: boolean;
}

/** A hunk of a file and no other: the same as long as its lines, old and new, and those around it are the same. Of hunks that nothing of that tells apart each has an id until the file changes. */
export type HunkId = string;

/** The bounds that clients meet. A request over one of them gets the error `limit` with its number. */
export interface Limits {
  /** Facts in one answer to `agent/session/attach`; there is more behind them, not an error. */
  attachEvents: number;
  /** Sessions in one answer to `agent/session/list`; there is more behind them, not an error. */
  listSessions: number;
  /** Bytes of one prompt, all its content together. */
  promptBytes: number;
  /** Prompts of one session that can wait. */
  queuedPrompts: number;
  /** Bytes in one answer to `agent/content`; there is more behind them, not an error. */
  contentBytes: number;
  /** Bytes of output shown live of one call, and bytes of one text in `callEnded`; the rest is got by `agent/content`. */
  outputBytes: number;
  /** Bytes of one message to the daemon. */
  messageBytes: number;
}

/** Whole lines, counted from 0; the end is not part of them. */
export interface LineRange {
  /** The first line. */
  start: number;
  /** The line behind the last. */
  end: number;
}

/** A pointer to a file, a folder or another resource. */
export interface LinkBlock {
  /** Tells this object from the others of its union. */
  type: "link";
  /** Where it is. */
  uri: Uri;
  /** What people call it. */
  name: string;
}

/** A place that a call works on, for editors that follow along. */
export interface Location {
  /** The file or folder. */
  uri: Uri;
  /** The line, counted from 0, where one is known. */
  line?: number;
}

/** An image or a PDF document that the client hands over, for models that accept such. A client gives `data` or, of what the session has kept, `contentId`; the daemon tells the latter. */
export interface MediaBlock {
  /** Tells this object from the others of its union. */
  type: "media";
  /** What people call it, such as the name of a file. */
  name: string;
  /** Its bytes in base64. What it is, they say themselves. */
  data?: string;
  /** Under this its bytes are got by `agent/content`. */
  contentId?: ContentId;
  /** What it is, in words of the daemon. */
  description?: string;
}

/** A message of the model, unique in its session. */
export type MessageId = string;

/** Progress `message`: words of the model. */
export interface MessagePiece {
  /** Tells this object from the others of its union. */
  type: "message";
  /** The message. */
  messageId: MessageId;
  /** Where the piece begins, in bytes of UTF-8 of all words of this message. 0 begins anew. */
  offset: number;
  /** The piece. */
  delta: string;
}

/** Fact `notice`: a word to the user which is not the model's. */
export interface Notice {
  /** Tells this object from the others of its union. */
  type: "notice";
  /** How much it matters. */
  level: NoticeLevel;
  /** The words. */
  text: string;
}

/**
 * How much a notice matters.
 *
 * - `info`: For your information.
 * - `warning`: Something is not as one may expect.
 * - `error`: Something failed.
 */
export type NoticeLevel =
  | "info"
  | "warning"
  | "error"
  | (string & {});

/** Fact `opened`: the session was made. */
export interface Opened {
  /** Tells this object from the others of its union. */
  type: "opened";
  /** The folders it works in. */
  roots: Uri[];
  /** The folder that relative paths and commands start from. */
  cwd: Uri;
  /** The value of the option `model`. */
  model: string;
  /** The value of the option `mode`. */
  mode: string;
}

/**
 * How a call looks at a path.
 *
 * - `read`: It reads a file.
 * - `list`: It lists a folder.
 * - `search`: It searches names or texts below a folder.
 */
export type PathAccess =
  | "read"
  | "list"
  | "search"
  | (string & {});

/** The files or folders that a call wants to look at. */
export interface PathSubject {
  /** Tells this object from the others of its union. */
  type: "path";
  /** The files or folders. */
  uris: Uri[];
  /** What is done with them. */
  access: PathAccess;
  /** What is looked for, where they are searched. */
  pattern?: string;
}

/** Fact `plan`: the plan, as a whole. */
export interface Plan {
  /** Tells this object from the others of its union. */
  type: "plan";
  /** Its lines, in order. */
  entries: PlanEntry[];
}

/** One line of the plan. */
export interface PlanEntry {
  /** What is to be done. */
  content: string;
  /** How far it is. */
  status: PlanStatus;
}

/**
 * How far a line of the plan is.
 *
 * - `pending`: Not begun.
 * - `inProgress`: Being done.
 * - `completed`: Done.
 */
export type PlanStatus =
  | "pending"
  | "inProgress"
  | "completed"
  | (string & {});

/** A place in a text, in the position encoding that LSP's `initialize` agreed on. */
export interface Position {
  /** The line, counted from 0. */
  line: number;
  /** The code unit in the line, counted from 0. */
  character: number;
}

/** Something that is not as it should be. */
export interface Problem {
  /** How much it matters. */
  level: NoticeLevel;
  /** What is wrong and what to do, for people. */
  text: string;
}

/** A program and its version. */
export interface Program {
  /** Its name. */
  name: string;
  /** Its version. */
  version?: string;
}

/** Fact `promptChanged`: a waiting prompt has other words. */
export interface PromptChanged {
  /** Tells this object from the others of its union. */
  type: "promptChanged";
  /** The prompt. */
  promptId: PromptId;
  /** What it says from here on. */
  content: ContentBlock[];
}

/** A prompt. Made by the client, unique in its session, so that sending it twice is harmless. */
export type PromptId = string;

/** Params of `agent/prompt`. */
export interface PromptParams {
  /** The session. */
  sessionId: SessionId;
  /** The client's id for this prompt. */
  promptId: PromptId;
  /** What is said; not empty. */
  content: ContentBlock[];
  /** When it is to reach the model, should a turn be running. Absent: `next`. */
  deliver?: Deliver;
  /** What the editor shows. */
  context?: EditorContext;
}

/** Fact `promptQueued`: a prompt waits. Closed by `turnStarted`, `promptTaken` or `promptRemoved`. */
export interface PromptQueued {
  /** Tells this object from the others of its union. */
  type: "promptQueued";
  /** The prompt. */
  promptId: PromptId;
  /** What it says. */
  content: ContentBlock[];
  /** When it is to reach the model. */
  deliver: Deliver;
}

/** Fact `promptRemoved`: a waiting prompt will not be taken. Its words are those of its `promptQueued` or last `promptChanged`; a client can offer them again. */
export interface PromptRemoved {
  /** Tells this object from the others of its union. */
  type: "promptRemoved";
  /** The prompt. */
  promptId: PromptId;
  /** Why. */
  reason: RemovalReason;
}

/** Result of `agent/prompt`: it was accepted. The turn's end is an event. */
export interface PromptResult {
  /** What became of it. */
  state: PromptState;
  /** How many prompts are taken before it, where it is `queued`. */
  position?: number;
}

/**
 * What became of a prompt that was given.
 *
 * - `started`: Its turn begins.
 * - `queued`: It waits for its turn.
 * - `steering`: It waits for the next request of the running turn.
 * - `known`: A prompt of this id was accepted before; nothing was done.
 */
export type PromptState =
  | "started"
  | "queued"
  | "steering"
  | "known"
  | (string & {});

/** Fact `promptTaken`: a waiting prompt that steers goes to the model in the running turn. */
export interface PromptTaken {
  /** Tells this object from the others of its union. */
  type: "promptTaken";
  /** The prompt. */
  promptId: PromptId;
}

/** What the user is asked. It stands until the event `answered`; it has no time limit while a client that can answer is attached. */
export interface Question {
  /** Its id. */
  questionId: QuestionId;
  /** The call that asks, where it is one. */
  callId?: CallId;
  /** One line: what will happen on yes. */
  title: string;
  /** Why it is asked at all. */
  reason: string;
  /** What it is about. What is shown here is what is done on yes, and nothing else. */
  subject: Subject;
  /** The possible answers. */
  choices: Choice[];
  /** The choice that does no harm: what a client preselects. */
  default: ChoiceId;
}

/** A question, unique in its session. */
export type QuestionId = string;

/** Params of `agent/queue/edit`. */
export interface QueueEditParams {
  /** The session. */
  sessionId: SessionId;
  /** A prompt that waits. */
  promptId: PromptId;
  /** What it says from here on; not empty. */
  content: ContentBlock[];
}

/** Params of `agent/queue/remove`. */
export interface QueueRemoveParams {
  /** The session. */
  sessionId: SessionId;
  /** A prompt that waits. */
  promptId: PromptId;
}

/** A range of a text; the end is not part of it. */
export interface Range {
  /** Where it begins. */
  start: Position;
  /** The place behind its last character. */
  end: Position;
}

/** Fact `reminded`: a note to the model that the user did not write. */
export interface Reminded {
  /** Tells this object from the others of its union. */
  type: "reminded";
  /** The text, whole. */
  text: string;
}

/**
 * Why a waiting prompt was removed.
 *
 * - `withdrawn`: The user took it back.
 * - `cancelled`: The user cancelled; nothing starts by itself after that.
 * - `interrupted`: The program ended before it could be taken.
 */
export type RemovalReason =
  | "withdrawn"
  | "cancelled"
  | "interrupted"
  | (string & {});

/** Fact `replied`: a message of the model, whole. */
export interface Replied {
  /** Tells this object from the others of its union. */
  type: "replied";
  /** The message. */
  messageId: MessageId;
  /** Its parts, in order. What only the provider understands is left out. */
  blocks: ReplyBlock[];
  /** What it cost. */
  usage: Usage;
}

/** A part of the model's message. */
export type ReplyBlock =
  | ReplyText
  | ReplyThought
  | ReplyCall;

/** A call of a tool, asked for by the model. */
export interface ReplyCall {
  /** Tells this object from the others of its union. */
  type: "call";
  /** The call. */
  callId: CallId;
  /** The tool's name, as the model wrote it. */
  tool: string;
  /** The arguments; a text where what the model wrote is not JSON. */
  input: unknown;
}

/** Words for the user. */
export interface ReplyText {
  /** Tells this object from the others of its union. */
  type: "text";
  /** The words, as Markdown. */
  text: string;
}

/** Thoughts of the model. */
export interface ReplyThought {
  /** Tells this object from the others of its union. */
  type: "thought";
  /** The words; empty where the provider does not show them. */
  text: string;
}

/** A text with its place, such as a selection or a file. */
export interface ResourceBlock {
  /** Tells this object from the others of its union. */
  type: "resource";
  /** Where it is from. */
  uri: Uri;
  /** The text. */
  text: string;
}

/** The `error` of an answer. */
export interface ResponseError {
  /** The number. */
  code: number;
  /** What failed, why, and what to do, for people. */
  message: string;
  /** What programs need. Absent for JSON-RPC's and LSP's own errors. */
  data?: ErrorData;
}

/** Fact `restoreEnded`: a way back is over. */
export interface RestoreEnded {
  /** Tells this object from the others of its union. */
  type: "restoreEnded";
  /** Which. */
  restoreId: RestoreId;
  /** Whether it came to its end: the program may have ended meanwhile, and some files not have gone back. */
  whole: boolean;
}

/** A way back that was taken, unique in its session. */
export type RestoreId = string;

/** A file, or parts of it, that did not go back. */
export interface RestoreLeft {
  /** The file. */
  uri: Uri;
  /** Why, in words. */
  reason: string;
}

/** What a way back would do with one file. */
export interface RestorePreview {
  /** The file. */
  uri: Uri;
  /** What would become of it. */
  change: FileChange;
  /** The change as a unified diff with LF line ends; empty where it is no text, or stays. */
  diff: string;
  /** How many lines the diff adds. */
  added: number;
  /** How many lines the diff removes. */
  removed: number;
  /** What of it would stay as it is, and why, in words. Absent: nothing. */
  left?: string;
}

/** Fact `restored`: the user went back to before a turn, took one edit back, or took that back. Without any of the three ids beside its own they undid changes in a review. */
export interface Restored {
  /** Tells this object from the others of its union. */
  type: "restored";
  /** Names it. */
  restoreId: RestoreId;
  /** To before this turn. */
  turnId?: TurnId;
  /** The restore that was taken back. */
  undone?: RestoreId;
  /** The call whose changes were taken back. */
  callId?: CallId;
  /** Whether the files went back. */
  files: boolean;
  /** Whether what was said went back: a client shows the turns from `turnId` on as taken back. */
  conversation: boolean;
}

/** Progress `retrying`: the model is asked again. What was shown of this message is void. */
export interface Retrying {
  /** Tells this object from the others of its union. */
  type: "retrying";
  /** The message. */
  messageId: MessageId;
  /** The number of the attempt that follows; the first attempt of a message was 1. */
  attempt: number;
  /** Milliseconds until then. */
  waitMs: number;
  /** What failed, for people. */
  reason: string;
}

/** Params of `agent/review/decide`. */
export interface ReviewDecideParams {
  /** The session. */
  sessionId: SessionId;
  /** What is decided, one after another. */
  items: ReviewItem[];
}

/** Result of `agent/review/decide`. */
export interface ReviewDecideResult {
  /** One entry for each item of the params, in the same order. */
  items: ReviewOutcome[];
  /** Names what was undone, all of it together: `agent/checkpoint/restore` takes it back. Absent: nothing was undone. */
  restoreId?: RestoreId;
}

/**
 * What becomes of changes.
 *
 * - `keep`: They stay, and need not be looked at any more.
 * - `undo`: They go; the text before comes back.
 */
export type ReviewDecision =
  | "keep"
  | "undo"
  | (string & {});

/** Params of `agent/review/file`. */
export interface ReviewFileParams {
  /** The session. */
  sessionId: SessionId;
  /** The file. */
  uri: Uri;
}

/** Result of `agent/review/file`. */
export interface ReviewFileResult {
  /** The file. Absent: nothing of it is to be looked at. */
  file?: ReviewedFile;
  /** Its text without the changes, with LF line ends. Absent: no text, or no file. */
  baseline?: string;
  /** The changes, in order. */
  hunks: Hunk[];
}

/** One verdict on changes of a file: on a hunk, on those of one turn, or on all. */
export interface ReviewItem {
  /** The file. */
  uri: Uri;
  /** The hash of the text that the user has seen. Absent: whatever stands there. */
  version?: TextHash;
  /** This hunk alone. */
  hunkId?: HunkId;
  /** What this turn has changed alone. Not together with `hunkId`. */
  turnId?: TurnId;
  /** What becomes of the changes. */
  decision: ReviewDecision;
}

/** Result of `agent/review/list`. */
export interface ReviewListResult {
  /** The files with something to look at, in the order in which they were first changed. */
  files: ReviewedFile[];
}

/** What became of one verdict. */
export interface ReviewOutcome {
  /** How it went. */
  state: ReviewState;
  /** Why it failed, in words. */
  error?: string;
}

/**
 * How a verdict went.
 *
 * - `done`: It is done.
 * - `stale`: The file or the hunk is not the one that was seen: look again.
 * - `failed`: It could not be done.
 */
export type ReviewState =
  | "done"
  | "stale"
  | "failed"
  | (string & {});

/** Fact `reviewed`: changes of a file were kept, and are not to be looked at any more. */
export interface Reviewed {
  /** Tells this object from the others of its union. */
  type: "reviewed";
  /** The file. */
  uri: Uri;
}

/** A file with changes that nobody has looked at yet. */
export interface ReviewedFile {
  /** The file. */
  uri: Uri;
  /** What has become of it. */
  change: FileChange;
  /** The hash of the text that stands there. Absent: no text, or no file. */
  version?: TextHash;
  /** How many hunks there are; 0 where it is no text on either side. */
  hunks: number;
  /** How many lines were added. */
  added: number;
  /** How many lines were removed. */
  removed: number;
  /** Whether it can be brought back: not where a command changed it and nobody has kept what stood there before. */
  restorable: boolean;
  /** Whether the user has changed something inside of what the agent made: of a hunk, or of a whole file that it created. Undoing all takes that away too. */
  mixed: boolean;
  /** The permission bits before the changes, in octal, where they were changed. */
  oldMode?: string;
  /** The calls that made the changes. */
  calls: CallId[];
  /** The turns in which they were made. */
  turns: TurnId[];
}

/** What became of saving one file. */
export interface SaveOutcome {
  /** The file. */
  uri: Uri;
  /** Whether the disk has the buffer's text now. */
  saved: boolean;
  /** Why not, in words. */
  error?: string;
}

/** A secret. Its `Debug` does not show it. */
export type Secret = string;

/** What is selected. */
export interface SelectedText {
  /** In which document. */
  uri: Uri;
  /** Where. */
  range: Range;
  /** The text, as it is in the editor. */
  text: string;
}

/** What the daemon says of itself, as `capabilities.experimental.agent` in the answer to `initialize`. */
export interface ServerAgent {
  /** The version of the protocol that is spoken: the client's where the daemon has it, else the daemon's newest. A client that does not speak this one sends no `agent/*` message. */
  version: number;
  /** The minor version; what it adds is named in `features`. */
  minor: number;
  /** The names of what works here, as the table of methods has them. */
  features: string[];
  /** The bounds that clients meet. */
  limits: Limits;
}

/** A session, as lists show it. */
export interface Session {
  /** Its id. */
  sessionId: SessionId;
  /** Its title. Absent until the first prompt or a client gave it one. */
  title?: string;
  /** The folder that relative paths and commands start from. */
  cwd: Uri;
  /** The folders it works in. */
  roots: Uri[];
  /** What it is doing. */
  state: SessionState;
  /** When it was made. */
  createdAt: Timestamp;
  /** When its last fact happened. */
  changedAt: Timestamp;
  /** The number of its last fact. */
  lastSeq: number;
}

/** Params of `agent/session/attach`. */
export interface SessionAttachParams {
  /** The session. */
  sessionId: SessionId;
  /** The number of the last fact that the client has; 0 for none. */
  after?: number;
}

/** Result of `agent/session/attach`. */
export interface SessionAttachResult {
  /** The session as it stands. */
  session: Session;
  /** The facts behind `after`, in order, without holes. */
  events: SessionEvent[];
  /** There are more facts: call again with the number of the last one. Otherwise the connection is attached, and what happens from here on comes as `agent/event`. */
  more: boolean;
}

/** Params of `agent/event`: one thing that happened. */
export interface SessionEvent {
  /** The session. */
  sessionId: SessionId;
  /** The number of a fact in its session: 1, 2, 3 … without holes. Absent for progress. */
  seq?: number;
  /** When the fact happened. Absent for progress. */
  at?: Timestamp;
  /** The turn that it belongs to, where it belongs to one. */
  turnId?: TurnId;
  /** The fact in one line of plain text, for logs, screen readers and clients that do not know its type. Absent for progress. */
  summary?: string;
  /** What happened. */
  event: Event;
}

/** Params of `agent/session/export`. */
export interface SessionExportParams {
  /** The session. */
  sessionId: SessionId;
  /** The form. */
  format: ExportFormat;
}

/** Result of `agent/session/export`. */
export interface SessionExportResult {
  /** The document. */
  text: string;
}

/** A session. Unique over all processes; does not change. */
export type SessionId = string;

/** Params of `agent/session/list`. */
export interface SessionListParams {
  /** Only sessions that start from this folder. */
  cwd?: Uri;
  /** Only sessions whose title holds this text, in upper or lower case. */
  query?: string;
  /** Go on where the answer with this `nextCursor` ended. */
  cursor?: string;
  /** At most so many. Absent, or more than `limits.listSessions`: as many as that. */
  limit?: number;
}

/** Result of `agent/session/list`. */
export interface SessionListResult {
  /** The sessions, the one that changed last first. */
  sessions: Session[];
  /** There are more; ask with this as `cursor`. */
  nextCursor?: string;
}

/** Params of `agent/session/new`. */
export interface SessionNewParams {
  /** The folder that relative paths and commands start from. */
  cwd: Uri;
  /** The folders it works in. Absent or empty: `cwd` alone. */
  roots?: Uri[];
  /** Its title. Absent: made from the first prompt. */
  title?: string;
  /** Values of options, by their id, as for `agent/config/set`. An option that is not named has its default. */
  config?: Record<string, string>;
}

/** Result of `agent/session/new`. */
export interface SessionNewResult {
  /** The session that was made. */
  session: Session;
}

/** Params of requests that name a session and nothing else. */
export interface SessionParams {
  /** The session. */
  sessionId: SessionId;
}

/** Params of `agent/session/rename`. */
export interface SessionRenameParams {
  /** The session. */
  sessionId: SessionId;
  /** Its title from here on. */
  title: string;
}

/**
 * What a session is doing.
 *
 * - `idle`: Nothing; a prompt starts at once.
 * - `running`: A turn is running.
 * - `waiting`: A turn is running and waits for an answer of the user.
 * - `elsewhere`: Another process drives it. It can be read; what would change it gets the error `busy`.
 */
export type SessionState =
  | "idle"
  | "running"
  | "waiting"
  | "elsewhere"
  | (string & {});

/** Result of `agent/status`. */
export interface StatusResult {
  /** The daemon. */
  server: Program;
  /** The version of the protocol that is spoken. */
  version: number;
  /** Its minor version. */
  minor: number;
  /** The daemon's process. */
  processId: number;
  /** When it started. */
  startedAt: Timestamp;
  /** The folder that holds sessions and logs. */
  stateFolder: Uri;
  /** The file that this process logs to. */
  logFile: Uri;
  /** The model of a session that names none. Absent: a prompt cannot be answered before one is chosen. */
  model?: string;
  /** Sessions that this process holds. */
  sessions: number;
  /** Sessions with a running turn, those that wait for an answer included. */
  running: number;
  /** Questions that wait for an answer. */
  questions: number;
  /** What is not as it should be, such as a configuration file that cannot be read. */
  problems: Problem[];
}

/** What a question is about. */
export type Subject =
  | CommandSubject
  | EditSubject
  | PathSubject
  | TextSubject;

/** Words. */
export interface TextBlock {
  /** Tells this object from the others of its union. */
  type: "text";
  /** The words. */
  text: string;
}

/** One replacement in a text. */
export interface TextEdit {
  /** What is replaced, in the text before any edit of the same list. */
  range: Range;
  /** What stands there afterwards, with LF line ends. */
  newText: string;
}

/** The SHA-256 sum of a text as UTF-8 with LF line ends and without byte-order mark, in 64 lower-case hexadecimal digits. So the disk and an editor's buffer of the same text agree. */
export type TextHash = string;

/** Something that only words can say. */
export interface TextSubject {
  /** Tells this object from the others of its union. */
  type: "text";
  /** The words. */
  text: string;
}

/** Progress `thought`: thoughts of the model. */
export interface ThoughtPiece {
  /** Tells this object from the others of its union. */
  type: "thought";
  /** The message. */
  messageId: MessageId;
  /** Where the piece begins, in bytes of UTF-8 of all thoughts of this message. 0 begins anew. */
  offset: number;
  /** The piece. */
  delta: string;
}

/** A time as RFC 3339 writes it, in UTC. */
export type Timestamp = string;

/** Fact `title`: the session has this title. */
export interface Title {
  /** Tells this object from the others of its union. */
  type: "title";
  /** The title. */
  title: string;
}

/**
 * Why a turn ended.
 *
 * - `finished`: The model had nothing more to do.
 * - `cancelled`: The user cancelled it.
 * - `stepLimit`: It made as many requests to the model as one turn may.
 * - `contextFull`: The model's answer was cut at its longest, or its context is full.
 * - `refused`: The model's provider refused to answer.
 * - `failed`: The model could not be reached or failed.
 * - `interrupted`: The program ended first.
 */
export type TurnEndReason =
  | "finished"
  | "cancelled"
  | "stepLimit"
  | "contextFull"
  | "refused"
  | "failed"
  | "interrupted"
  | (string & {});

/** Fact `turnEnded`: a turn is over. */
export interface TurnEnded {
  /** Tells this object from the others of its union. */
  type: "turnEnded";
  /** Why. */
  reason: TurnEndReason;
  /** What failed and what to do, for people, where `reason` is `failed`. */
  error?: string;
  /** What kind of failure it was, for programs. Absent: it is not known, or nothing failed. */
  errorKind?: FailureKind;
  /** What the turn cost, all its messages together. */
  usage: Usage;
}

/** A turn, unique in its session. */
export type TurnId = string;

/** Fact `turnStarted`: a turn began. */
export interface TurnStarted {
  /** Tells this object from the others of its union. */
  type: "turnStarted";
  /** The prompt that it answers. */
  promptId: PromptId;
  /** What the prompt says. */
  content: ContentBlock[];
}

/** The address of a file or other resource, percent-encoded, as in LSP. */
export type Uri = string;

/** Tokens, as the provider counts them. */
export interface Usage {
  /** Input tokens that were not in the provider's cache. */
  inputTokens: number;
  /** Input tokens read from the provider's cache. */
  cacheReadTokens: number;
  /** Output tokens, thoughts included. */
  outputTokens: number;
}

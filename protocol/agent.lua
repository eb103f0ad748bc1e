---@meta agent

-- The types of Quillon's editor protocol, agent/* 1.1. Generated, do not edit:
-- cargo run -p quillon-protocol --features schema --bin generate
--
-- Nothing here runs. Enumerations and unions are open: a later daemon may send words and
-- types that are not named here.

---The numbers of the kinds of error.
---@alias agent.ErrorCode
---| 1001 # sessionUnknown
---| 1002 # questionUnknown
---| 1003 # stale
---| 1007 # limit
---| 1010 # busy
---| 1012 # valueUnknown
---| 1013 # contentUnknown
---| integer

---What a client requests of the daemon.
---@class agent.ClientRequests
---@field ["agent/session/new"] fun(params: agent.SessionNewParams): agent.SessionNewResult Makes a session. Does not attach to it.
---@field ["agent/session/list"] fun(params: agent.SessionListParams): agent.SessionListResult Lists sessions, the one that changed last first.
---@field ["agent/session/attach"] fun(params: agent.SessionAttachParams): agent.SessionAttachResult Brings the facts behind a number, and from then on all events: the one way to open, resume and reconnect.
---@field ["agent/session/detach"] fun(params: agent.SessionParams): agent.Empty Ends the events of a session to this connection; the session goes on.
---@field ["agent/session/rename"] fun(params: agent.SessionRenameParams): agent.Empty Gives a session another title.
---@field ["agent/session/delete"] fun(params: agent.SessionParams): agent.Empty Deletes a session with all it has kept; asks nothing.
---@field ["agent/session/export"] fun(params: agent.SessionExportParams): agent.SessionExportResult Writes a session as a document.
---@field ["agent/prompt"] fun(params: agent.PromptParams): agent.PromptResult Gives a prompt. Answered at once; the turn and its end are events.
---@field ["agent/queue/edit"] fun(params: agent.QueueEditParams): agent.Empty Changes the words of a waiting prompt.
---@field ["agent/queue/remove"] fun(params: agent.QueueRemoveParams): agent.Empty Takes a waiting prompt back.
---@field ["agent/cancel"] fun(params: agent.CancelParams): agent.Empty Ends the running turn and hands the waiting prompts back. Harmless where none runs.
---@field ["agent/answer"] fun(params: agent.AnswerParams): agent.AnswerResult Answers a question. The first answer wins.
---@field ["agent/config/get"] fun(params: agent.SessionParams): agent.ConfigResult The options of a session, with their values.
---@field ["agent/config/set"] fun(params: agent.ConfigSetParams): agent.ConfigResult Gives an option another value.
---@field ["agent/content"] fun(params: agent.ContentParams): agent.ContentResult A piece of a kept text or file, by range.
---@field ["agent/review/list"] fun(params: agent.SessionParams): agent.ReviewListResult The files that the agent has changed and nobody has looked at yet.
---@field ["agent/review/file"] fun(params: agent.ReviewFileParams): agent.ReviewFileResult The changes of one file, as hunks, with the text before.
---@field ["agent/review/decide"] fun(params: agent.ReviewDecideParams): agent.ReviewDecideResult Keeps changes or takes them back, also while a turn runs.
---@field ["agent/checkpoint/list"] fun(params: agent.SessionParams): agent.CheckpointListResult The points that one can go back to: before each turn.
---@field ["agent/checkpoint/preview"] fun(params: agent.CheckpointPreviewParams): agent.CheckpointPreviewResult What going back would do with the files.
---@field ["agent/checkpoint/restore"] fun(params: agent.CheckpointRestoreParams): agent.CheckpointRestoreResult Goes back, or takes that back. Not while a turn runs.
---@field ["agent/auth/status"] fun(params: agent.Empty): agent.AuthResult The providers that want a key, and where each key comes from; no key is told.
---@field ["agent/auth/set"] fun(params: agent.AuthSetParams): agent.AuthResult Hands over the key of a provider. The provider is not asked whether it takes it.
---@field ["agent/auth/clear"] fun(params: agent.AuthClearParams): agent.AuthResult Forgets the key of a provider that was handed over or stored.
---@field ["agent/status"] fun(params: agent.Empty): agent.StatusResult How the daemon is, for a health page.

---What the daemon requests of a client.
---@class agent.ServerRequests
---@field ["agent/buffers/apply"] fun(params: agent.BuffersApplyParams): agent.BuffersApplyResult Asks a client to edit its open buffers, all or none, one undo step each.
---@field ["agent/buffers/save"] fun(params: agent.BuffersSaveParams): agent.BuffersSaveResult Asks a client to save open files, before a command runs that is to see them.

---What the daemon tells a client.
---@class agent.ServerNotifications
---@field ["agent/event"] fun(params: agent.SessionEvent) Something happened in a session that this connection is attached to.
---@field ["agent/sessions/changed"] fun(params: agent.Empty) The list of sessions has changed: one was made, deleted, renamed, or its state is another.

---The document that the user is in.
---@class agent.ActiveDocument
---@field uri agent.Uri Which.
---@field position agent.Position Where the cursor is.
---@field visible? agent.Range What can be seen of it.

---Who allowed or answered something.
---@class agent.Actor
---@field kind agent.ActorKind What kind of actor.
---@field name? string The client's name, the rule's text or the mode's name.

---Kinds of actor.
---@alias agent.ActorKind
---| "user" # A person, through the client of that name.
---| "rule" # A rule.
---| "mode" # The session's mode.
---| "quillon" # The program: withdrawn, interrupted, or nothing to allow.
---| string

---The user's own text for a file that the model wants to write.
---@class agent.AmendedText
---@field uri agent.Uri The file; one of the question's.
---@field text string The whole text that it is to have, with any line ends; it gets those of the file.

---Params of `agent/answer`.
---@class agent.AnswerParams
---@field sessionId agent.SessionId The session.
---@field questionId agent.QuestionId The question.
---@field choice agent.ChoiceId The choice.
---@field note? string Words for the model, told to it with a no. With a yes they are not used.
---@field texts? agent.AmendedText[] The user's own texts in the place of the proposed ones, with the choice `allowOnce` of an edit. The model is told.

---Result of `agent/answer`.
---@class agent.AnswerResult
---@field accepted boolean Whether this answer counts. False: another one was there first, or the question was withdrawn.
---@field answeredBy? agent.Actor Who closed the question, where this answer does not count and that is known.

---Fact `answered`: a question is over.
---@class agent.Answered
---@field type "answered" Tells this object from the others of its union.
---@field questionId agent.QuestionId The question.
---@field choice? agent.ChoiceId The choice. Absent: the question was withdrawn, which counts as no.
---@field note? string The words for the model that came with a no.
---@field by agent.Actor Who answered or withdrew it.

---Fact `asked`: a question stands before the user.
---@class agent.Asked
---@field type "asked" Tells this object from the others of its union.
---@field question agent.Question The question.

---Params of `agent/auth/clear`.
---@class agent.AuthClearParams
---@field provider string The provider whose key is forgotten: what was handed over, and what is stored.

---A provider that wants a key.
---@class agent.AuthProvider
---@field provider string Its name, which stands in front of its models'.
---@field source agent.AuthSource Where its key comes from.
---@field variable? string The variable, where it is one that is known.
---@field docs? string Where its documentation is.

---Result of the `agent/auth/*` methods.
---@class agent.AuthResult
---@field providers agent.AuthProvider[] The providers, as they stand.

---Params of `agent/auth/set`.
---@class agent.AuthSetParams
---@field provider string The provider.
---@field key agent.Secret Its key.
---@field store? boolean Whether it is stored, for the next daemon too. Without it the key is forgotten when this one ends, for clients that keep secrets themselves.

---Where the key of a provider comes from. The first of them counts, in this order.
---@alias agent.AuthSource
---| "settings" # The variable that the settings name for it.
---| "handed" # A client has handed it over; it is forgotten when the daemon ends.
---| "stored" # It is stored in a file that only the user can read.
---| "variable" # The provider's usual variable of the environment.
---| "none" # There is none.
---| string

---Fact `briefed`: what the model is told before everything else.
---@class agent.Briefed
---@field type "briefed" Tells this object from the others of its union.
---@field text string The text, whole.

---The edit of one open buffer, to be one undo step.
---@class agent.BufferEdit
---@field uri agent.Uri The file.
---@field version integer The LSP version of the document that the edit was made from.
---@field baseHash agent.TextHash The hash of the text that the edit was made from.
---@field edits agent.TextEdit[] The replacements, sorted, not overlapping; all ranges are in the text before the first.
---@field save? boolean Whether to save the file afterwards: set where the buffer was as the disk before, so that commands see the edit.

---What became of the edit of one buffer.
---@class agent.BufferOutcome
---@field uri agent.Uri The file.
---@field applied boolean Whether the edit stands in the buffer.
---@field version? integer The LSP version of the document behind the edit, before it is saved, where the edit was applied.
---@field hash? agent.TextHash The hash of the buffer's text then.
---@field saved? boolean Whether the buffer was saved.
---@field formatted? agent.TextHash The hash of the text that was saved, where what the editor does on saving (a formatter) made another one of it. Only where the user cannot have typed between the edit and the end of the save.
---@field error? string Why it was not applied or not saved, in words.

---What a client can do with its open buffers.
---@class agent.BufferSupport
---@field apply? boolean It answers `agent/buffers/apply`. Without it edits come by `workspace/applyEdit`.
---@field save? boolean It answers `agent/buffers/save`. Without it files with unsaved changes stay unsaved.

---Params of `agent/buffers/apply`: the edits of one call of a tool.
---@class agent.BuffersApplyParams
---@field label string A few words on what this is, for an undo list.
---@field edits agent.BufferEdit[] One entry a file. All or none of them are to be applied.

---Result of `agent/buffers/apply`.
---@class agent.BuffersApplyResult
---@field files agent.BufferOutcome[] One entry for each entry of the params, in the same order.

---Params of `agent/buffers/save`.
---@class agent.BuffersSaveParams
---@field uris agent.Uri[] The files, all open and with changes that the disk has not.

---Result of `agent/buffers/save`.
---@class agent.BuffersSaveResult
---@field files agent.SaveOutcome[] One entry for each file of the params, in the same order.

---A part of what a call brought.
---@alias agent.CallContent
---| agent.CallText

---Fact `callEnded`: a call is over. It comes for every call of a `replied`, also for one that never started.
---@class agent.CallEnded
---@field type "callEnded" Tells this object from the others of its union.
---@field callId agent.CallId The call.
---@field outcome agent.CallOutcome How it ended.
---@field exit? agent.CommandExit How the command of a call that is `done` has ended. Absent: it ran none.
---@field content agent.CallContent[] What it brought or why it failed, as the model is told.

---A call of a tool, unique in its session.
---@alias agent.CallId string

---Progress `callInput`: a call takes shape. It has no id before `replied`.
---@class agent.CallInputPiece
---@field type "callInput" Tells this object from the others of its union.
---@field messageId agent.MessageId The message.
---@field index integer Which call of the message, counted from 0.
---@field tool string The tool's name, as the model wrote it.
---@field delta string The next piece of its arguments, as JSON text.

---What a call does.
---@alias agent.CallKind
---| "read" # It reads a file.
---| "list" # It lists a folder.
---| "search" # It searches names or texts.
---| "edit" # It changes files.
---| "command" # It runs a command.
---| "internal" # It changes nothing outside the session, such as the plan.
---| string

---How a call ended.
---@alias agent.CallOutcome
---| "done" # It did what it was to do.
---| "failed" # It could not.
---| "denied" # The user or a rule said no.
---| "cancelled" # The turn was cancelled.
---| "interrupted" # The program ended first.
---| string

---Progress `callOutput`: a running command prints.
---@class agent.CallOutputPiece
---@field type "callOutput" Tells this object from the others of its union.
---@field callId agent.CallId The call.
---@field offset integer Where the piece begins, in bytes of the command's whole output. Output over `limits.outputBytes` is not sent live, so there may be a gap.
---@field delta string The piece; what is not UTF-8 is replaced.

---Fact `callStarted`: a call was allowed and is about to act.
---@class agent.CallStarted
---@field type "callStarted" Tells this object from the others of its union.
---@field callId agent.CallId The call.
---@field kind agent.CallKind What it does.
---@field title string One line: what it does, for people.
---@field locations agent.Location[] The places it works on.
---@field by agent.Actor Who allowed it.

---A text that a call brought.
---@class agent.CallText
---@field type "text" Tells this object from the others of its union.
---@field text string The text, or its beginning where it is longer than `limits.outputBytes`.
---@field size integer Bytes of the whole text.
---@field contentId? agent.ContentId Where the whole text is kept, for `agent/content`. Absent: `text` is the whole.

---Params of `agent/cancel`.
---@class agent.CancelParams
---@field sessionId agent.SessionId The session.
---@field turnId? agent.TurnId Only if this turn is the running one. Absent: whichever runs.

---The state before a turn.
---@class agent.Checkpoint
---@field turnId agent.TurnId The turn.
---@field promptId agent.PromptId The prompt that began it.
---@field content agent.ContentBlock[] Its words.
---@field at agent.Timestamp When it began.
---@field files integer How many files were changed in it.
---@field conversation boolean Whether the conversation can go back to it. If not, it went back already without the files, and these alone can.

---Result of `agent/checkpoint/list`.
---@class agent.CheckpointListResult
---@field checkpoints agent.Checkpoint[] The points that one can go back to, the oldest first.

---Params of `agent/checkpoint/preview`: exactly one of the three ids.
---@class agent.CheckpointPreviewParams
---@field sessionId agent.SessionId The session.
---@field turnId? agent.TurnId To before this turn.
---@field restoreId? agent.RestoreId To before this restore: takes it back.
---@field callId? agent.CallId To without what this call has changed: takes this one edit back.

---Result of `agent/checkpoint/preview`.
---@class agent.CheckpointPreviewResult
---@field files agent.RestorePreview[] What would become of the files.

---Params of `agent/checkpoint/restore`: exactly one of the three ids.
---@class agent.CheckpointRestoreParams
---@field sessionId agent.SessionId The session.
---@field turnId? agent.TurnId To before this turn.
---@field restoreId? agent.RestoreId To before this restore: takes it back.
---@field callId? agent.CallId To without what this call has changed: takes this one edit back, in the files alone.
---@field files boolean Whether the files go back.
---@field conversation boolean Whether what was said goes back.

---Result of `agent/checkpoint/restore`.
---@class agent.CheckpointRestoreResult
---@field restoreId agent.RestoreId Names this restore, to take it back.
---@field files agent.Uri[] The files that went back.
---@field left agent.RestoreLeft[] What stayed as it is.
---@field prompt? agent.ContentBlock[] The prompt that began the turn, to change it and give it anew, where the conversation went back.

---One possible answer.
---@class agent.Choice
---@field id agent.ChoiceId Its id, for `agent/answer`.
---@field label string A few words for a button.
---@field kind agent.ChoiceKind What kind of answer it is.
---@field rule? string What is stored by it, in words, where it is `allowAlways`.

---A choice, unique in its question.
---@alias agent.ChoiceId string

---The kinds of answer.
---@alias agent.ChoiceKind
---| "allowOnce" # Yes, this once.
---| "allowAlways" # Yes, and from here on for what `rule` says.
---| "rejectOnce" # No, this once. The turn goes on, and the model is told.
---| string

---What a client says of itself, as `agent` in `capabilities.experimental` or in `initializationOptions` of LSP's `initialize`. A client that says nothing is a plain LSP client.
---@class agent.ClientAgent
---@field version integer The newest version of the protocol that the client speaks.
---@field client? agent.Program The extension or plugin, which may be another program than LSP's `clientInfo`.
---@field buffers? agent.BufferSupport What the daemon may ask for about open buffers.

---How a command ended.
---@class agent.CommandExit
---@field kind agent.ExitKind In which way.
---@field code? integer Its status, with the kind `code`; 0 means success.
---@field signal? string The signal, with the kind `signal`: its name, such as `SIGKILL`, or its number.

---A command that a call wants to run.
---@class agent.CommandSubject
---@field type "command" Tells this object from the others of its union.
---@field command string The text given to the shell, complete.
---@field cwd agent.Uri The folder it starts in.
---@field timeLimitMs integer After this many milliseconds it is ended.

---Why room was made.
---@alias agent.CompactReason
---| "nextStep" # The next request would have been too long.
---| "refused" # The server refused a request as too long.
---| "user" # The user wished it.
---| string

---Fact `compacted`: room was made in the model's window. The conversation itself stays as it was.
---@class agent.Compacted
---@field type "compacted" Tells this object from the others of its union.
---@field summary? string What the model is told instead of what was said before, for the user to look at. Without it only old results of calls are left out.
---@field reason agent.CompactReason Why.
---@field tokensBefore integer The tokens of all that the model was told, about.
---@field tokensAfter integer Those of all that it is told from here on, about.
---@field usage agent.Usage What the summary cost; counted in its turn, too.

---What an option is about.
---@alias agent.ConfigCategory
---| "model" # Which model answers.
---| "mode" # How much is done without asking.
---| string

---A value of an option.
---@class agent.ConfigChoice
---@field value string The value, for `agent/config/set`.
---@field name string A word or two for people.
---@field description? string What it means, in one line.

---An option of a session, with its value and all a picker needs.
---@class agent.ConfigOption
---@field id string Its id, for `agent/config/set`.
---@field name string A word or two for people.
---@field description string What it does, in a sentence or two.
---@field category agent.ConfigCategory What it is about, so that a client can place it; decides nothing.
---@field value string Its value. Empty where none was chosen.
---@field choices agent.ConfigChoice[] The values to offer, in order.
---@field acceptsOther boolean Whether a value that is not among the choices can be set.

---Result of `agent/config/get` and `agent/config/set`.
---@class agent.ConfigResult
---@field options agent.ConfigOption[] All options, as they stand.

---Params of `agent/config/set`.
---@class agent.ConfigSetParams
---@field sessionId agent.SessionId The session.
---@field option string The id of the option.
---@field value string Its value from here on.

---Fact `configured`: an option has another value.
---@class agent.Configured
---@field type "configured" Tells this object from the others of its union.
---@field option string The id of the option.
---@field value string Its value from here on.

---A piece of a prompt.
---@alias agent.ContentBlock
---| agent.TextBlock
---| agent.LinkBlock
---| agent.ResourceBlock
---| agent.MediaBlock
---| agent.EditorBlock

---A kept text or file of a session; what it holds does not change.
---@alias agent.ContentId string

---Params of `agent/content`.
---@class agent.ContentParams
---@field sessionId agent.SessionId The session.
---@field contentId agent.ContentId The content.
---@field offset? integer The first byte wanted, counted from 0.
---@field length? integer How many bytes are wanted. Absent, or more than `limits.contentBytes`: as many as that.

---Result of `agent/content`: one of `text` and `base64`.
---@class agent.ContentResult
---@field text? string The piece, where the content is UTF-8 text. It may be shorter than asked for, so that no character is cut.
---@field base64? string The piece in base64, where the content is not text.
---@field next? integer The `offset` of what follows this piece. Absent at the end.
---@field size integer Bytes of the whole content.

---A diagnostic, with what a model needs of it.
---@class agent.ContextDiagnostic
---@field uri agent.Uri In which document.
---@field range agent.Range Where.
---@field severity? integer As in LSP: 1 error, 2 warning, 3 information, 4 hint. Absent: an error.
---@field message string What it says.

---When a prompt is to reach the model, should a turn be running.
---@alias agent.Deliver
---| "next" # After the turn.
---| "now" # Before the next request of this turn to the model.
---| "interrupt" # The turn ends, then this prompt comes first; the other waiting prompts stay.
---| string

---The files that a call wants to change.
---@class agent.EditSubject
---@field type "edit" Tells this object from the others of its union.
---@field files agent.FileDiff[] The files, each once.

---What the model is told of the editor's state with a prompt. The daemon makes it.
---@class agent.EditorBlock
---@field type "editor" Tells this object from the others of its union.
---@field text string The words.

---What an editor shows when a prompt is given. The daemon tells the model of it, within a budget: what is selected or near the cursor first. Files outside of the session's folders and those that are kept from models are left out.
---@class agent.EditorContext
---@field active? agent.ActiveDocument The document that the user is in.
---@field selection? agent.SelectedText What is selected; absent where nothing is.
---@field open? agent.Uri[] The documents that are open, the ones used last first.
---@field diagnostics? agent.ContextDiagnostic[] What language servers and tools complain of.

---An object without fields of this version.
---@class agent.Empty

---What programs need to know of an error.
---@class agent.ErrorData
---@field kind agent.ErrorKind Why the request was refused.
---@field limit? integer The number that was exceeded, for `limit`.
---@field holder? string Who drives the session, for `busy`.

---Why a request was refused: the word on which clients decide.
---@alias agent.ErrorKind
---| "sessionUnknown" # There is no session of this id.
---| "questionUnknown" # The session has no question of this id.
---| "stale" # What the request is about is not so any more: the prompt does not wait, something was said since.
---| "limit" # One of `limits` is exceeded; `limit` has its number.
---| "busy" # Another process drives the session; `holder` says which, where that is known. Or a turn runs, between which alone the request can be done.
---| "valueUnknown" # The value is none that the option can have, the choice none of the question's, or the turn or restore none of the session's.
---| "contentUnknown" # The session keeps no content of this id.
---| string

---What happened. A fact of an unknown type is to be shown by its `summary`; progress of an unknown type is to be passed over.
---@alias agent.Event
---| agent.Opened
---| agent.Configured
---| agent.PromptQueued
---| agent.PromptChanged
---| agent.PromptTaken
---| agent.PromptRemoved
---| agent.TurnStarted
---| agent.Replied
---| agent.Asked
---| agent.Answered
---| agent.CallStarted
---| agent.FileTouched
---| agent.FileSettled
---| agent.Reviewed
---| agent.Restored
---| agent.RestoreEnded
---| agent.CallEnded
---| agent.Plan
---| agent.Title
---| agent.Notice
---| agent.Briefed
---| agent.Reminded
---| agent.Compacted
---| agent.TurnEnded
---| agent.MessagePiece
---| agent.ThoughtPiece
---| agent.CallInputPiece
---| agent.CallOutputPiece
---| agent.Retrying
---| agent.FileChanged

---In which way a command ended. All but `code` with 0 means that it failed.
---@alias agent.ExitKind
---| "code" # By itself, with a status.
---| "signal" # By a signal.
---| "timedOut" # It was ended because its time was over.
---| "cancelled" # It was ended because it was cancelled.
---| string

---The form of an export.
---@alias agent.ExportFormat
---| "markdown" # For people: the conversation with its calls.
---| "json" # For programs: a document of the form of `agent/session/attach`'s result, with all facts.
---| string

---What kind of failure of a model ended a turn.
---@alias agent.FailureKind
---| "network" # The server could not be reached, or the connection broke.
---| "timeout" # Nothing came for too long.
---| "truncated" # The answer broke off before its end.
---| "rateLimit" # Too many requests for now.
---| "server" # The server failed.
---| "overloaded" # The server has too much to do.
---| "quota" # The quota or the money of the account is used up.
---| "auth" # There is no key, or it is wrong.
---| "permission" # The key is right and may not do this.
---| "notFound" # There is no such model or address.
---| "contextLength" # The request does not fit the model's context.
---| "tooLarge" # The request has more bytes than the server takes.
---| "invalid" # The request was refused as wrong.
---| "parse" # The answer cannot be understood.
---| "other" # The server names a failure that is not known.
---| "unconfigured" # No model is chosen, or the chosen one does not exist.
---| string

---What becomes of a file.
---@alias agent.FileChange
---| "created" # It was not there before.
---| "modified" # It has another text.
---| "deleted" # It goes away.
---| string

---Progress `fileChanged`: a file that the agent has changed holds something else by now, which was not the agent's doing. Ask for its review anew if it is shown.
---@class agent.FileChanged
---@field type "fileChanged" Tells this object from the others of its union.
---@field uri agent.Uri The file.

---The change of one file.
---@class agent.FileDiff
---@field uri agent.Uri The file.
---@field change agent.FileChange What becomes of it.
---@field diff string The whole change as a unified diff, with LF line ends.
---@field added integer How many lines the diff adds.
---@field removed integer How many lines the diff removes.
---@field baseHash? agent.TextHash The hash of the text that the change was made from. Absent where no file stood there.

---Fact `fileSettled`: after a write the file has another text than was written.
---@class agent.FileSettled
---@field type "fileSettled" Tells this object from the others of its union.
---@field uri agent.Uri The file.
---@field hash? agent.TextHash The hash of the text that stands there. Absent: no file stands there.

---Fact `fileTouched`: a file is about to be written.
---@class agent.FileTouched
---@field type "fileTouched" Tells this object from the others of its union.
---@field uri agent.Uri The file.
---@field callId? agent.CallId The call that writes it, where it is one.
---@field change agent.FileChange What becomes of it.
---@field diff string The whole change as a unified diff, with LF line ends.
---@field added integer How many lines the diff adds.
---@field removed integer How many lines the diff removes.

---One change of a text.
---@class agent.Hunk
---@field hunkId agent.HunkId Which.
---@field old agent.LineRange The lines of the baseline; may be empty.
---@field new agent.LineRange The lines of the file; may be empty, then lines were removed before line `new.start`.
---@field oldText string The old lines, with LF line ends.
---@field newText string The new lines, with LF line ends.
---@field mixed boolean Whether the user has typed inside of it since. Undoing it takes that away too.

---A hunk of a file and no other: the same as long as its lines, old and new, and those around it are the same. Of hunks that nothing of that tells apart each has an id until the file changes.
---@alias agent.HunkId string

---The bounds that clients meet. A request over one of them gets the error `limit` with its number.
---@class agent.Limits
---@field attachEvents integer Facts in one answer to `agent/session/attach`; there is more behind them, not an error.
---@field listSessions integer Sessions in one answer to `agent/session/list`; there is more behind them, not an error.
---@field promptBytes integer Bytes of one prompt, all its content together.
---@field queuedPrompts integer Prompts of one session that can wait.
---@field contentBytes integer Bytes in one answer to `agent/content`; there is more behind them, not an error.
---@field outputBytes integer Bytes of output shown live of one call, and bytes of one text in `callEnded`; the rest is got by `agent/content`.
---@field messageBytes integer Bytes of one message to the daemon.

---Whole lines, counted from 0; the end is not part of them.
---@class agent.LineRange
---@field start integer The first line.
---@field end integer The line behind the last.

---A pointer to a file, a folder or another resource.
---@class agent.LinkBlock
---@field type "link" Tells this object from the others of its union.
---@field uri agent.Uri Where it is.
---@field name string What people call it.

---A place that a call works on, for editors that follow along.
---@class agent.Location
---@field uri agent.Uri The file or folder.
---@field line? integer The line, counted from 0, where one is known.

---An image or a PDF document that the client hands over, for models that accept such. A client gives `data` or, of what the session has kept, `contentId`; the daemon tells the latter.
---@class agent.MediaBlock
---@field type "media" Tells this object from the others of its union.
---@field name string What people call it, such as the name of a file.
---@field data? string Its bytes in base64. What it is, they say themselves.
---@field contentId? agent.ContentId Under this its bytes are got by `agent/content`.
---@field description? string What it is, in words of the daemon.

---A message of the model, unique in its session.
---@alias agent.MessageId string

---Progress `message`: words of the model.
---@class agent.MessagePiece
---@field type "message" Tells this object from the others of its union.
---@field messageId agent.MessageId The message.
---@field offset integer Where the piece begins, in bytes of UTF-8 of all words of this message. 0 begins anew.
---@field delta string The piece.

---Fact `notice`: a word to the user which is not the model's.
---@class agent.Notice
---@field type "notice" Tells this object from the others of its union.
---@field level agent.NoticeLevel How much it matters.
---@field text string The words.

---How much a notice matters.
---@alias agent.NoticeLevel
---| "info" # For your information.
---| "warning" # Something is not as one may expect.
---| "error" # Something failed.
---| string

---Fact `opened`: the session was made.
---@class agent.Opened
---@field type "opened" Tells this object from the others of its union.
---@field roots agent.Uri[] The folders it works in.
---@field cwd agent.Uri The folder that relative paths and commands start from.
---@field model string The value of the option `model`.
---@field mode string The value of the option `mode`.

---How a call looks at a path.
---@alias agent.PathAccess
---| "read" # It reads a file.
---| "list" # It lists a folder.
---| "search" # It searches names or texts below a folder.
---| string

---The files or folders that a call wants to look at.
---@class agent.PathSubject
---@field type "path" Tells this object from the others of its union.
---@field uris agent.Uri[] The files or folders.
---@field access agent.PathAccess What is done with them.
---@field pattern? string What is looked for, where they are searched.

---Fact `plan`: the plan, as a whole.
---@class agent.Plan
---@field type "plan" Tells this object from the others of its union.
---@field entries agent.PlanEntry[] Its lines, in order.

---One line of the plan.
---@class agent.PlanEntry
---@field content string What is to be done.
---@field status agent.PlanStatus How far it is.

---How far a line of the plan is.
---@alias agent.PlanStatus
---| "pending" # Not begun.
---| "inProgress" # Being done.
---| "completed" # Done.
---| string

---A place in a text, in the position encoding that LSP's `initialize` agreed on.
---@class agent.Position
---@field line integer The line, counted from 0.
---@field character integer The code unit in the line, counted from 0.

---Something that is not as it should be.
---@class agent.Problem
---@field level agent.NoticeLevel How much it matters.
---@field text string What is wrong and what to do, for people.

---A program and its version.
---@class agent.Program
---@field name string Its name.
---@field version? string Its version.

---Fact `promptChanged`: a waiting prompt has other words.
---@class agent.PromptChanged
---@field type "promptChanged" Tells this object from the others of its union.
---@field promptId agent.PromptId The prompt.
---@field content agent.ContentBlock[] What it says from here on.

---A prompt. Made by the client, unique in its session, so that sending it twice is harmless.
---@alias agent.PromptId string

---Params of `agent/prompt`.
---@class agent.PromptParams
---@field sessionId agent.SessionId The session.
---@field promptId agent.PromptId The client's id for this prompt.
---@field content agent.ContentBlock[] What is said; not empty.
---@field deliver? agent.Deliver When it is to reach the model, should a turn be running. Absent: `next`.
---@field context? agent.EditorContext What the editor shows.

---Fact `promptQueued`: a prompt waits. Closed by `turnStarted`, `promptTaken` or `promptRemoved`.
---@class agent.PromptQueued
---@field type "promptQueued" Tells this object from the others of its union.
---@field promptId agent.PromptId The prompt.
---@field content agent.ContentBlock[] What it says.
---@field deliver agent.Deliver When it is to reach the model.

---Fact `promptRemoved`: a waiting prompt will not be taken. Its words are those of its `promptQueued` or last `promptChanged`; a client can offer them again.
---@class agent.PromptRemoved
---@field type "promptRemoved" Tells this object from the others of its union.
---@field promptId agent.PromptId The prompt.
---@field reason agent.RemovalReason Why.

---Result of `agent/prompt`: it was accepted. The turn's end is an event.
---@class agent.PromptResult
---@field state agent.PromptState What became of it.
---@field position? integer How many prompts are taken before it, where it is `queued`.

---What became of a prompt that was given.
---@alias agent.PromptState
---| "started" # Its turn begins.
---| "queued" # It waits for its turn.
---| "steering" # It waits for the next request of the running turn.
---| "known" # A prompt of this id was accepted before; nothing was done.
---| string

---Fact `promptTaken`: a waiting prompt that steers goes to the model in the running turn.
---@class agent.PromptTaken
---@field type "promptTaken" Tells this object from the others of its union.
---@field promptId agent.PromptId The prompt.

---What the user is asked. It stands until the event `answered`; it has no time limit while a client that can answer is attached.
---@class agent.Question
---@field questionId agent.QuestionId Its id.
---@field callId? agent.CallId The call that asks, where it is one.
---@field title string One line: what will happen on yes.
---@field reason string Why it is asked at all.
---@field subject agent.Subject What it is about. What is shown here is what is done on yes, and nothing else.
---@field choices agent.Choice[] The possible answers.
---@field default agent.ChoiceId The choice that does no harm: what a client preselects.

---A question, unique in its session.
---@alias agent.QuestionId string

---Params of `agent/queue/edit`.
---@class agent.QueueEditParams
---@field sessionId agent.SessionId The session.
---@field promptId agent.PromptId A prompt that waits.
---@field content agent.ContentBlock[] What it says from here on; not empty.

---Params of `agent/queue/remove`.
---@class agent.QueueRemoveParams
---@field sessionId agent.SessionId The session.
---@field promptId agent.PromptId A prompt that waits.

---A range of a text; the end is not part of it.
---@class agent.Range
---@field start agent.Position Where it begins.
---@field end agent.Position The place behind its last character.

---Fact `reminded`: a note to the model that the user did not write.
---@class agent.Reminded
---@field type "reminded" Tells this object from the others of its union.
---@field text string The text, whole.

---Why a waiting prompt was removed.
---@alias agent.RemovalReason
---| "withdrawn" # The user took it back.
---| "cancelled" # The user cancelled; nothing starts by itself after that.
---| "interrupted" # The program ended before it could be taken.
---| string

---Fact `replied`: a message of the model, whole.
---@class agent.Replied
---@field type "replied" Tells this object from the others of its union.
---@field messageId agent.MessageId The message.
---@field blocks agent.ReplyBlock[] Its parts, in order. What only the provider understands is left out.
---@field usage agent.Usage What it cost.

---A part of the model's message.
---@alias agent.ReplyBlock
---| agent.ReplyText
---| agent.ReplyThought
---| agent.ReplyCall

---A call of a tool, asked for by the model.
---@class agent.ReplyCall
---@field type "call" Tells this object from the others of its union.
---@field callId agent.CallId The call.
---@field tool string The tool's name, as the model wrote it.
---@field input any The arguments; a text where what the model wrote is not JSON.

---Words for the user.
---@class agent.ReplyText
---@field type "text" Tells this object from the others of its union.
---@field text string The words, as Markdown.

---Thoughts of the model.
---@class agent.ReplyThought
---@field type "thought" Tells this object from the others of its union.
---@field text string The words; empty where the provider does not show them.

---A text with its place, such as a selection or a file.
---@class agent.ResourceBlock
---@field type "resource" Tells this object from the others of its union.
---@field uri agent.Uri Where it is from.
---@field text string The text.

---The `error` of an answer.
---@class agent.ResponseError
---@field code integer The number.
---@field message string What failed, why, and what to do, for people.
---@field data? agent.ErrorData What programs need. Absent for JSON-RPC's and LSP's own errors.

---Fact `restoreEnded`: a way back is over.
---@class agent.RestoreEnded
---@field type "restoreEnded" Tells this object from the others of its union.
---@field restoreId agent.RestoreId Which.
---@field whole boolean Whether it came to its end: the program may have ended meanwhile, and some files not have gone back.

---A way back that was taken, unique in its session.
---@alias agent.RestoreId string

---A file, or parts of it, that did not go back.
---@class agent.RestoreLeft
---@field uri agent.Uri The file.
---@field reason string Why, in words.

---What a way back would do with one file.
---@class agent.RestorePreview
---@field uri agent.Uri The file.
---@field change agent.FileChange What would become of it.
---@field diff string The change as a unified diff with LF line ends; empty where it is no text, or stays.
---@field added integer How many lines the diff adds.
---@field removed integer How many lines the diff removes.
---@field left? string What of it would stay as it is, and why, in words. Absent: nothing.

---Fact `restored`: the user went back to before a turn, took one edit back, or took that back. Without any of the three ids beside its own they undid changes in a review.
---@class agent.Restored
---@field type "restored" Tells this object from the others of its union.
---@field restoreId agent.RestoreId Names it.
---@field turnId? agent.TurnId To before this turn.
---@field undone? agent.RestoreId The restore that was taken back.
---@field callId? agent.CallId The call whose changes were taken back.
---@field files boolean Whether the files went back.
---@field conversation boolean Whether what was said went back: a client shows the turns from `turnId` on as taken back.

---Progress `retrying`: the model is asked again. What was shown of this message is void.
---@class agent.Retrying
---@field type "retrying" Tells this object from the others of its union.
---@field messageId agent.MessageId The message.
---@field attempt integer The number of the attempt that follows; the first attempt of a message was 1.
---@field waitMs integer Milliseconds until then.
---@field reason string What failed, for people.

---Params of `agent/review/decide`.
---@class agent.ReviewDecideParams
---@field sessionId agent.SessionId The session.
---@field items agent.ReviewItem[] What is decided, one after another.

---Result of `agent/review/decide`.
---@class agent.ReviewDecideResult
---@field items agent.ReviewOutcome[] One entry for each item of the params, in the same order.
---@field restoreId? agent.RestoreId Names what was undone, all of it together: `agent/checkpoint/restore` takes it back. Absent: nothing was undone.

---What becomes of changes.
---@alias agent.ReviewDecision
---| "keep" # They stay, and need not be looked at any more.
---| "undo" # They go; the text before comes back.
---| string

---Params of `agent/review/file`.
---@class agent.ReviewFileParams
---@field sessionId agent.SessionId The session.
---@field uri agent.Uri The file.

---Result of `agent/review/file`.
---@class agent.ReviewFileResult
---@field file? agent.ReviewedFile The file. Absent: nothing of it is to be looked at.
---@field baseline? string Its text without the changes, with LF line ends. Absent: no text, or no file.
---@field hunks agent.Hunk[] The changes, in order.

---One verdict on changes of a file: on a hunk, on those of one turn, or on all.
---@class agent.ReviewItem
---@field uri agent.Uri The file.
---@field version? agent.TextHash The hash of the text that the user has seen. Absent: whatever stands there.
---@field hunkId? agent.HunkId This hunk alone.
---@field turnId? agent.TurnId What this turn has changed alone. Not together with `hunkId`.
---@field decision agent.ReviewDecision What becomes of the changes.

---Result of `agent/review/list`.
---@class agent.ReviewListResult
---@field files agent.ReviewedFile[] The files with something to look at, in the order in which they were first changed.

---What became of one verdict.
---@class agent.ReviewOutcome
---@field state agent.ReviewState How it went.
---@field error? string Why it failed, in words.

---How a verdict went.
---@alias agent.ReviewState
---| "done" # It is done.
---| "stale" # The file or the hunk is not the one that was seen: look again.
---| "failed" # It could not be done.
---| string

---Fact `reviewed`: changes of a file were kept, and are not to be looked at any more.
---@class agent.Reviewed
---@field type "reviewed" Tells this object from the others of its union.
---@field uri agent.Uri The file.

---A file with changes that nobody has looked at yet.
---@class agent.ReviewedFile
---@field uri agent.Uri The file.
---@field change agent.FileChange What has become of it.
---@field version? agent.TextHash The hash of the text that stands there. Absent: no text, or no file.
---@field hunks integer How many hunks there are; 0 where it is no text on either side.
---@field added integer How many lines were added.
---@field removed integer How many lines were removed.
---@field restorable boolean Whether it can be brought back: not where a command changed it and nobody has kept what stood there before.
---@field mixed boolean Whether the user has changed something inside of what the agent made: of a hunk, or of a whole file that it created. Undoing all takes that away too.
---@field oldMode? string The permission bits before the changes, in octal, where they were changed.
---@field calls agent.CallId[] The calls that made the changes.
---@field turns agent.TurnId[] The turns in which they were made.

---What became of saving one file.
---@class agent.SaveOutcome
---@field uri agent.Uri The file.
---@field saved boolean Whether the disk has the buffer's text now.
---@field error? string Why not, in words.

---A secret. Its `Debug` does not show it.
---@alias agent.Secret string

---What is selected.
---@class agent.SelectedText
---@field uri agent.Uri In which document.
---@field range agent.Range Where.
---@field text string The text, as it is in the editor.

---What the daemon says of itself, as `capabilities.experimental.agent` in the answer to `initialize`.
---@class agent.ServerAgent
---@field version integer The version of the protocol that is spoken: the client's where the daemon has it, else the daemon's newest. A client that does not speak this one sends no `agent/*` message.
---@field minor integer The minor version; what it adds is named in `features`.
---@field features string[] The names of what works here, as the table of methods has them.
---@field limits agent.Limits The bounds that clients meet.

---A session, as lists show it.
---@class agent.Session
---@field sessionId agent.SessionId Its id.
---@field title? string Its title. Absent until the first prompt or a client gave it one.
---@field cwd agent.Uri The folder that relative paths and commands start from.
---@field roots agent.Uri[] The folders it works in.
---@field state agent.SessionState What it is doing.
---@field createdAt agent.Timestamp When it was made.
---@field changedAt agent.Timestamp When its last fact happened.
---@field lastSeq integer The number of its last fact.

---Params of `agent/session/attach`.
---@class agent.SessionAttachParams
---@field sessionId agent.SessionId The session.
---@field after? integer The number of the last fact that the client has; 0 for none.

---Result of `agent/session/attach`.
---@class agent.SessionAttachResult
---@field session agent.Session The session as it stands.
---@field events agent.SessionEvent[] The facts behind `after`, in order, without holes.
---@field more boolean There are more facts: call again with the number of the last one. Otherwise the connection is attached, and what happens from here on comes as `agent/event`.

---Params of `agent/event`: one thing that happened.
---@class agent.SessionEvent
---@field sessionId agent.SessionId The session.
---@field seq? integer The number of a fact in its session: 1, 2, 3 … without holes. Absent for progress.
---@field at? agent.Timestamp When the fact happened. Absent for progress.
---@field turnId? agent.TurnId The turn that it belongs to, where it belongs to one.
---@field summary? string The fact in one line of plain text, for logs, screen readers and clients that do not know its type. Absent for progress.
---@field event agent.Event What happened.

---Params of `agent/session/export`.
---@class agent.SessionExportParams
---@field sessionId agent.SessionId The session.
---@field format agent.ExportFormat The form.

---Result of `agent/session/export`.
---@class agent.SessionExportResult
---@field text string The document.

---A session. Unique over all processes; does not change.
---@alias agent.SessionId string

---Params of `agent/session/list`.
---@class agent.SessionListParams
---@field cwd? agent.Uri Only sessions that start from this folder.
---@field query? string Only sessions whose title holds this text, in upper or lower case.
---@field cursor? string Go on where the answer with this `nextCursor` ended.
---@field limit? integer At most so many. Absent, or more than `limits.listSessions`: as many as that.

---Result of `agent/session/list`.
---@class agent.SessionListResult
---@field sessions agent.Session[] The sessions, the one that changed last first.
---@field nextCursor? string There are more; ask with this as `cursor`.

---Params of `agent/session/new`.
---@class agent.SessionNewParams
---@field cwd agent.Uri The folder that relative paths and commands start from.
---@field roots? agent.Uri[] The folders it works in. Absent or empty: `cwd` alone.
---@field title? string Its title. Absent: made from the first prompt.
---@field config? table<string, string> Values of options, by their id, as for `agent/config/set`. An option that is not named has its default.

---Result of `agent/session/new`.
---@class agent.SessionNewResult
---@field session agent.Session The session that was made.

---Params of requests that name a session and nothing else.
---@class agent.SessionParams
---@field sessionId agent.SessionId The session.

---Params of `agent/session/rename`.
---@class agent.SessionRenameParams
---@field sessionId agent.SessionId The session.
---@field title string Its title from here on.

---What a session is doing.
---@alias agent.SessionState
---| "idle" # Nothing; a prompt starts at once.
---| "running" # A turn is running.
---| "waiting" # A turn is running and waits for an answer of the user.
---| "elsewhere" # Another process drives it. It can be read; what would change it gets the error `busy`.
---| string

---Result of `agent/status`.
---@class agent.StatusResult
---@field server agent.Program The daemon.
---@field version integer The version of the protocol that is spoken.
---@field minor integer Its minor version.
---@field processId integer The daemon's process.
---@field startedAt agent.Timestamp When it started.
---@field stateFolder agent.Uri The folder that holds sessions and logs.
---@field logFile agent.Uri The file that this process logs to.
---@field model? string The model of a session that names none. Absent: a prompt cannot be answered before one is chosen.
---@field sessions integer Sessions that this process holds.
---@field running integer Sessions with a running turn, those that wait for an answer included.
---@field questions integer Questions that wait for an answer.
---@field problems agent.Problem[] What is not as it should be, such as a configuration file that cannot be read.

---What a question is about.
---@alias agent.Subject
---| agent.CommandSubject
---| agent.EditSubject
---| agent.PathSubject
---| agent.TextSubject

---Words.
---@class agent.TextBlock
---@field type "text" Tells this object from the others of its union.
---@field text string The words.

---One replacement in a text.
---@class agent.TextEdit
---@field range agent.Range What is replaced, in the text before any edit of the same list.
---@field newText string What stands there afterwards, with LF line ends.

---The SHA-256 sum of a text as UTF-8 with LF line ends and without byte-order mark, in 64 lower-case hexadecimal digits. So the disk and an editor's buffer of the same text agree.
---@alias agent.TextHash string

---Something that only words can say.
---@class agent.TextSubject
---@field type "text" Tells this object from the others of its union.
---@field text string The words.

---Progress `thought`: thoughts of the model.
---@class agent.ThoughtPiece
---@field type "thought" Tells this object from the others of its union.
---@field messageId agent.MessageId The message.
---@field offset integer Where the piece begins, in bytes of UTF-8 of all thoughts of this message. 0 begins anew.
---@field delta string The piece.

---A time as RFC 3339 writes it, in UTC.
---@alias agent.Timestamp string

---Fact `title`: the session has this title.
---@class agent.Title
---@field type "title" Tells this object from the others of its union.
---@field title string The title.

---Why a turn ended.
---@alias agent.TurnEndReason
---| "finished" # The model had nothing more to do.
---| "cancelled" # The user cancelled it.
---| "stepLimit" # It made as many requests to the model as one turn may.
---| "contextFull" # The model's answer was cut at its longest, or its context is full.
---| "refused" # The model's provider refused to answer.
---| "failed" # The model could not be reached or failed.
---| "interrupted" # The program ended first.
---| string

---Fact `turnEnded`: a turn is over.
---@class agent.TurnEnded
---@field type "turnEnded" Tells this object from the others of its union.
---@field reason agent.TurnEndReason Why.
---@field error? string What failed and what to do, for people, where `reason` is `failed`.
---@field errorKind? agent.FailureKind What kind of failure it was, for programs. Absent: it is not known, or nothing failed.
---@field usage agent.Usage What the turn cost, all its messages together.

---A turn, unique in its session.
---@alias agent.TurnId string

---Fact `turnStarted`: a turn began.
---@class agent.TurnStarted
---@field type "turnStarted" Tells this object from the others of its union.
---@field promptId agent.PromptId The prompt that it answers.
---@field content agent.ContentBlock[] What the prompt says.

---The address of a file or other resource, percent-encoded, as in LSP.
---@alias agent.Uri string

---Tokens, as the provider counts them.
---@class agent.Usage
---@field inputTokens integer Input tokens that were not in the provider's cache.
---@field cacheReadTokens integer Input tokens read from the provider's cache.
---@field outputTokens integer Output tokens, thoughts included.

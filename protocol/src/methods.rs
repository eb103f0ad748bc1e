//! The one table of methods, from which dispatch, meta-model and documentation are made.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::auth::{AuthClearParams, AuthResult, AuthSetParams};
use crate::config::{ConfigResult, ConfigSetParams};
use crate::content::{ContentParams, ContentResult};
use crate::document::{BuffersApplyParams, BuffersApplyResult, BuffersSaveParams, BuffersSaveResult};
use crate::error::{INVALID_PARAMS, METHOD_NOT_FOUND, ResponseError};
use crate::event::SessionEvent;
use crate::lifecycle::{Empty, StatusResult};
use crate::permission::{AnswerParams, AnswerResult};
use crate::prompt::{CancelParams, PromptParams, PromptResult, QueueEditParams, QueueRemoveParams};
use crate::review::{
    CheckpointListResult, CheckpointPreviewParams, CheckpointPreviewResult, CheckpointRestoreParams,
    CheckpointRestoreResult, ReviewDecideParams, ReviewDecideResult, ReviewFileParams, ReviewFileResult,
    ReviewListResult,
};
use crate::session::{
    SessionAttachParams, SessionAttachResult, SessionExportParams, SessionExportResult, SessionListParams,
    SessionListResult, SessionNewParams, SessionNewResult, SessionParams, SessionRenameParams,
};

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The client, to the daemon.
    ClientToServer,
    /// The daemon, to the client.
    ServerToClient,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its name as a type, here and in the meta-model.
    pub type_name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Who sends it.
    pub direction: Direction,
    /// The type of its params.
    pub params: &'static str,
    /// The type of its result; none for a notification.
    pub result: Option<&'static str>,
    /// The version of the protocol that brought it.
    pub since: &'static str,
    /// The feature that announces it.
    pub feature: &'static str,
}

/// A request: a message that is answered.
pub trait Request {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What is sent.
    type Params: Serialize + DeserializeOwned;
    /// What is answered.
    type Result: Serialize + DeserializeOwned;
}

/// A notification: a message without an answer.
pub trait Notification {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What is sent.
    type Params: Serialize + DeserializeOwned;
}

macro_rules! methods {
    (
        client requests { $(
            $(#[doc = $doc:literal])+
            $name:ident = $wire:literal ($params:ident) -> $result:ident, $feature:literal, $since:literal;
        )+ }
        server requests { $(
            $(#[doc = $server_doc:literal])+
            $server_name:ident = $server_wire:literal ($server_params:ident) -> $server_result:ident,
            $server_feature:literal, $server_since:literal;
        )+ }
        server notifications { $(
            $(#[doc = $note_doc:literal])+
            $note_name:ident = $note_wire:literal ($note_params:ident),
            $note_feature:literal, $note_since:literal;
        )+ }
    ) => {
        $(methods!(@request $(#[doc = $doc])+ $name = $wire ($params) -> $result);)+
        $(methods!(@request $(#[doc = $server_doc])+ $server_name = $server_wire ($server_params) -> $server_result);)+
        $(
            $(#[doc = $note_doc])+
            #[derive(Debug, Clone, Copy)]
            pub struct $note_name;

            impl $note_name {
                /// Its name on the wire.
                pub const NAME: &'static str = $note_wire;
            }

            impl Notification for $note_name {
                const NAME: &'static str = $note_wire;
                type Params = $note_params;
            }
        )+

        /// All methods: what clients request, what the daemon requests, what the daemon tells.
        pub const METHODS: &[Method] = &[
            $(Method {
                name: $wire,
                type_name: stringify!($name),
                doc: concat!($($doc, "\n"),+),
                direction: Direction::ClientToServer,
                params: stringify!($params),
                result: Some(stringify!($result)),
                since: $since,
                feature: $feature,
            },)+
            $(Method {
                name: $server_wire,
                type_name: stringify!($server_name),
                doc: concat!($($server_doc, "\n"),+),
                direction: Direction::ServerToClient,
                params: stringify!($server_params),
                result: Some(stringify!($server_result)),
                since: $server_since,
                feature: $server_feature,
            },)+
            $(Method {
                name: $note_wire,
                type_name: stringify!($note_name),
                doc: concat!($($note_doc, "\n"),+),
                direction: Direction::ServerToClient,
                params: stringify!($note_params),
                result: None,
                since: $note_since,
                feature: $note_feature,
            },)+
        ];

        /// A request of a client, with its params: what a daemon matches on, so that none is
        /// forgotten.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum ClientRequest {
            $($(#[doc = $doc])+ $name($params),)+
        }

        impl ClientRequest {
            /// Reads a request. Absent params (`null`) and `[]` count as `{}`.
            ///
            /// Fails with `METHOD_NOT_FOUND`, or with `INVALID_PARAMS` and what is wrong with them.
            pub fn parse(method: &str, params: Value) -> Result<Self, ResponseError> {
                match method {
                    $($wire => read(method, params).map(Self::$name),)+
                    _ => Err(ResponseError::plain(METHOD_NOT_FOUND, format!("there is no method `{method}`"))),
                }
            }

            /// The method's name on the wire.
            pub fn method(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $wire,)+
                }
            }
        }

        /// Names the types of all methods to the generator.
        #[cfg(feature = "schema")]
        pub(crate) fn name_types(generator: &mut schemars::SchemaGenerator) {
            $(generator.subschema_for::<$params>(); generator.subschema_for::<$result>();)+
            $(generator.subschema_for::<$server_params>(); generator.subschema_for::<$server_result>();)+
            $(generator.subschema_for::<$note_params>();)+
        }
    };
    (@request $(#[doc = $doc:literal])+ $name:ident = $wire:literal ($params:ident) -> $result:ident) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $name {
            /// Its name on the wire.
            pub const NAME: &'static str = $wire;
        }

        impl Request for $name {
            const NAME: &'static str = $wire;
            type Params = $params;
            type Result = $result;
        }
    };
}

methods! {
    client requests {
        /// Makes a session. Does not attach to it.
        SessionNew = "agent/session/new" (SessionNewParams) -> SessionNewResult, "sessions", "1.0";
        /// Lists sessions, the one that changed last first.
        SessionList = "agent/session/list" (SessionListParams) -> SessionListResult, "sessions", "1.0";
        /// Brings the facts behind a number, and from then on all events: the one way to open,
        /// resume and reconnect.
        SessionAttach = "agent/session/attach" (SessionAttachParams) -> SessionAttachResult, "sessions", "1.0";
        /// Ends the events of a session to this connection; the session goes on.
        SessionDetach = "agent/session/detach" (SessionParams) -> Empty, "sessions", "1.0";
        /// Gives a session another title.
        SessionRename = "agent/session/rename" (SessionRenameParams) -> Empty, "sessions", "1.0";
        /// Deletes a session with all it has kept; asks nothing.
        SessionDelete = "agent/session/delete" (SessionParams) -> Empty, "sessions", "1.0";
        /// Writes a session as a document.
        SessionExport = "agent/session/export" (SessionExportParams) -> SessionExportResult, "sessions", "1.0";
        /// Gives a prompt. Answered at once; the turn and its end are events.
        Prompt = "agent/prompt" (PromptParams) -> PromptResult, "prompts", "1.0";
        /// Changes the words of a waiting prompt.
        QueueEdit = "agent/queue/edit" (QueueEditParams) -> Empty, "prompts", "1.0";
        /// Takes a waiting prompt back.
        QueueRemove = "agent/queue/remove" (QueueRemoveParams) -> Empty, "prompts", "1.0";
        /// Ends the running turn and hands the waiting prompts back. Harmless where none runs.
        Cancel = "agent/cancel" (CancelParams) -> Empty, "prompts", "1.0";
        /// Answers a question. The first answer wins.
        Answer = "agent/answer" (AnswerParams) -> AnswerResult, "questions", "1.0";
        /// The options of a session, with their values.
        ConfigGet = "agent/config/get" (SessionParams) -> ConfigResult, "config", "1.0";
        /// Gives an option another value.
        ConfigSet = "agent/config/set" (ConfigSetParams) -> ConfigResult, "config", "1.0";
        /// A piece of a kept text or file, by range.
        Content = "agent/content" (ContentParams) -> ContentResult, "content", "1.0";
        /// The files that the agent has changed and nobody has looked at yet.
        ReviewList = "agent/review/list" (SessionParams) -> ReviewListResult, "review", "1.1";
        /// The changes of one file, as hunks, with the text before.
        ReviewFile = "agent/review/file" (ReviewFileParams) -> ReviewFileResult, "review", "1.1";
        /// Keeps changes or takes them back, also while a turn runs.
        ReviewDecide = "agent/review/decide" (ReviewDecideParams) -> ReviewDecideResult, "review", "1.1";
        /// The points that one can go back to: before each turn.
        CheckpointList = "agent/checkpoint/list" (SessionParams) -> CheckpointListResult, "checkpoints", "1.1";
        /// What going back would do with the files.
        CheckpointPreview = "agent/checkpoint/preview" (CheckpointPreviewParams) -> CheckpointPreviewResult, "checkpoints", "1.1";
        /// Goes back, or takes that back. Not while a turn runs.
        CheckpointRestore = "agent/checkpoint/restore" (CheckpointRestoreParams) -> CheckpointRestoreResult, "checkpoints", "1.1";
        /// The providers that want a key, and where each key comes from; no key is told.
        AuthStatus = "agent/auth/status" (Empty) -> AuthResult, "auth", "1.1";
        /// Hands over the key of a provider. The provider is not asked whether it takes it.
        AuthSet = "agent/auth/set" (AuthSetParams) -> AuthResult, "auth", "1.1";
        /// Forgets the key of a provider that was handed over or stored.
        AuthClear = "agent/auth/clear" (AuthClearParams) -> AuthResult, "auth", "1.1";
        /// How the daemon is, for a health page.
        Status = "agent/status" (Empty) -> StatusResult, "status", "1.0";
    }
    server requests {
        /// Asks a client to edit its open buffers, all or none, one undo step each.
        BuffersApply = "agent/buffers/apply" (BuffersApplyParams) -> BuffersApplyResult, "buffers", "1.0";
        /// Asks a client to save open files, before a command runs that is to see them.
        BuffersSave = "agent/buffers/save" (BuffersSaveParams) -> BuffersSaveResult, "buffers", "1.1";
    }
    server notifications {
        /// Something happened in a session that this connection is attached to.
        AgentEvent = "agent/event" (SessionEvent), "sessions", "1.0";
        /// The list of sessions has changed: one was made, deleted, renamed, or its state is another.
        SessionsChanged = "agent/sessions/changed" (Empty), "sessions", "1.0";
    }
}

fn read<T: DeserializeOwned>(method: &str, params: Value) -> Result<T, ResponseError> {
    let params = match params {
        Value::Null => Value::Object(serde_json::Map::new()),
        Value::Array(list) if list.is_empty() => Value::Object(serde_json::Map::new()),
        Value::Array(_) => {
            let message = format!("params of `{method}` are by name, not by position");
            return Err(ResponseError::plain(INVALID_PARAMS, message));
        }
        params => params,
    };
    serde_json::from_value(params)
        .map_err(|error| ResponseError::plain(INVALID_PARAMS, format!("params of `{method}`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(method: &str, params: Value, expected: Result<&str, (i32, &str)>) {
        let found = ClientRequest::parse(method, params);
        let found = found.as_ref().map(ClientRequest::method).map_err(|e| (e.code, e.message.as_str()));
        assert_eq!(found, expected);
    }

    #[test]
    fn requests_are_read_by_name() {
        check("agent/cancel", json!({"sessionId": "s"}), Ok("agent/cancel"));
        check("agent/cancle", json!({}), Err((METHOD_NOT_FOUND, "there is no method `agent/cancle`")));
        // What only the daemon sends is no request of a client.
        check("agent/event", json!({}), Err((METHOD_NOT_FOUND, "there is no method `agent/event`")));
    }

    #[test]
    fn absent_params_are_empty_ones() {
        for params in [json!(null), json!([]), json!({}), json!({"later": 1})] {
            check("agent/status", params, Ok("agent/status"));
        }
    }

    #[test]
    fn wrong_params_are_explained() {
        let message = "params of `agent/cancel`: missing field `sessionId`";
        check("agent/cancel", json!(null), Err((INVALID_PARAMS, message)));
        let message = "params of `agent/cancel` are by name, not by position";
        check("agent/cancel", json!(["s"]), Err((INVALID_PARAMS, message)));
        let params =
            json!({"sessionId": "s", "promptId": "p", "content": [{"type": "link", "uri": "file:///a"}]});
        let message = "params of `agent/prompt`: link: missing field `name`";
        check("agent/prompt", params, Err((INVALID_PARAMS, message)));
    }

    #[test]
    fn a_name_stands_once() {
        let mut names: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| name.starts_with("agent/")));
    }
}

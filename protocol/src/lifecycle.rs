//! Agreeing on the protocol in `initialize`, and the daemon's state of health.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::Uri;
use crate::event::NoticeLevel;
use crate::methods::METHODS;

/// The version of the protocol: raised only when a client of the version before would misbehave.
pub const VERSION: u32 = 1;

/// The minor version: raised by every addition.
pub const MINOR: u32 = 1;

text! {
    /// A time as RFC 3339 writes it, in UTC.
    pub struct Timestamp;
}

/// An object without fields of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Empty {}

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What a client says of itself, as `agent` in `capabilities.experimental` or in
/// `initializationOptions` of LSP's `initialize`. A client that says nothing is a plain LSP client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClientAgent {
    /// The newest version of the protocol that the client speaks.
    pub version: u32,
    /// The extension or plugin, which may be another program than LSP's `clientInfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Program>,
    /// What the daemon may ask for about open buffers.
    #[serde(default)]
    pub buffers: BufferSupport,
}

/// What a client can do with its open buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BufferSupport {
    /// It answers `agent/buffers/apply`. Without it edits come by `workspace/applyEdit`.
    #[serde(default)]
    pub apply: bool,
    /// It answers `agent/buffers/save`. Without it files with unsaved changes stay unsaved.
    #[serde(default)]
    pub save: bool,
}

/// What the daemon says of itself, as `capabilities.experimental.agent` in the answer to
/// `initialize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerAgent {
    /// The version of the protocol that is spoken: the client's where the daemon has it, else the
    /// daemon's newest. A client that does not speak this one sends no `agent/*` message.
    pub version: u32,
    /// The minor version; what it adds is named in `features`.
    pub minor: u32,
    /// The names of what works here, as the table of methods has them.
    pub features: Vec<String>,
    /// The bounds that clients meet.
    pub limits: Limits,
}

/// The bounds that clients meet. A request over one of them gets the error `limit` with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Facts in one answer to `agent/session/attach`; there is more behind them, not an error.
    pub attach_events: u64,
    /// Sessions in one answer to `agent/session/list`; there is more behind them, not an error.
    pub list_sessions: u64,
    /// Bytes of one prompt, all its content together.
    pub prompt_bytes: u64,
    /// Prompts of one session that can wait.
    pub queued_prompts: u64,
    /// Bytes in one answer to `agent/content`; there is more behind them, not an error.
    pub content_bytes: u64,
    /// Bytes of output shown live of one call, and bytes of one text in `callEnded`; the rest is
    /// got by `agent/content`.
    pub output_bytes: u64,
    /// Bytes of one message to the daemon.
    pub message_bytes: u64,
}

/// Result of `agent/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusResult {
    /// The daemon.
    pub server: Program,
    /// The version of the protocol that is spoken.
    pub version: u32,
    /// Its minor version.
    pub minor: u32,
    /// The daemon's process.
    pub process_id: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// The folder that holds sessions and logs.
    pub state_folder: Uri,
    /// The file that this process logs to.
    pub log_file: Uri,
    /// The model of a session that names none. Absent: a prompt cannot be answered before one is
    /// chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Sessions that this process holds.
    pub sessions: u64,
    /// Sessions with a running turn, those that wait for an answer included.
    pub running: u64,
    /// Questions that wait for an answer.
    pub questions: u64,
    /// What is not as it should be, such as a configuration file that cannot be read.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// How much it matters.
    pub level: NoticeLevel,
    /// What is wrong and what to do, for people.
    pub text: String,
}

impl ClientAgent {
    /// What the client says of itself in the params of `initialize`; none for a plain LSP client.
    ///
    /// An `agent` in `capabilities.experimental` goes before one in `initializationOptions`. The
    /// error is for people: the client meant to speak the protocol and said it wrongly.
    pub fn in_initialize(params: &Value) -> Option<Result<Self, serde_json::Error>> {
        let found = ["/capabilities/experimental/agent", "/initializationOptions/agent"]
            .into_iter()
            .filter_map(|place| params.pointer(place))
            .find(|agent| !agent.is_null())?;
        Some(Self::deserialize(found))
    }
}

/// The features of the table of methods, each once, in its order.
pub fn features() -> Vec<&'static str> {
    let mut features = Vec::new();
    for method in METHODS {
        if !features.contains(&method.feature) {
            features.push(method.feature);
        }
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(params: Value, expected: Option<Result<u32, &str>>) {
        let found = ClientAgent::in_initialize(&params)
            .map(|found| found.map(|agent| agent.version).map_err(|error| error.to_string()));
        assert_eq!(found, expected.map(|found| found.map_err(str::to_owned)));
    }

    #[test]
    fn a_client_is_found_in_either_place() {
        check(json!({"capabilities": {}}), None);
        check(json!({"capabilities": {"experimental": {"agent": {"version": 1}}}}), Some(Ok(1)));
        check(json!({"initializationOptions": {"agent": {"version": 2}}}), Some(Ok(2)));
        check(
            json!({
                "capabilities": {"experimental": {"agent": {"version": 1}}},
                "initializationOptions": {"agent": {"version": 2}},
            }),
            Some(Ok(1)),
        );
        check(
            json!({
                "capabilities": {"experimental": {"agent": null}},
                "initializationOptions": {"agent": {"version": 2}},
            }),
            Some(Ok(2)),
        );
    }

    #[test]
    fn a_client_that_says_it_wrongly_is_told() {
        let params = json!({"capabilities": {"experimental": {"agent": {}}}});
        check(params, Some(Err("missing field `version`")));
    }

    #[test]
    fn each_feature_is_named_once() {
        let features = features();
        assert!(features.contains(&"sessions"));
        assert_eq!(features.iter().filter(|feature| **feature == "sessions").count(), 1);
    }
}

//! The options of a session, which describe themselves.

use serde::{Deserialize, Serialize};

use crate::session::SessionId;

/// An option of a session, with its value and all a picker needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigOption {
    /// Its id, for `agent/config/set`.
    pub id: String,
    /// A word or two for people.
    pub name: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// What it is about, so that a client can place it; decides nothing.
    pub category: ConfigCategory,
    /// Its value. Empty where none was chosen.
    pub value: String,
    /// The values to offer, in order.
    pub choices: Vec<ConfigChoice>,
    /// Whether a value that is not among the choices can be set.
    pub accepts_other: bool,
}

enumeration! {
    /// What an option is about.
    pub enum ConfigCategory {
        /// Which model answers.
        Model = "model",
        /// How much is done without asking.
        Mode = "mode",
    }
}

/// A value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigChoice {
    /// The value, for `agent/config/set`.
    pub value: String,
    /// A word or two for people.
    pub name: String,
    /// What it means, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Params of `agent/config/set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigSetParams {
    /// The session.
    pub session_id: SessionId,
    /// The id of the option.
    pub option: String,
    /// Its value from here on.
    pub value: String,
}

/// Result of `agent/config/get` and `agent/config/set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigResult {
    /// All options, as they stand.
    pub options: Vec<ConfigOption>,
}

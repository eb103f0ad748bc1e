//! The keys of model providers: they go in, and never come out.

use serde::{Deserialize, Serialize};

/// A secret. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

enumeration! {
    /// Where the key of a provider comes from. The first of them counts, in this order.
    pub enum AuthSource {
        /// The variable that the settings name for it.
        Settings = "settings",
        /// A client has handed it over; it is forgotten when the daemon ends.
        Handed = "handed",
        /// It is stored in a file that only the user can read.
        Stored = "stored",
        /// The provider's usual variable of the environment.
        Variable = "variable",
        /// There is none.
        None = "none",
    }
}

/// A provider that wants a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthProvider {
    /// Its name, which stands in front of its models'.
    pub provider: String,
    /// Where its key comes from.
    pub source: AuthSource,
    /// The variable, where it is one that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Where its documentation is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
}

/// Result of the `agent/auth/*` methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthResult {
    /// The providers, as they stand.
    pub providers: Vec<AuthProvider>,
}

/// Params of `agent/auth/set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthSetParams {
    /// The provider.
    pub provider: String,
    /// Its key.
    pub key: Secret,
    /// Whether it is stored, for the next daemon too. Without it the key is forgotten when this one ends, for
    /// clients that keep secrets themselves.
    #[serde(default)]
    pub store: bool,
}

/// Params of `agent/auth/clear`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthClearParams {
    /// The provider whose key is forgotten: what was handed over, and what is stored.
    pub provider: String,
}

//! What was agreed at `initialize`: which version, what each side can do.

use agent_client_protocol_schema::{ProtocolVersion, v1 as acp};
use serde_json::Value;

use super::error::invalid_params;
use crate::rpc::Error;

/// The one way to "log in": there is nothing to log in to.
const CONFIGURED: &str = "configured-model";

/// What this client can do, as far as it is used. A session keeps what held when it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// It reads and writes files for us, with what its buffers hold; both or neither.
    pub files: bool,
    /// It shows notices as such.
    pub notices: bool,
    /// It draws terminals of which it is told the output.
    pub terminal_output: bool,
}

impl Terms {
    /// What a client's `initialize` offers.
    pub fn of(request: &acp::InitializeRequest) -> Self {
        let can = &request.client_capabilities;
        let terminal_output = can.meta.as_ref().and_then(|meta| meta.get("terminal_output"));
        Self {
            files: can.fs.read_text_file && can.fs.write_text_file,
            notices: can.session.as_ref().is_some_and(|session| session.notices.is_some()),
            terminal_output: terminal_output == Some(&Value::Bool(true)),
        }
    }
}

/// The answer to `initialize`. There is one version, so it is the answer to every other one.
pub fn answer() -> acp::InitializeResponse {
    let session = acp::SessionCapabilities::new()
        .list(acp::SessionListCapabilities::new())
        .delete(acp::SessionDeleteCapabilities::new())
        .additional_directories(acp::SessionAdditionalDirectoriesCapabilities::new())
        .resume(acp::SessionResumeCapabilities::new())
        .close(acp::SessionCloseCapabilities::new());
    let can = acp::AgentCapabilities::new()
        .load_session(true)
        .prompt_capabilities(acp::PromptCapabilities::new().image(true).embedded_context(true))
        .session_capabilities(session);
    let configured = acp::AuthMethodAgent::new(CONFIGURED, "Configured model").description(
        "Quillon needs no login. It uses the model of its configuration file, or of QUILLON_BASE_URL and \
         QUILLON_MODEL in its environment."
            .to_owned(),
    );
    let info = acp::Implementation::new("quillon", env!("CARGO_PKG_VERSION")).title("Quillon".to_owned());
    acp::InitializeResponse::new(ProtocolVersion::V1)
        .agent_capabilities(can)
        .auth_methods(vec![acp::AuthMethod::Agent(configured)])
        .agent_info(info)
}

/// The answer to `authenticate`, as often as it is asked.
///
/// # Errors
///
/// -32602 for a method that was not offered.
pub fn authenticate(request: &acp::AuthenticateRequest) -> Result<acp::AuthenticateResponse, Error> {
    match &*request.method_id.0 {
        CONFIGURED => Ok(acp::AuthenticateResponse::new()),
        other => {
            Err(invalid_params(&format!("`methodId`: there is no method `{other}`; there is `{CONFIGURED}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(capabilities: &str) -> Terms {
        let request = format!(r#"{{"protocolVersion":1,"clientCapabilities":{capabilities}}}"#);
        Terms::of(&serde_json::from_str(&request).unwrap())
    }

    #[test]
    fn row_4_what_is_unknown_is_accepted_and_means_nothing() {
        assert_eq!(
            terms(r#"{"fs":7,"terminal":"x","_meta":[],"new":{"a":1},"session":{"later":{}}}"#),
            Terms::default()
        );
    }

    #[test]
    fn row_64_files_by_both_methods_or_by_none() {
        assert!(terms(r#"{"fs":{"readTextFile":true,"writeTextFile":true}}"#).files);
        assert!(!terms(r#"{"fs":{"readTextFile":true}}"#).files);
        assert!(!terms(r#"{"fs":{"writeTextFile":true}}"#).files);
    }

    #[test]
    fn notices_and_terminals_by_word_of_the_client() {
        assert!(terms(r#"{"session":{"notices":{}}}"#).notices);
        assert!(terms(r#"{"_meta":{"terminal_output":true}}"#).terminal_output);
        assert!(!terms(r#"{"_meta":{"terminal_output":false},"session":{"notices":null}}"#).notices);
    }
}

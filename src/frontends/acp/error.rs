//! The errors that clients see: a code, one line that says what failed and what to do, and typed data.

use serde_json::{Value, json};

use crate::engine::journal::OpenError;
use crate::engine::model::ErrorKind;
use crate::engine::{HostError, Refused, SessionId};
use crate::rpc::Error;

/// ACP's code for a session or file that does not exist.
const NOT_FOUND: i64 = -32002;

/// Parameters that cannot be taken: which field, what is wrong with it, what is expected.
pub fn invalid_params(message: &str) -> Error {
    Error::invalid_params(one_line(message))
}

/// The session is not open on this connection, if there is one.
pub fn not_open(session: &SessionId) -> Error {
    unknown(session, "is open here; open it with session/load, or make one with session/new")
}

/// There is no such session.
fn no_session(session: &SessionId) -> Error {
    unknown(session, "is kept; session/list tells which there are, session/new makes one")
}

fn unknown(session: &SessionId, what: &str) -> Error {
    let message = format!("no session `{session}` {what}");
    with(NOT_FOUND, &message, json!({ "kind": "sessionUnknown", "sessionId": session.0 }))
}

/// Something failed that is not the client's fault; `kind` is a stable word for programs.
pub fn failed(kind: &str, message: &str) -> Error {
    with(crate::rpc::INTERNAL_ERROR, message, json!({ "kind": kind }))
}

/// The model failed; the kind of it as a word for programs, where it is known.
pub fn model(kind: Option<ErrorKind>, message: &str) -> Error {
    match kind {
        Some(kind) => {
            let data = json!({ "kind": "model", "failure": kind.word() });
            with(crate::rpc::INTERNAL_ERROR, message, data)
        }
        None => failed("model", message),
    }
}

/// A session that cannot be made, opened or removed.
pub fn from_host(session: &SessionId, error: &HostError) -> Error {
    match error {
        HostError::Open(OpenError::Unknown(_)) => no_session(session),
        HostError::Open(OpenError::Held { holder, .. }) => busy(session, holder),
        HostError::Open(OpenError::Newer { .. }) => failed("newer", &error.to_string()),
        HostError::Open(OpenError::Io(_)) | HostError::Io(_) => failed("disk", &error.to_string()),
        HostError::Halted(_) => failed("halted", &error.to_string()),
        HostError::Ending => failed("ending", &error.to_string()),
    }
}

/// A command that a session did not take.
pub fn from_refused(session: &SessionId, refused: &Refused) -> Error {
    match refused {
        Refused::Busy(holder) => busy(session, holder),
        Refused::Closed => not_open(session),
        Refused::QueueFull => failed("limit", &refused.to_string()),
        Refused::NotWaiting(_) => Error::invalid_request(refused),
        Refused::Halted(_) => failed("halted", &refused.to_string()),
    }
}

/// Another process holds the session.
pub fn busy(session: &SessionId, holder: &str) -> Error {
    let message = format!("session `{session}` is in use by {holder}; it can be read here, not changed");
    let data = json!({ "kind": "busy", "holder": holder, "sessionId": session.0 });
    with(crate::rpc::INTERNAL_ERROR, &message, data)
}

fn with(code: i64, message: &str, data: Value) -> Error {
    Error::new(code, one_line(message)).with_data(data)
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line() {
        assert_eq!(failed("model", "a\n  b\tc").message, "a b c");
    }

    #[test]
    fn a_held_session_names_its_holder() {
        let refused = Refused::Busy("process 7".into());
        let error = from_refused(&SessionId("s".into()), &refused);
        assert!(error.message.contains("in use by process 7"), "{}", error.message);
        assert_eq!(error.data.unwrap()["holder"], "process 7");
    }
}

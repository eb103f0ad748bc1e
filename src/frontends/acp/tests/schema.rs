//! What the agent writes, held against the official schema by method.
//!
//! The schema is not ours and not in the repository: `tests/run` fetches it and names its file in
//! `QUILLON_ACP_SCHEMA`. With the name, everything that any of these tests reads is validated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The official schema; none where it is not named.
pub fn official() -> Option<&'static Schema> {
    static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| named().map(|path| Schema::read(&path))).as_ref()
}

#[allow(clippy::disallowed_methods, reason = "only these tests look for the variable")]
fn named() -> Option<String> {
    std::env::var("QUILLON_ACP_SCHEMA").ok()
}

/// The schema, and validators of its parts as far as they were needed.
pub struct Schema {
    whole: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schema {
    #[allow(clippy::disallowed_methods, reason = "the schema's file is not the product's business")]
    fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { whole: serde_json::from_str(&text).unwrap(), validators: Mutex::default() }
    }

    /// What does not fit in a message. `method` is what an answer answers.
    pub fn faults(&self, message: &Value, method: Option<&str>) -> Vec<String> {
        let named = message["method"].as_str();
        let (name, part) = match (named, message.get("id")) {
            (Some(method), Some(_)) => (self.name(method, "client", "Request"), &message["params"]),
            (Some(method), None) => (self.name(method, "client", "Notification"), &message["params"]),
            (None, _) if message.get("error").is_some() => (Some("Error"), &message["error"]),
            (None, _) => {
                (method.and_then(|method| self.name(method, "agent", "Response")), &message["result"])
            }
        };
        let Some(name) = name else { return vec!["the schema knows no such message".into()] };
        let validator = self.validator(name);
        let faults = validator.iter_errors(part).map(|fault| format!("{}: {fault}", fault.instance_path()));
        let version = (message["jsonrpc"] != "2.0").then(|| "not of version 2.0".to_owned());
        faults.chain(version).collect()
    }

    /// The definition of this kind of message of a method that this side serves.
    fn name(&self, method: &str, side: &str, kind: &str) -> Option<&str> {
        let mut all = self.whole["$defs"].as_object().unwrap().iter();
        let fits = |name: &str, definition: &Value| {
            let sides = [side, "protocol"];
            definition["x-method"] == method
                && sides.iter().any(|side| definition["x-side"] == *side)
                && name.ends_with(kind)
        };
        all.find(|(name, definition)| fits(name, definition)).map(|(name, _)| name.as_str())
    }

    fn validator(&self, name: &str) -> Arc<Validator> {
        let make = || {
            let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": self.whole["$defs"] });
            Arc::new(jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}")))
        };
        self.validators.lock().unwrap().entry(name.to_owned()).or_insert_with(make).clone()
    }
}

#[test]
fn row_77_the_schema_refuses_what_does_not_fit() {
    assert_eq!(official().is_some(), named().is_some());
    let Some(schema) = official() else { return };
    let update = json!({ "sessionId": "s", "update": { "sessionUpdate": "surprise" } });
    let wrong = json!({ "jsonrpc": "2.0", "method": "session/update", "params": update });
    assert_ne!(schema.faults(&wrong, None), Vec::<String>::new());
    let wrong = json!({ "jsonrpc": "2.0", "id": 1, "result": { "stopReason": "tired" } });
    assert_ne!(schema.faults(&wrong, Some("session/prompt")), Vec::<String>::new());
    let right = json!({ "jsonrpc": "2.0", "id": 1, "result": { "stopReason": "end_turn" } });
    assert_eq!(schema.faults(&right, Some("session/prompt")), Vec::<String>::new());
}

//! Reads `quillon.jsonc`: what is wrong is told with its place, and what is right counts.

use jsonc_parser::ParseOptions;
use serde_json::{Map, Value};

use super::{Accepts, Config, ProjectConfig, Provider, Sound};
use crate::policy::Mode;

/// The keys of the user's file.
pub const USER_KEYS: &[&str] = &["model", "provider", "mode", "permission"];
/// Those of `provider` in it.
pub const PROVIDER_KEYS: &[&str] =
    &["base_url", "api", "api_key_env", "headers", "accepts", "models", "effort", "output_tokens"];
const MODEL_KEYS: &[&str] = &["accepts"];
const PROJECT_KEYS: &[&str] = &["mode", "permission"];

/// The user's file. A file that cannot be read leaves the defaults in force, with a notice.
pub fn user(name: &str, text: &str) -> Config {
    let mut notices = Vec::new();
    let Some(fields) = parse(name, text, &mut notices) else {
        return Config { sound: Sound::No, notices, ..Config::default() };
    };
    let mut read = Reader { name, notices };
    read.known(&fields, "", USER_KEYS);
    let provider = read.object(&fields, "provider").and_then(|fields| read.provider(fields));
    Config {
        sound: Sound::Yes,
        model: read.text(&fields, "", "model"),
        provider,
        mode: read.mode(&fields),
        permission: fields.get("permission").cloned(),
        notices: read.notices,
    }
}

/// A project's file: only what makes things stricter counts, anything else is told.
pub fn project(name: &str, text: &str) -> ProjectConfig {
    let mut notices = Vec::new();
    let Some(fields) = parse(name, text, &mut notices) else {
        return ProjectConfig { sound: Sound::No, notices, ..ProjectConfig::default() };
    };
    let mut read = Reader { name, notices };
    for key in fields.keys().filter(|key| !PROJECT_KEYS.contains(&key.as_str())) {
        read.notices.push(format!(
            "{name}: `{key}` does not count in a project's file (only {} do); set it in your own configuration",
            PROJECT_KEYS.join(" and ")
        ));
    }
    let mode = read.mode(&fields);
    ProjectConfig {
        sound: Sound::Yes,
        mode,
        permission: fields.get("permission").cloned(),
        notices: read.notices,
    }
}

fn parse(name: &str, text: &str, notices: &mut Vec<String>) -> Option<Map<String, Value>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match jsonc_parser::parse_to_serde_value::<Option<Value>>(text, &ParseOptions::default()) {
        Ok(None | Some(Value::Null)) => Some(Map::new()),
        Ok(Some(Value::Object(fields))) => Some(fields),
        Ok(Some(_)) => {
            notices
                .push(format!("{name}: must be an object such as {{\"mode\": \"ask\"}}; it does not count"));
            None
        }
        Err(error) => {
            notices.push(format!("{name}: {error}; it does not count until that is repaired"));
            None
        }
    }
}

/// Collects what is wrong.
struct Reader<'a> {
    name: &'a str,
    notices: Vec<String>,
}

impl Reader<'_> {
    /// Tells keys that do not exist, with the one that may be meant.
    fn known(&mut self, fields: &Map<String, Value>, within: &str, keys: &[&str]) {
        for key in fields.keys().filter(|key| !keys.contains(&key.as_str()) && *key != "$schema") {
            let close = keys.iter().find(|known| alike(known, key));
            let hint = close.map_or_else(
                || format!("there are: {}", keys.join(", ")),
                |close| format!("did you mean `{close}`?"),
            );
            self.notices.push(format!("{}: there is no setting `{within}{key}`; {hint}", self.name));
        }
    }

    fn text(&mut self, fields: &Map<String, Value>, within: &str, key: &str) -> Option<String> {
        match fields.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => {
                self.notices.push(format!("{}: `{within}{key}` must be a text, not {other}", self.name));
                None
            }
        }
    }

    fn object<'f>(&mut self, fields: &'f Map<String, Value>, key: &str) -> Option<&'f Map<String, Value>> {
        match fields.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Object(fields)) => Some(fields),
            Some(other) => {
                self.notices.push(format!("{}: `{key}` must be an object, not {other}", self.name));
                None
            }
        }
    }

    fn mode(&mut self, fields: &Map<String, Value>) -> Option<Mode> {
        let word = self.text(fields, "", "mode")?;
        let mode = Mode::parse(&word);
        if mode.is_none() {
            self.notices.push(format!("{}: `mode` must be ask, edit or plan, not {word}", self.name));
        }
        mode
    }

    fn provider(&mut self, fields: &Map<String, Value>) -> Option<Provider> {
        self.known(fields, "provider.", PROVIDER_KEYS);
        let api_key_env = self.text(fields, "provider.", "api_key_env");
        let mut headers = Vec::new();
        if let Some(given) = self.object(fields, "headers") {
            for key in given.keys() {
                headers.extend(self.text(given, "provider.headers.", key).map(|value| (key.clone(), value)));
            }
        }
        let accepts = self.accepts(fields, "provider.").unwrap_or_default();
        let mut models = Vec::new();
        if let Some(given) = self.object(fields, "models") {
            for name in given.keys() {
                let Some(model) = self.object(given, name) else { continue };
                let within = format!("provider.models.{name}.");
                self.known(model, &within, MODEL_KEYS);
                models.extend(self.accepts(model, &within).map(|accepts| (name.clone(), accepts)));
            }
        }
        let Some(base_url) = self.text(fields, "provider.", "base_url") else {
            self.notices
                .push(format!("{}: `provider.base_url` is missing, so there is no provider", self.name));
            return None;
        };
        let api = self.text(fields, "provider.", "api");
        let effort = self.text(fields, "provider.", "effort");
        let output_tokens = self.count(fields, "provider.", "output_tokens");
        Some(Provider { api, effort, output_tokens, base_url, api_key_env, headers, accepts, models })
    }

    fn count(&mut self, fields: &Map<String, Value>, within: &str, key: &str) -> Option<u64> {
        let given = fields.get(key).filter(|value| !value.is_null())?;
        let count = given.as_u64().filter(|count| *count > 0);
        if count.is_none() {
            self.notices
                .push(format!("{}: `{within}{key}` must be a whole number above 0, not {given}", self.name));
        }
        count
    }

    fn accepts(&mut self, fields: &Map<String, Value>, within: &str) -> Option<Accepts> {
        let given = fields.get("accepts").filter(|value| !value.is_null())?;
        let words = given.as_array().and_then(|words| words.iter().map(Value::as_str).collect());
        let why = match words.map(|words: Vec<&str>| Accepts::of(words)) {
            Some(Ok(accepts)) => return Some(accepts),
            Some(Err(word)) => format!("\"{word}\""),
            None => given.to_string(),
        };
        self.notices.push(format!(
            "{}: `{within}accepts` must be a list of \"images\" and \"pdf\", not {why}; nothing is accepted there",
            self.name
        ));
        None
    }
}

/// Whether two names differ in little.
fn alike(known: &str, key: &str) -> bool {
    let plain =
        |name: &str| -> String { name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect() };
    let (known, key) = (plain(known), plain(key));
    known.starts_with(&key) || key.starts_with(&known) || {
        let common = known.chars().zip(key.chars()).take_while(|(left, right)| left == right).count();
        common * 2 >= known.len().max(key.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_right_counts() {
        let text = r#"{ // mine
            "model": "m", "mode": "edit",
            "provider": {"base_url": "http://x/v1", "api_key_env": "KEY", "headers": {"a": "b"},
                         "accepts": ["images", "pdf"], "models": {"n": {"accepts": []}}},
            "permission": {"bash": {"*": "ask", "git *": "allow"}},
        }"#;
        let config = user("f", text);
        assert_eq!(config.notices, Vec::<String>::new());
        assert_eq!((config.model.as_deref(), config.mode), (Some("m"), Some(Mode::Edit)));
        let provider = config.provider.unwrap();
        assert_eq!(provider.headers, [("a".to_owned(), "b".to_owned())]);
        assert_eq!(provider.accepts, Accepts { images: true, pdf: true });
        assert_eq!(provider.models, [("n".to_owned(), Accepts::default())]);
        assert_eq!(config.permission, Some(json!({"bash": {"*": "ask", "git *": "allow"}})));
    }

    #[track_caller]
    fn notice(text: &str, expected: &str) {
        let notices = user("f.jsonc", text).notices;
        assert!(notices.iter().any(|notice| notice.contains(expected)), "{notices:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        notice("{\"modle\": \"m\"}", "no setting `modle`; did you mean `model`?");
        notice("{\"mode\": \"fast\"}", "`mode` must be ask, edit or plan, not fast");
        notice("{\"model\": 1}", "`model` must be a text, not 1");
        notice("{\"provider\": {}}", "`provider.base_url` is missing");
        notice("{\n  \"a\": \n}", "line 3");
        let within = |fields: &str| format!("{{\"provider\": {{\"base_url\": \"x\", {fields}}}}}");
        let expected = "`provider.accepts` must be a list of \"images\" and \"pdf\", not ";
        notice(&within("\"accepts\": [\"audio\"]"), &format!("{expected}\"audio\""));
        notice(&within("\"accepts\": true"), &format!("{expected}true"));
        notice(&within("\"models\": {\"a\": {\"accept\": []}}"), "no setting `provider.models.a.accept`");
        notice(&within("\"models\": {\"a\": 1}"), "`a` must be an object");
        assert_eq!(user("f", "{").sound, Sound::No);
        assert_eq!(user("f", "{\"modle\": 1}").sound, Sound::Yes);
        notice("[]", "must be an object");
        assert_eq!(user("f", "").notices, Vec::<String>::new());
    }

    #[test]
    fn a_project_only_tightens() {
        let config =
            project("p", r#"{"mode": "plan", "model": "m", "provider": {"base_url": "http://evil"}}"#);
        assert_eq!(config.mode, Some(Mode::Plan));
        assert_eq!(config.notices.len(), 2);
        assert!(
            config.notices[1].contains("`provider` does not count in a project's file"),
            "{:?}",
            config.notices
        );
    }
}

//! Reads `quillon.jsonc`: what is wrong is told with its place, and what is right counts.

use jsonc_parser::ParseOptions;
use serde_json::{Map, Value};

use super::{Accepts, Budget, Config, ModelSettings, Price, ProjectConfig, Provider, Sound};
use crate::policy::Mode;

/// The keys of the user's file.
pub const USER_KEYS: &[&str] = &[
    "model",
    "small_model",
    "fallback_models",
    "provider",
    "providers",
    "local_only",
    "pass_environment",
    "budget",
    "mode",
    "permission",
];
/// Those of `provider` in it, beside those of a model.
pub const PROVIDER_KEYS: &[&str] = &["base_url", "api", "api_key_env", "headers", "proxy", "models"];
/// Those of a model, or of all models of a provider.
pub const MODEL_KEYS: &[&str] = &["accepts", "effort", "context_tokens", "output_tokens", "price"];
/// Headers that say where a request goes and where it ends: another value would break it, or make two of it.
const OUR_HEADERS: &[&str] = &["content-length", "host", "transfer-encoding", "connection"];
const BUDGET_KEYS: &[&str] = &["steps", "tokens", "cost", "minutes"];
/// More is no bound at all, and cannot be told as a time everywhere.
const MINUTES_OF_A_YEAR: f64 = 366.0 * 24.0 * 60.0;
const PRICE_KEYS: &[&str] = &["input", "output", "cache_read", "cache_write"];
const PROJECT_KEYS: &[&str] = &["mode", "permission"];

/// The user's file. A file that cannot be read leaves the defaults in force, with a notice.
pub fn user(name: &str, text: &str) -> Config {
    let mut notices = Vec::new();
    let Some(fields) = parse(name, text, &mut notices) else {
        // What keeps things on this machine holds as well in a file that is broken elsewhere.
        let local_only = text.contains("local_only");
        return Config { sound: Sound::No, local_only, notices, ..Config::default() };
    };
    let mut read = Reader { name, notices };
    read.known(&fields, "", USER_KEYS);
    let provider = read.object(&fields, "", "provider").and_then(|fields| read.nameless(fields));
    let providers = read.providers(&fields);
    Config {
        sound: Sound::Yes,
        model: read.text(&fields, "", "model"),
        small_model: read.text(&fields, "", "small_model"),
        provider,
        providers,
        fallback_models: read.texts(&fields, "fallback_models"),
        local_only: read.switch(&fields, "local_only"),
        pass_environment: read.names(&fields, "pass_environment"),
        budget: read.budget(&fields),
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

    fn object<'f>(
        &mut self,
        fields: &'f Map<String, Value>,
        within: &str,
        key: &str,
    ) -> Option<&'f Map<String, Value>> {
        match fields.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Object(fields)) => Some(fields),
            Some(other) => {
                self.notices.push(format!("{}: `{within}{key}` must be an object, not {other}", self.name));
                None
            }
        }
    }

    fn texts(&mut self, fields: &Map<String, Value>, key: &str) -> Vec<String> {
        let Some(given) = fields.get(key).filter(|value| !value.is_null()) else { return Vec::new() };
        let texts = given
            .as_array()
            .and_then(|list| list.iter().map(|one| one.as_str().map(str::to_owned)).collect());
        texts.unwrap_or_else(|| {
            self.notices.push(format!("{}: `{key}` must be a list of texts, not {given}", self.name));
            Vec::new()
        })
    }

    /// Names of variables; what can be none is told.
    fn names(&mut self, fields: &Map<String, Value>, key: &str) -> Vec<String> {
        let is_name = |name: &String| !name.is_empty() && !name.contains(['=', '*', '$', '\0', ' ']);
        let (names, others): (Vec<_>, Vec<_>) = self.texts(fields, key).into_iter().partition(is_name);
        for other in others {
            let name = self.name;
            self.notices
                .push(format!("{name}: `{key}` takes the names of variables as they are, not `{other}`"));
        }
        names
    }

    /// A wish to be careful counts unless it is plainly none.
    fn switch(&mut self, fields: &Map<String, Value>, key: &str) -> bool {
        match fields.get(key) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(other) => {
                self.notices.push(format!(
                    "{}: `{key}` must be true or false, not {other}; taken for true",
                    self.name
                ));
                true
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

    fn nameless(&mut self, fields: &Map<String, Value>) -> Option<Provider> {
        let provider = self.provider(fields, "provider.");
        if provider.base_url.is_none() {
            self.notices
                .push(format!("{}: `provider.base_url` is missing, so there is no provider", self.name));
            return None;
        }
        Some(provider)
    }

    fn providers(&mut self, fields: &Map<String, Value>) -> Vec<(String, Provider)> {
        let mut providers = Vec::new();
        let Some(given) = self.object(fields, "", "providers") else { return providers };
        for name in given.keys() {
            if name.is_empty() || name.contains(['/', '#']) {
                self.notices.push(format!(
                    "{}: `{name}` can be no name of a provider, because it stands before a `/` in the names of \
                     its models",
                    self.name
                ));
                continue;
            }
            let Some(fields) = self.object(given, "providers.", name) else { continue };
            providers.push((name.clone(), self.provider(fields, &format!("providers.{name}."))));
        }
        providers
    }

    fn provider(&mut self, fields: &Map<String, Value>, within: &str) -> Provider {
        self.known(fields, within, &[PROVIDER_KEYS, MODEL_KEYS].concat());
        let mut headers = Vec::new();
        if let Some(given) = self.object(fields, within, "headers") {
            let within = format!("{within}headers.");
            for key in given.keys() {
                if self.is_ours(&within, key) {
                    continue;
                }
                headers.extend(self.text(given, &within, key).map(|value| (key.clone(), value)));
            }
        }
        let mut models = Vec::new();
        if let Some(given) = self.object(fields, within, "models") {
            let within = format!("{within}models.");
            for name in given.keys() {
                let Some(model) = self.object(given, &within, name) else { continue };
                let within = format!("{within}{name}.");
                self.known(model, &within, MODEL_KEYS);
                models.push((name.clone(), self.model(model, &within)));
            }
        }
        Provider {
            api: self.text(fields, within, "api"),
            base_url: self.text(fields, within, "base_url"),
            api_key_env: self.text(fields, within, "api_key_env"),
            headers,
            proxy: self.text(fields, within, "proxy"),
            all: self.model(fields, within),
            models,
        }
    }

    /// Tells of a header that would break the request, and that does not count.
    fn is_ours(&mut self, within: &str, header: &str) -> bool {
        let ours = OUR_HEADERS.iter().any(|ours| header.trim().eq_ignore_ascii_case(ours));
        if ours {
            self.notices.push(format!(
                "{}: `{within}{header}` cannot be set: Quillon sets this header itself for each request; it does not \
                 count",
                self.name
            ));
        }
        ours
    }

    fn model(&mut self, fields: &Map<String, Value>, within: &str) -> ModelSettings {
        ModelSettings {
            effort: self.text(fields, within, "effort"),
            accepts: self.accepts(fields, within),
            context_tokens: self.count(fields, within, "context_tokens"),
            output_tokens: self.count(fields, within, "output_tokens"),
            price: self.price(fields, within),
        }
    }

    fn price(&mut self, fields: &Map<String, Value>, within: &str) -> Option<Price> {
        let given = self.object(fields, within, "price")?;
        let within = format!("{within}price.");
        self.known(given, &within, PRICE_KEYS);
        let mut dollars = |key: &str| {
            let given = given.get(key).filter(|value| !value.is_null())?;
            let dollars = given.as_f64().filter(|dollars| *dollars >= 0.0);
            if dollars.is_none() {
                let name = self.name;
                self.notices.push(format!(
                    "{name}: `{within}{key}` must be the dollars for a million tokens, not {given}"
                ));
            }
            dollars
        };
        let (input, output) = (dollars("input"), dollars("output"));
        let (cache_read, cache_write) = (dollars("cache_read"), dollars("cache_write"));
        match (input, output) {
            (Some(input), Some(output)) => Some(Price { input, output, cache_read, cache_write }),
            (_, _) => {
                self.notices
                    .push(format!("{}: `{within}input` and `{within}output` are both needed", self.name));
                None
            }
        }
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

    fn budget(&mut self, fields: &Map<String, Value>) -> Budget {
        let Some(given) = self.object(fields, "", "budget") else { return Budget::default() };
        self.known(given, "budget.", BUDGET_KEYS);
        let steps = self.count(given, "budget.", "steps");
        Budget {
            steps: steps.map(|steps| u32::try_from(steps).unwrap_or(u32::MAX)),
            tokens: self.count(given, "budget.", "tokens"),
            cost: self.amount(given, "budget.", "cost", f64::MAX),
            minutes: self.amount(given, "budget.", "minutes", MINUTES_OF_A_YEAR),
        }
    }

    fn amount(&mut self, fields: &Map<String, Value>, within: &str, key: &str, most: f64) -> Option<f64> {
        let given = fields.get(key).filter(|value| !value.is_null())?;
        let amount = given.as_f64().filter(|amount| *amount > 0.0);
        if amount.is_none() {
            self.notices
                .push(format!("{}: `{within}{key}` must be a number above 0, not {given}", self.name));
        }
        amount.map(|amount| amount.min(most))
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
        assert_eq!(provider.all.accepts, Some(Accepts { images: true, pdf: true }));
        let words = ModelSettings { accepts: Some(Accepts::default()), ..ModelSettings::default() };
        assert_eq!(provider.models, [("n".to_owned(), words)]);
        assert!(!config.local_only);
        assert_eq!(config.permission, Some(json!({"bash": {"*": "ask", "git *": "allow"}})));
    }

    #[test]
    fn providers_have_names_and_their_models_settings() {
        let text = r#"{"local_only": true, "fallback_models": ["a/b", "c/d"], "providers": {"anthropic": {}, "mine": {"api": "responses",
            "base_url": "http://x", "proxy": "http://p", "effort": "low", "models": {"n": {"effort": "high",
            "context_tokens": 10, "output_tokens": 5, "price": {"input": 1, "output": 2.5, "cache_read": 0}}}}}}"#;
        let config = user("f", text);
        assert_eq!((config.notices, config.local_only), (Vec::new(), true));
        assert_eq!(config.fallback_models, ["a/b", "c/d"]);
        let [(known, nothing), (mine, provider)] = &config.providers[..] else { panic!() };
        assert_eq!((known.as_str(), nothing, mine.as_str()), ("anthropic", &Provider::default(), "mine"));
        assert_eq!(provider.all.effort.as_deref(), Some("low"));
        let price = Price { input: 1.0, output: 2.5, cache_read: Some(0.0), cache_write: None };
        let model = ModelSettings {
            effort: Some("high".into()),
            accepts: None,
            context_tokens: Some(10),
            output_tokens: Some(5),
            price: Some(price),
        };
        assert_eq!(provider.models, [("n".to_owned(), model)]);
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
        notice(&within("\"models\": {\"a\": 1}"), "`provider.models.a` must be an object");
        notice(&within("\"output_tokens\": 0"), "`provider.output_tokens` must be a whole number above 0");
        notice(&within("\"price\": {\"input\": -1}"), "`provider.price.input` must be the dollars for");
        notice(&within("\"price\": {\"input\": 1}"), "`provider.price.output` are both needed");
        for header in ["Content-Length", "host", "Transfer-Encoding", "connection"] {
            let text = within(&format!("\"headers\": {{\"x-a\": \"b\", \"{header}\": \"4\"}}"));
            notice(&text, &format!("`provider.headers.{header}` cannot be set"));
            let headers = user("f", &text).provider.unwrap().headers;
            assert_eq!(headers, [("x-a".to_owned(), "b".to_owned())]);
        }
        notice("{\"providers\": {\"a/b\": {}}}", "`a/b` can be no name of a provider");
        notice("{\"providers\": {\"a\": 1}}", "`providers.a` must be an object, not 1");
        notice(
            "{\"pass_environment\": [\"MY_*\"]}",
            "`pass_environment` takes the names of variables as they are, not `MY_*`",
        );
        notice("{\"fallback_models\": [1]}", "`fallback_models` must be a list of texts, not [1]");
        notice("{\"local_only\": \"no\"}", "`local_only` must be true or false, not \"no\"; taken for true");
        assert_eq!(user("f", "{").sound, Sound::No);
        assert!(!user("f", "{").local_only && user("f", "{\"local_only\": true").local_only);
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

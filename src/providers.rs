//! The models by name.

pub mod anthropic;
pub mod chat;
pub mod demo;
pub mod exchange;
pub mod failure;
pub mod frame;
pub mod gemini;
pub mod packets;
pub mod responses;
pub mod script;
pub mod secrets;
pub mod sse;
#[cfg(test)]
pub(crate) mod testing;
pub mod wishes;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::ModelName;
use crate::engine::model::{Abilities, Model, Models};
use crate::os::http::{Http, Url};
use crate::path::AbsPath;
use demo::Demo;
use exchange::{Place, Waits};
use script::{ReadFile, Script};
use wishes::{Effort, Wishes};

/// A configured server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// The word for how it is spoken to; as most servers are, where there is none.
    pub api: Option<String>,
    /// The word for how much its models are to think; as the server has it, where there is none.
    pub effort: Option<String>,
    /// The longest answer, in tokens.
    pub output_tokens: Option<u64>,
    /// Where it is, up to and without what the interface adds, such as `chat/completions`.
    pub base_url: String,
    /// The model that is used when none is named.
    pub model: Option<String>,
    /// Sent to this server, and nowhere else.
    pub key: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// What its models accept beside words.
    pub abilities: Abilities,
    /// Models of which something else is known, by their names.
    pub models: Vec<(String, Abilities)>,
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// OpenAI's Chat Completions, which most servers speak.
    Chat,
    /// OpenAI's Responses.
    Responses,
    /// Google's Gemini.
    Gemini,
    /// Anthropic's Messages.
    Anthropic,
    /// The same, on Amazon Bedrock.
    Bedrock,
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Chat, Self::Responses, Self::Anthropic, Self::Bedrock, Self::Gemini];

    /// Its word in the settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Gemini => "gemini",
            Self::Anthropic => "anthropic",
            Self::Bedrock => "bedrock",
        }
    }
}

impl Server {
    fn api(&self) -> Result<Api, String> {
        let Some(word) = &self.api else { return Ok(Api::Chat) };
        Api::ALL.into_iter().find(|api| api.word() == word).ok_or_else(|| {
            let there_are = Api::ALL.map(Api::word).join(", ");
            format!("`{word}` is no interface of a model server (`provider.api` or QUILLON_API); there are: {there_are}")
        })
    }

    fn wishes(&self) -> Result<Wishes, String> {
        let effort = self.effort.as_deref().map(|word| {
            Effort::parse(word).ok_or_else(|| {
                let there_are = Effort::ALL.map(Effort::word).join(", ");
                format!("`{word}` is no effort of a model (`provider.effort` or QUILLON_EFFORT); there are: {there_are}")
            })
        });
        Ok(Wishes { effort: effort.transpose()?, output_tokens: self.output_tokens })
    }

    fn abilities_of(&self, model: &ModelName) -> Abilities {
        let known = self.models.iter().find(|(name, _)| *name == model.0);
        known.map_or(self.abilities, |(_, abilities)| *abilities)
    }
}

/// The models: the demo, scripts, and what the configured server offers. Each is built when it is
/// first used; nothing is asked of any server before that.
pub struct Providers {
    server: Option<Server>,
    default: Option<String>,
    /// Where relative paths of scripts count from.
    here: Option<AbsPath>,
    read: ReadFile,
    http: Arc<Http>,
    built: Mutex<HashMap<ModelName, Arc<dyn Model>>>,
}

const HOW_TO_CHOOSE: &str = "Set QUILLON_BASE_URL and QUILLON_MODEL (and QUILLON_API_KEY if the server wants a key), \
                             or `provider` and `model` in quillon.jsonc; any OpenAI-compatible server will do, a \
                             local one such as Ollama (http://localhost:11434/v1) too. To try Quillon without one: \
                             `--model demo`, which follows simple rules and is not an AI";

fn none_chosen() -> String {
    format!("no model is chosen. {HOW_TO_CHOOSE}")
}

impl Providers {
    /// The models of this server, with `default` before the server's own.
    pub fn new(
        server: Option<Server>,
        default: Option<String>,
        here: Option<AbsPath>,
        read: ReadFile,
    ) -> Self {
        Self { server, default, here, read, http: Arc::new(Http::default()), built: Mutex::default() }
    }

    fn build(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        if name.0.is_empty() {
            return Err(none_chosen());
        }
        if name.0 == "demo" {
            return Ok(Arc::new(Demo));
        }
        if let Some(file) = name.0.strip_prefix("script:") {
            let path = match &self.here {
                Some(here) => here.join(file),
                None => AbsPath::new(file),
            };
            let path = path.map_err(|error| format!("the script cannot be found: {error}"))?;
            return Ok(Arc::new(Script::load(path, self.read.clone())?));
        }
        let Some(server) = &self.server else {
            return Err(format!("model `{name}` needs a server, and none is set. {HOW_TO_CHOOSE}"));
        };
        let base: Url = server
            .base_url
            .parse()
            .map_err(|error| format!("`{}` is no address of a model server: {error}", server.base_url))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(format!("`{}` must begin with http:// or https://", server.base_url));
        }
        let place = Place { base, key: server.key.clone(), headers: server.headers.clone() };
        let (http, model, waits) = (self.http.clone(), name.0.clone(), Waits::default());
        let (abilities, wishes) = (server.abilities_of(name), server.wishes()?);
        Ok(match server.api()? {
            Api::Chat => Arc::new(chat::chat(http, place, model, wishes, waits).accepting(abilities)),
            Api::Anthropic => {
                let carrier = anthropic::Carrier::Direct;
                let messages = anthropic::messages(http, place, carrier, model, wishes, waits);
                Arc::new(messages.accepting(abilities))
            }
            Api::Responses => {
                Arc::new(responses::responses(http, place, model, wishes, waits).accepting(abilities))
            }
            Api::Gemini => Arc::new(gemini::gemini(http, place, model, wishes, waits).accepting(abilities)),
            Api::Bedrock => {
                let carrier = anthropic::Carrier::Bedrock;
                let messages = anthropic::messages(http, place, carrier, model, wishes, waits);
                Arc::new(messages.accepting(abilities))
            }
        })
    }
}

impl Models for Providers {
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = built.get(name) {
            return Ok(model.clone());
        }
        let model = self.build(name)?;
        built.insert(name.clone(), model.clone());
        Ok(model)
    }

    fn default(&self) -> Result<ModelName, String> {
        let server = self.server.as_ref().and_then(|server| server.model.clone());
        self.default.clone().or(server).map(ModelName).ok_or_else(none_chosen)
    }

    fn offered(&self) -> Vec<(ModelName, String)> {
        let mut offered = Vec::new();
        if let Ok(name) = self.default() {
            let line = match &self.server {
                Some(server) if name.0 != "demo" && !name.0.starts_with("script:") => {
                    format!("at {}", server.base_url)
                }
                Some(_) | None => "chosen at start".into(),
            };
            offered.push((name, line));
        }
        if offered.iter().all(|(name, _)| name.0 != "demo") {
            offered.push((ModelName("demo".into()), demo::DESCRIPTION.into()));
        }
        offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers(server: Option<Server>, default: Option<&str>) -> Providers {
        let read: ReadFile = Arc::new(|_| Ok(Some("say hi\ndone\n".into())));
        Providers::new(server, default.map(str::to_owned), AbsPath::new("/w").ok(), read)
    }

    #[test]
    fn without_a_server_the_error_says_what_to_do() {
        let none = providers(None, None);
        for name in ["", "gpt"] {
            let error = none.find(&ModelName(name.into())).err().unwrap();
            assert!(error.contains("QUILLON_BASE_URL") && error.contains("--model demo"), "{error}");
            assert_eq!(error.contains("no model is chosen"), name.is_empty(), "{error}");
        }
        assert!(none.default().is_err());
        assert!(none.find(&"demo".into()).is_ok());
        assert!(none.find(&"script:a".into()).is_ok());
        assert_eq!(none.offered().len(), 1);
    }

    #[test]
    fn the_server_answers_for_any_other_name() {
        let server = |base_url: &str| {
            Some(Server {
                base_url: base_url.into(),
                model: Some("m".into()),
                key: None,
                headers: Vec::new(),
                abilities: Abilities { images: true, pdf: false },
                models: vec![("words".into(), Abilities::default())],
                ..Server::default()
            })
        };
        let one = providers(server("http://localhost:1/v1"), None);
        assert_eq!(one.default().unwrap(), "m".into());
        let (first, again) = (one.find(&"m".into()).unwrap(), one.find(&"m".into()).unwrap());
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(first.abilities(), Abilities { images: true, pdf: false });
        assert_eq!(one.find(&"words".into()).unwrap().abilities(), Abilities::default());
        assert_eq!(one.find(&"demo".into()).unwrap().abilities(), Abilities::default());
        assert_eq!(providers(server("http://x"), Some("n")).default().unwrap(), "n".into());
        assert!(providers(server("ftp://x"), None).find(&"m".into()).is_err());
        assert!(providers(server("nonsense"), None).find(&"m".into()).is_err());
    }
}

//! The models by name.

pub mod anthropic;
pub mod catalogue;
pub mod chat;
pub mod demo;
pub mod exchange;
pub mod facts;
pub mod failure;
pub mod frame;
pub mod gemini;
pub mod line;
pub mod listing;
pub mod login;
pub mod packets;
pub mod record;
pub mod reel;
pub mod replay;
pub mod responses;
pub mod script;
pub mod secrets;
pub mod servers;
pub mod sse;
#[cfg(test)]
pub(crate) mod testing;
pub mod wishes;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::ModelName;
use crate::engine::model::{Model, Models};
use crate::limits;
use crate::os::http::{Http, Url};
use crate::path::{AbsPath, PathError};
use demo::Demo;
use exchange::{Place, Waits};
use facts::Facts;
use line::Line;
use record::{Recorded, Recording};
use replay::{Replay, Tape};
use script::{ReadFile, Script};
use servers::{Found, Lookup, Servers};
use wishes::Wishes;

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

    /// The one of this word; as most servers are spoken to, where there is none.
    fn of(word: Option<&str>) -> Result<Self, String> {
        let Some(word) = word else { return Ok(Self::Chat) };
        Self::ALL.into_iter().find(|api| api.word() == word).ok_or_else(|| {
            let there_are = Self::ALL.map(Self::word).join(", ");
            format!("`{word}` is no interface of a model server (`api` of a provider, QUILLON_API); there are: {there_are}")
        })
    }
}

/// The models: the demo, scripts, and those of servers. Each is built when it is first used; nothing is
/// asked of any server before that.
pub struct Providers {
    servers: Servers,
    lookup: Arc<dyn Lookup>,
    default: Option<String>,
    /// Where relative paths of scripts count from.
    here: Option<AbsPath>,
    read: ReadFile,
    http: Arc<Http>,
    /// The clients that go through proxies.
    proxied: Mutex<HashMap<Url, Arc<Http>>>,
    reels: Arc<Reels>,
    built: Mutex<HashMap<ModelName, Built>>,
}

/// What is recorded, and what is played.
#[derive(Debug, Default)]
pub struct Reels {
    /// Where it is recorded what servers are asked and answer.
    recording: Option<Arc<Recording>>,
    /// What is played, by folder.
    tapes: Mutex<HashMap<AbsPath, Arc<Tape>>>,
}

impl Reels {
    /// Nothing is played yet, and recorded only where that is said.
    pub fn new(recording: Option<Arc<Recording>>) -> Self {
        Self { recording, tapes: Mutex::default() }
    }

    /// What the user should hear of tapes when all is over.
    pub fn unplayed(&self) -> Option<String> {
        self.tapes().values().find_map(|tape| tape.unplayed())
    }

    fn tape(&self, folder: AbsPath) -> Result<Arc<Tape>, String> {
        let mut tapes = self.tapes();
        if let Some(known) = tapes.get(&folder) {
            return Ok(known.clone());
        }
        let tape = Arc::new(Tape::load(folder.clone())?);
        tapes.insert(folder, tape.clone());
        Ok(tape)
    }

    fn tapes(&self) -> MutexGuard<'_, HashMap<AbsPath, Arc<Tape>>> {
        self.tapes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A model, and the key that it was built with: another one can be stored meanwhile.
struct Built {
    key: Option<String>,
    model: Arc<dyn Model>,
}

const HOW_TO_CHOOSE: &str = "Name a model with its provider, such as `anthropic/claude-sonnet-5` or \
                             `ollama/qwen3-coder` (`quillon models` lists them, `quillon auth login` stores a key), by \
                             `model` in quillon.jsonc or --model; or set QUILLON_BASE_URL and QUILLON_MODEL (and \
                             QUILLON_API_KEY if the server wants a key) for any other server. To try Quillon without \
                             one: `--model demo`, which follows simple rules and is not an AI";

fn none_chosen() -> String {
    format!("no model is chosen. {HOW_TO_CHOOSE}")
}

impl Providers {
    /// The models of these servers, with `default` before the one that is set.
    pub fn new(
        servers: Servers,
        lookup: Arc<dyn Lookup>,
        default: Option<String>,
        here: Option<AbsPath>,
        read: ReadFile,
    ) -> Self {
        let (http, proxied, built) = (Arc::new(Http::default()), Mutex::default(), Mutex::default());
        Self { servers, lookup, default, here, read, http, proxied, reels: Arc::default(), built }
    }

    /// The same models, recorded and played by these.
    pub fn with(self, reels: Arc<Reels>) -> Self {
        Self { reels, ..self }
    }

    fn build(&self, name: &ModelName) -> Result<Built, String> {
        let without_key = |model: Arc<dyn Model>| Built { key: None, model };
        if name.0.is_empty() {
            return Err(none_chosen());
        }
        if name.0 == "demo" {
            return Ok(without_key(Arc::new(Demo)));
        }
        if let Some(file) = name.0.strip_prefix("script:") {
            let path = self.place(file).map_err(|error| format!("the script cannot be found: {error}"))?;
            return Ok(without_key(Arc::new(Script::load(path, self.read.clone())?)));
        }
        if let Some(folder) = name.0.strip_prefix("replay:") {
            let folder =
                self.place(folder).map_err(|error| format!("the recording cannot be found: {error}"))?;
            return Ok(without_key(Arc::new(Replay::new(self.reels.tape(folder)?, Box::new(played)))));
        }
        let found = self.servers.find(&name.0, &*self.lookup)?;
        let key = found.place.key.clone();
        let line = match &self.reels.recording {
            None => Line::Open,
            Some(recording) => Line::Recorded(Arc::new(Recorded {
                recording: recording.clone(),
                api: found.api,
                model: found.model.clone(),
                base_url: found.place.base.to_string(),
                facts: found.facts.clone(),
                secrets: found.place.secrets(),
            })),
        };
        let http = self.http(found.proxy.clone());
        Ok(Built { key, model: served(http, found, line) })
    }

    /// A file or folder that a model's name names.
    fn place(&self, written: &str) -> Result<AbsPath, PathError> {
        match &self.here {
            Some(here) => here.join(written),
            None => AbsPath::new(written),
        }
    }

    /// The client for a server behind this proxy.
    fn http(&self, proxy: Option<Url>) -> Arc<Http> {
        let Some(proxy) = proxy else { return self.http.clone() };
        let mut proxied = self.proxied.lock().unwrap_or_else(PoisonError::into_inner);
        proxied.entry(proxy.clone()).or_insert_with(|| Arc::new(Http::through(proxy))).clone()
    }
}

/// A model on a server, or one that plays what such a model has answered.
fn served(http: Arc<Http>, found: Found, line: Line) -> Arc<dyn Model> {
    let Found { model, api, place, wishes, facts, .. } = found;
    let waits = Waits::default();
    match api {
        Api::Chat => Arc::new(chat::chat(http, place, model, wishes, waits).knowing(&facts).by(line)),
        Api::Responses => {
            Arc::new(responses::responses(http, place, model, wishes, waits).knowing(&facts).by(line))
        }
        Api::Gemini => Arc::new(gemini::gemini(http, place, model, wishes, waits).knowing(&facts).by(line)),
        Api::Anthropic | Api::Bedrock => {
            let carrier = match api {
                Api::Bedrock => anthropic::Carrier::Bedrock,
                Api::Anthropic | Api::Chat | Api::Responses | Api::Gemini => anthropic::Carrier::Direct,
            };
            // A longest answer must be told, and one beyond what the model can give is refused.
            let known = facts.output.map(|tokens| tokens.min(limits::ANSWER_TOKENS_MAX));
            let wishes = Wishes { output_tokens: wishes.output_tokens.or(known), ..wishes };
            let messages = anthropic::messages(http, place, carrier, model, wishes, waits);
            Arc::new(messages.knowing(&facts).by(line))
        }
    }
}

/// The model that was asked when this was recorded, as it is played.
fn played(api: Api, asked: &reel::Asked, tape: Arc<Tape>) -> Result<Arc<dyn Model>, String> {
    let base = Url::parse(&asked.base_url);
    let mut base = base.map_err(|error| format!("the recording names `{}`: {error}", asked.base_url))?;
    // The stars in it are no secret that would have to be kept out of answers.
    base.set_query(None);
    let _it_has_none = base.set_password(None);
    let place = Place { base, key: None, key_words: String::new(), key_header: None, headers: Vec::new() };
    let found = Found {
        provider: None,
        model: asked.model.clone(),
        api,
        place,
        proxy: None,
        wishes: Wishes::default(),
        facts: Facts::default(),
        said: Vec::new(),
    };
    Ok(served(Arc::default(), found, Line::Played(tape)))
}

/// Whether a model is on no server.
pub fn is_plain(name: &str) -> bool {
    name == "demo" || name.starts_with("script:") || name.starts_with("replay:")
}

impl Models for Providers {
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let plain = is_plain(&name.0);
        if let Some(known) = built.get(name)
            && (plain
                || self.servers.find(&name.0, &*self.lookup).is_ok_and(|now| now.place.key == known.key))
        {
            return Ok(known.model.clone());
        }
        let made = self.build(name)?;
        let model = made.model.clone();
        built.insert(name.clone(), made);
        Ok(model)
    }

    fn default(&self) -> Result<ModelName, String> {
        self.default.clone().or_else(|| self.servers.model.clone()).map(ModelName).ok_or_else(none_chosen)
    }

    fn fallbacks(&self) -> Vec<ModelName> {
        self.servers.instead.iter().cloned().map(ModelName).collect()
    }

    fn small(&self, beside: &ModelName) -> Option<ModelName> {
        self.servers.small.clone().filter(|_| !is_plain(&beside.0)).map(ModelName)
    }

    fn offered(&self) -> Vec<(ModelName, String)> {
        let mut offered = Vec::new();
        if let Ok(name) = self.default() {
            let place = self.servers.written_place(&name.0).filter(|_| !is_plain(&name.0));
            let line = place.map_or_else(|| "chosen at start".to_owned(), |place| format!("at {place}"));
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
    use crate::engine::model::Abilities;
    use servers::{Said, Server};

    /// Has stored keys that change.
    #[derive(Default)]
    struct Stored(Mutex<Option<String>>);

    impl Lookup for Stored {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
        fn stored(&self, _: &str) -> Option<String> {
            self.0.lock().unwrap().clone()
        }
    }

    fn providers(nameless: Option<Server>, default: Option<&str>) -> Providers {
        let read: ReadFile = Arc::new(|_| Ok(Some("say hi\ndone\n".into())));
        let servers = Servers { nameless, model: Some("m".into()), ..Servers::default() };
        let lookup = Arc::new(Stored::default());
        Providers::new(servers, lookup, default.map(str::to_owned), AbsPath::new("/w").ok(), read)
    }

    #[test]
    fn without_a_server_the_error_says_what_to_do() {
        let mut none = providers(None, None);
        none.servers.model = None;
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
        let accepting = |accepts| Said { facts: Facts { accepts, ..Facts::default() }, ..Said::default() };
        let images = Abilities { images: true, pdf: false };
        let server = Server {
            base_url: Some("http://localhost:1/v1".into()),
            all: accepting(Some(images)),
            models: vec![("words".into(), accepting(Some(Abilities::default())))],
            ..Server::default()
        };
        let one = providers(Some(server.clone()), None);
        assert_eq!(one.default().unwrap(), "m".into());
        let (first, again) = (one.find(&"m".into()).unwrap(), one.find(&"m".into()).unwrap());
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(first.abilities(), images);
        assert_eq!(one.find(&"words".into()).unwrap().abilities(), Abilities::default());
        assert_eq!(one.find(&"demo".into()).unwrap().abilities(), Abilities::default());
        assert_eq!(one.offered()[0].1, "at http://localhost:1/v1");
        assert_eq!(providers(Some(server), Some("n")).default().unwrap(), "n".into());
    }

    #[test]
    fn a_key_that_is_stored_later_counts_at_once() {
        let lookup = Arc::new(Stored::default());
        let read: ReadFile = Arc::new(|_| Ok(None));
        let all = Providers::new(Servers::default(), lookup.clone(), None, None, read);
        let find = || all.find(&"openai/gpt-5.4".into()).unwrap();
        let before = find();
        assert!(Arc::ptr_eq(&before, &find()));
        *lookup.0.lock().unwrap() = Some("new".to_owned());
        let after = find();
        assert!(!Arc::ptr_eq(&before, &after) && Arc::ptr_eq(&after, &find()));
        assert_eq!(after.window().unwrap().output, Some(128_000));
    }
}

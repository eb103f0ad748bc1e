//! `Servers`: which server answers for a model's name, by the settings, the catalogue and the environment.
//!
//! A name is `PROVIDER/MODEL`, or the model's alone where a server without a name is set; `#EFFORT` may
//! stand behind it. Providers with a name in the settings count first, then the server without a name, for
//! whatever name, then the providers that the catalogue knows.

use super::catalogue::{self, Preset};
use super::exchange::Place;
use super::facts::Facts;
use super::wishes::{Effort, Told, Wishes};
use super::{Api, HOW_TO_CHOOSE};
use crate::os::http::{self, Url};

/// What the settings say of a server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Server {
    /// The word for how it is spoken to.
    pub api: Option<String>,
    /// Where it is, up to and without what the interface adds, such as `chat/completions`.
    pub base_url: Option<String>,
    /// Sent to this server, and nowhere else.
    pub key: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// What connections to it go through.
    pub proxy: Option<String>,
    /// What is said of all its models.
    pub all: Said,
    /// Models of which something else is said, by their names.
    pub models: Vec<(String, Said)>,
}

/// What the settings say of a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Said {
    /// What it is.
    pub facts: Facts,
    /// The word for how much it is to think.
    pub effort: Option<String>,
    /// The longest answer that is wanted, in tokens.
    pub output_tokens: Option<u64>,
}

/// All servers, and what holds for all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Servers {
    /// The one that answers for names without a provider's.
    pub nameless: Option<Server>,
    /// The others, by their names.
    pub named: Vec<(String, Server)>,
    /// The model that is used when none is named.
    pub model: Option<String>,
    /// The model that finds titles; none finds them where it is not said.
    pub small: Option<String>,
    /// The models that take the place of one which cannot be reached, in their order.
    pub instead: Vec<String>,
    /// Nothing is sent to any machine but this one.
    pub local_only: bool,
}

/// What is looked up when a model is used, and not before.
pub trait Lookup: Send + Sync {
    /// A variable of the environment, where it is set to something.
    fn variable(&self, name: &str) -> Option<String>;
    /// The key that was stored for this provider, or handed over by an editor.
    fn stored(&self, provider: &str) -> Option<String>;
}

/// Nothing is set and nothing is stored.
pub struct NothingSet;

impl Lookup for NothingSet {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn stored(&self, _provider: &str) -> Option<String> {
        None
    }
}

/// A model and how it is reached.
#[derive(Debug)]
pub struct Found {
    /// The provider's name; none for the server without one.
    pub provider: Option<String>,
    /// The model's name there.
    pub model: String,
    /// How it is spoken to.
    pub api: Api,
    /// Where.
    pub place: Place,
    /// What connections go through.
    pub proxy: Option<Url>,
    /// What the user wants of its answers.
    pub wishes: Wishes,
    /// What is known of it.
    pub facts: Facts,
    /// What the settings say of models there.
    pub said: Vec<(String, Facts)>,
}

impl Servers {
    /// The model of this name; the error says in words for the user what to do.
    pub fn find(&self, name: &str, lookup: &dyn Lookup) -> Result<Found, String> {
        let (whole, effort) = match name.rsplit_once('#') {
            Some((whole, effort)) => (whole, Some(effort)),
            None => (name, None),
        };
        let (provider, model) = self.split(whole)?;
        self.reach(provider, model, effort, lookup)
    }

    /// Where the model of this name is, as it is written; for lists, which need no address taken apart: that
    /// costs the memory of large tables.
    pub fn written_place(&self, name: &str) -> Option<String> {
        let (provider, _) = self.split(name.rsplit_once('#').map_or(name, |(whole, _)| whole)).ok()?;
        let set = match provider {
            Some(name) => self.named.iter().find(|(known, _)| known == name).map(|(_, server)| server),
            None => self.nameless.as_ref(),
        };
        let written = set.and_then(|server| server.base_url.clone());
        written.or_else(|| provider.and_then(catalogue::provider).map(|preset| preset.base_url))
    }

    /// A provider, as if for one of its models.
    pub fn provider(&self, provider: Option<&str>, lookup: &dyn Lookup) -> Result<Found, String> {
        self.reach(provider, "", None, lookup)
    }

    /// The names of the providers that the user has chosen: by a setting, a model, or a key that was stored. One
    /// whose key only happens to be in the environment is none of them.
    pub fn chosen(&self, lookup: &dyn Lookup) -> Vec<String> {
        let set = self.named.iter().map(|(name, _)| name.clone());
        let models = self.model.iter().chain(&self.small).chain(&self.instead);
        let of_models: Vec<&str> = models.filter_map(|name| self.split(name).ok()?.0).collect();
        let is_chosen =
            |preset: &Preset| of_models.contains(&&*preset.id) || lookup.stored(&preset.id).is_some();
        let known = catalogue::presets().filter(|preset| !preset.local && is_chosen(preset));
        let known = known.map(|preset| preset.id).filter(|id| !self.is_named(id));
        set.chain(known).collect()
    }

    fn is_named(&self, name: &str) -> bool {
        self.named.iter().any(|(known, _)| known == name)
    }

    /// The provider's name and the model's.
    fn split<'n>(&self, name: &'n str) -> Result<(Option<&'n str>, &'n str), String> {
        if name.trim().is_empty() {
            return Err(format!("a model without a name was chosen. {HOW_TO_CHOOSE}"));
        }
        let parts = name.split_once('/').filter(|(_, model)| !model.is_empty());
        match parts {
            Some((provider, model)) if self.is_named(provider) => Ok((Some(provider), model)),
            Some(_) | None if self.nameless.is_some() => Ok((None, name)),
            Some((provider, model)) if catalogue::provider(provider).is_some() => Ok((Some(provider), model)),
            Some(_) | None => {
                let alike: Vec<String> = catalogue::presets()
                    .filter(|preset| catalogue::model(&preset.id, name).is_some())
                    .map(|preset| format!("`{}/{name}`", preset.id))
                    .collect();
                Err(match alike.is_empty() {
                    true => format!("model `{name}` needs a server, and none is set. {HOW_TO_CHOOSE}"),
                    false => format!("which provider's `{name}` is meant? There is {}", alike.join(", ")),
                })
            }
        }
    }

    fn reach(
        &self,
        provider: Option<&str>,
        model: &str,
        effort: Option<&str>,
        lookup: &dyn Lookup,
    ) -> Result<Found, String> {
        let preset = provider.and_then(catalogue::provider);
        let set = match provider {
            Some(name) => self.named.iter().find(|(known, _)| known == name).map(|(_, server)| server),
            None => self.nameless.as_ref(),
        };
        let server = set.cloned().unwrap_or_default();
        let who = provider.unwrap_or("provider");
        let base = match (&server.base_url, &preset) {
            (Some(url), _) => url.clone(),
            (None, Some(preset)) => filled(preset, lookup)?,
            (None, None) => {
                return Err(format!(
                    "`providers.{who}.base_url` is not set, and no provider of that name is known"
                ));
            }
        };
        let base = self.address(&base)?;
        let (key, key_words) = key(provider, &server, preset.as_ref(), lookup);
        let all = server.all.facts.clone();
        let each =
            server.models.iter().map(|(name, said)| (name.clone(), said.facts.clone().or(all.clone())));
        let each = each.collect();
        let of_model = server.models.iter().find(|(name, _)| name == model).map(|(_, said)| said.clone());
        let said = of_model.unwrap_or_default();
        let known = provider.and_then(|provider| catalogue::model(provider, model)).unwrap_or_default();
        let facts = said.facts.or(server.all.facts).or(known);
        let word = effort.or(said.effort.as_deref()).or(server.all.effort.as_deref());
        let effort = word.map(|word| the_effort(word, model, &facts)).transpose()?;
        let told = match (&facts.thinks_by, facts.efforts.is_empty()) {
            (Some(_), _) => Told::Tokens,
            (None, false) => Told::Word,
            (None, true) => Told::AsUsual,
        };
        let wanted = said.output_tokens.or(server.all.output_tokens);
        let output_tokens = wanted.map(|tokens| tokens.min(facts.output.unwrap_or(tokens)));
        let api = server.api.as_deref().or(preset.as_ref().map(|preset| preset.api.as_str()));
        let key_header = preset.as_ref().and_then(|preset| preset.key_header.clone());
        Ok(Found {
            provider: provider.map(str::to_owned),
            model: model.to_owned(),
            api: Api::of(api)?,
            place: Place { base, key, key_words, key_header, headers: server.headers },
            proxy: server.proxy.as_deref().map(proxy).transpose()?,
            wishes: Wishes { effort, told, output_tokens },
            facts,
            said: each,
        })
    }

    fn address(&self, text: &str) -> Result<Url, String> {
        let base: Url =
            text.parse().map_err(|error| format!("`{text}` is no address of a model server: {error}"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(format!("`{text}` must begin with http:// or https://"));
        }
        if self.local_only && !http::is_this_machine(&base) {
            return Err(format!(
                "`{text}` is not on this machine, and `local_only` in quillon.jsonc says that nothing leaves it"
            ));
        }
        Ok(base)
    }
}

/// The key for a server, and where it came from, or how one is given.
fn key(
    provider: Option<&str>,
    server: &Server,
    preset: Option<&Preset>,
    lookup: &dyn Lookup,
) -> (Option<String>, String) {
    let right = |from: &str| format!("is the key right? It was taken from {from}");
    if let Some(key) = &server.key {
        let from = match provider {
            Some(provider) => {
                format!("the variable that `providers.{provider}.api_key_env` in quillon.jsonc names")
            }
            None => {
                "QUILLON_API_KEY, or from the variable that `provider.api_key_env` in quillon.jsonc names"
                    .into()
            }
        };
        return (Some(key.clone()), right(&from));
    }
    let Some(provider) = provider else {
        return (
            None,
            "no key was sent: set QUILLON_API_KEY, or `provider.api_key_env` in quillon.jsonc".into(),
        );
    };
    let login = format!("`quillon auth login {provider}`");
    if let Some(key) = lookup.stored(provider) {
        return (Some(key), right(&format!("what {login} has stored or the editor has handed over")));
    }
    // A key for the provider's own place is not for another one.
    let usual =
        preset.filter(|_| server.base_url.is_none()).map(|preset| &preset.keys[..]).unwrap_or_default();
    if let Some((name, key)) = usual.iter().find_map(|name| Some((name, lookup.variable(name)?))) {
        return (Some(key), right(name));
    }
    let set = match usual.first() {
        Some(name) => format!("set {name}, or store one by {login}"),
        None => format!("store one by {login}, or name its variable in `providers.{provider}.api_key_env`"),
    };
    (None, format!("no key was sent: {set}"))
}

/// The address of a known provider, with what the environment has to add.
fn filled(preset: &Preset, lookup: &dyn Lookup) -> Result<String, String> {
    let Some((before, rest)) = preset.base_url.split_once('{') else { return Ok(preset.base_url.clone()) };
    let Some((variable, after)) = rest.split_once('}') else { return Ok(preset.base_url.clone()) };
    match lookup.variable(variable) {
        Some(value) => Ok(format!("{before}{value}{after}")),
        None => Err(format!(
            "{} is reached by an address of your own: set {variable}, or `providers.{}.base_url` in quillon.jsonc",
            preset.name, preset.id
        )),
    }
}

fn the_effort(word: &str, model: &str, facts: &Facts) -> Result<Effort, String> {
    let words =
        |efforts: &[Effort]| efforts.iter().map(|effort| effort.word()).collect::<Vec<_>>().join(", ");
    let effort = Effort::parse(word)
        .ok_or_else(|| format!("`{word}` is no effort of a model; there are: {}", words(&Effort::ALL)))?;
    if facts.efforts.is_empty() || facts.efforts.contains(&effort) {
        Ok(effort)
    } else {
        Err(format!("`{model}` knows no effort `{word}`; it knows: {}", words(&facts.efforts)))
    }
}

fn proxy(text: &str) -> Result<Url, String> {
    let proxy: Url = text.parse().map_err(|error| format!("`{text}` is no address of a proxy: {error}"))?;
    match proxy.scheme() {
        "http" | "https" => Ok(proxy),
        _ => Err(format!("the proxy `{text}` must begin with http:// or https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::Abilities;

    /// Variables, and stored keys as `key:PROVIDER`.
    struct Set(&'static [(&'static str, &'static str)]);

    impl Lookup for Set {
        fn variable(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }
        fn stored(&self, provider: &str) -> Option<String> {
            self.variable(&format!("key:{provider}"))
        }
    }

    fn server(base_url: &str) -> Server {
        Server { base_url: Some(base_url.to_owned()), ..Server::default() }
    }

    fn named(name: &str, server: Server) -> Servers {
        Servers { named: vec![(name.to_owned(), server)], ..Servers::default() }
    }

    #[track_caller]
    fn error(servers: &Servers, name: &str, expected: &str) {
        let error = servers.find(name, &Set(&[])).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_known_provider_needs_nothing_but_its_key() {
        let set = Set(&[("ANTHROPIC_API_KEY", "a"), ("OPENAI_API_KEY", "o")]);
        let found = Servers::default().find("anthropic/claude-opus-4-8", &set).unwrap();
        assert_eq!((found.api, found.model.as_str()), (Api::Anthropic, "claude-opus-4-8"));
        assert_eq!(found.place.base.as_str(), "https://api.anthropic.com/");
        assert_eq!(found.place.key.as_deref(), Some("a"));
        assert_eq!(found.facts.window().unwrap().context, 1_000_000);
        let unknown = Servers::default().find("anthropic/claude-next", &set).unwrap();
        assert_eq!((unknown.facts, unknown.wishes), (Facts::default(), Wishes::default()));
        assert_eq!(found.place.key_words, "is the key right? It was taken from ANTHROPIC_API_KEY");
        let without = Servers::default().find("anthropic/x", &Set(&[])).unwrap().place;
        let words = "no key was sent: set ANTHROPIC_API_KEY, or store one by `quillon auth login anthropic`";
        assert_eq!((without.key, without.key_words.as_str()), (None, words));
        let stored = Set(&[("ANTHROPIC_API_KEY", "a"), ("key:anthropic", "s")]);
        let found = Servers::default().find("anthropic/x", &stored).unwrap();
        assert_eq!(found.place.key.as_deref(), Some("s"), "what was stored was chosen");
    }

    #[test]
    fn what_is_set_counts_before_what_is_known_and_keeps_its_keys_apart() {
        let set = Set(&[("ANTHROPIC_API_KEY", "a")]);
        let elsewhere = named("anthropic", server("http://proxy/x"));
        let found = elsewhere.find("anthropic/claude-opus-4-8", &set).unwrap();
        assert_eq!((found.place.base.as_str(), found.place.key), ("http://proxy/x", None));
        assert_eq!((found.api, found.facts.output), (Api::Anthropic, Some(128_000)));
        let nameless =
            Servers { nameless: Some(server("http://all")), ..named("mine", server("http://mine")) };
        let found = nameless.find("anthropic/claude-opus-4-8", &set).unwrap();
        assert_eq!((found.model.as_str(), found.place.key), ("anthropic/claude-opus-4-8", None));
        assert_eq!(nameless.find("mine/a/b", &set).unwrap().model, "a/b");
        assert_eq!(nameless.find("qwen3:8b", &set).unwrap().provider, None);
    }

    #[test]
    fn what_is_said_of_a_model_counts_before_what_is_known() {
        let effort = |word: &str| Said { effort: Some(word.to_owned()), ..Said::default() };
        let accepts = Some(Abilities::default());
        let facts = Facts { accepts, ..Facts::default() };
        let said = Said { facts, output_tokens: Some(900_000), ..effort("max") };
        let models = vec![("claude-opus-4-8".to_owned(), said)];
        let servers = named("anthropic", Server { all: effort("low"), models, ..Server::default() });
        let found = servers.find("anthropic/claude-opus-4-8", &Set(&[])).unwrap();
        assert_eq!((found.facts.accepts, found.facts.context), (accepts, Some(1_000_000)));
        assert_eq!((found.wishes.effort, found.wishes.told), (Some(Effort::Max), Told::Word));
        assert_eq!(found.wishes.output_tokens, Some(128_000), "no more than the model can");
        let effort = |name: &str| servers.find(name, &Set(&[])).unwrap().wishes.effort;
        assert_eq!(effort("anthropic/claude-opus-4-8#high"), Some(Effort::High));
        assert_eq!(effort("anthropic/x"), Some(Effort::Low));
        let tokens = servers.find("anthropic/claude-haiku-4-5#high", &Set(&[])).unwrap();
        assert_eq!(tokens.wishes.told, Told::Tokens);
    }

    #[test]
    fn an_address_may_need_the_environment() {
        error(&Servers::default(), "bedrock/x", "set AWS_REGION, or `providers.bedrock.base_url`");
        let found = Servers::default().find("bedrock/x", &Set(&[("AWS_REGION", "eu-1")])).unwrap();
        assert_eq!(found.place.base.as_str(), "https://bedrock-runtime.eu-1.amazonaws.com/");
        let azure = Set(&[("AZURE_RESOURCE_NAME", "r"), ("AZURE_API_KEY", "k")]);
        let found = Servers::default().find("azure/my-deployment", &azure).unwrap();
        assert_eq!(found.place.headers(|_| panic!()), [("api-key".to_owned(), "k".to_owned())]);
    }

    #[test]
    fn errors_say_what_to_do() {
        let none = Servers::default();
        error(&none, "gpt", "model `gpt` needs a server, and none is set. ");
        error(
            &none,
            "claude-opus-4-8",
            "which provider's `claude-opus-4-8` is meant? There is `anthropic/claude-opus-4-8`",
        );
        error(&none, "nobody/x", "needs a server");
        error(
            &none,
            "anthropic/claude-opus-4-8#huge",
            "`huge` is no effort of a model; there are: none, minimal, low",
        );
        error(
            &none,
            "anthropic/claude-opus-4-8#minimal",
            "knows no effort `minimal`; it knows: low, medium, high, xhigh, max",
        );
        error(&named("mine", Server::default()), "mine/x", "`providers.mine.base_url` is not set");
        error(&named("mine", server("ftp://x")), "mine/x", "must begin with http");
        error(&named("mine", server("nonsense")), "mine/x", "is no address");
        let api = Server { api: Some("soap".into()), ..server("http://x") };
        error(&named("mine", api), "mine/x", "`soap` is no interface of a model server");
        let socks = Server { proxy: Some("socks5://x".into()), ..server("http://x") };
        error(&named("mine", socks), "mine/x", "the proxy `socks5://x` must begin with");
    }

    #[test]
    fn nothing_leaves_this_machine_where_that_is_set() {
        let local = Servers { local_only: true, ..named("mine", server("http://192.168.0.7/v1")) };
        error(&local, "mine/x", "is not on this machine, and `local_only`");
        error(&local, "openai/gpt-5.4", "`local_only`");
        for name in ["ollama/qwen3:8b", "lmstudio/x", "llamacpp/x", "vllm/x"] {
            assert!(local.find(name, &Set(&[])).is_ok(), "{name}");
        }
        let server = server("http://localhost.example.com");
        error(
            &Servers { local_only: true, nameless: Some(server), ..Servers::default() },
            "x",
            "`local_only`",
        );
    }

    #[test]
    fn chosen_is_what_is_set_or_stored_and_not_what_has_a_key() {
        let servers = named("mine", server("http://x"));
        let set = Set(&[("OPENAI_API_KEY", "o"), ("XAI_API_KEY", "x"), ("key:groq", "g")]);
        assert_eq!(servers.chosen(&set), ["mine", "groq"]);
        let model = Some("openai/gpt-5#low".to_owned());
        assert_eq!(Servers { model, ..Servers::default() }.chosen(&set), ["openai", "groq"]);
        assert_eq!(Servers::default().chosen(&Set(&[])), [""; 0]);
        let empty = Servers { nameless: Some(server("http://all")), ..Servers::default() };
        assert!(empty.find("#high", &Set(&[])).unwrap_err().contains("without a name"));
    }
}

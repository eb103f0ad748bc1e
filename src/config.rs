//! The settings: `quillon.jsonc` of the user and of the project, and the environment.

pub mod load;

use serde_json::Value;

use crate::policy::Mode;

/// Whether a file could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sound {
    /// It could, or there is none.
    #[default]
    Yes,
    /// It could not, so rules in it are not known.
    No,
}

/// What the user's file says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// Whether it could be read.
    pub sound: Sound,
    /// The model that is used when none is named.
    pub model: Option<String>,
    /// The model that finds titles; none finds them where it is not said.
    pub small_model: Option<String>,
    /// The server that answers for models without a provider's name.
    pub provider: Option<Provider>,
    /// Further ones, by the names that stand in front of their models'.
    pub providers: Vec<(String, Provider)>,
    /// The models that take the place of one which cannot be reached, in their order.
    pub fallback_models: Vec<String>,
    /// Nothing is sent to any machine but this one.
    pub local_only: bool,
    /// Variables of the environment that commands get beside the usual ones.
    pub pass_environment: Vec<String>,
    /// What a turn may spend before the user is asked.
    pub budget: Budget,
    /// The mode of new sessions.
    pub mode: Option<Mode>,
    /// Permission rules in OpenCode's form, in their order.
    pub permission: Option<Value>,
    /// What the user should hear about the file.
    pub notices: Vec<String>,
}

/// What a turn may spend before the user is asked; what is absent has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Budget {
    /// Requests to the model.
    pub steps: Option<u32>,
    /// Tokens.
    pub tokens: Option<u64>,
    /// US dollars.
    pub cost: Option<f64>,
    /// Minutes, at most a year.
    pub minutes: Option<f64>,
}

/// A server with models. What is not said of one whose name is known is as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Provider {
    /// The word for how it is spoken to.
    pub api: Option<String>,
    /// Where it is, such as `http://localhost:11434/v1`.
    pub base_url: Option<String>,
    /// The environment variable that holds its key. Named here, it is used for this server alone.
    pub api_key_env: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// What connections to it go through.
    pub proxy: Option<String>,
    /// What holds for all its models.
    pub all: ModelSettings,
    /// Models of which something else is known, by their names.
    pub models: Vec<(String, ModelSettings)>,
}

/// What is said of a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelSettings {
    /// The word for how much it is to think.
    pub effort: Option<String>,
    /// What it accepts beside words.
    pub accepts: Option<Accepts>,
    /// Tokens of a request and its answer together.
    pub context_tokens: Option<u64>,
    /// The longest answer, in tokens.
    pub output_tokens: Option<u64>,
    /// What its tokens cost.
    pub price: Option<Price>,
}

/// Dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Price {
    /// Of input.
    pub input: f64,
    /// Of output.
    pub output: f64,
    /// Of input from the cache.
    pub cache_read: Option<f64>,
    /// Of input into the cache.
    pub cache_write: Option<f64>,
}

/// What a model accepts beside words: nothing, where nobody says that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepts {
    /// Images.
    pub images: bool,
    /// PDF documents.
    pub pdf: bool,
}

impl Accepts {
    /// From its words; the error is one that is none.
    pub fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, String> {
        let mut accepts = Self::default();
        for word in words {
            match word {
                "images" => accepts.images = true,
                "pdf" => accepts.pdf = true,
                other => return Err(other.to_owned()),
            }
        }
        Ok(accepts)
    }
}

/// What a project's file may say: it can only make things stricter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProjectConfig {
    /// Whether it could be read.
    pub sound: Sound,
    /// A mode that counts where it is stricter than the user's.
    pub mode: Option<Mode>,
    /// Permission rules; those that allow do not count.
    pub permission: Option<Value>,
    /// What the user should hear about the file.
    pub notices: Vec<String>,
}

/// The server in force for models without a provider's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Nameless {
    /// Where it is, and what is said of it.
    pub provider: Provider,
    /// Its key, where the environment has one for it beside the variable that the provider names.
    pub key: Option<String>,
}

/// Which server counts for models without a provider's name: the one of the environment, else that of the
/// file. `variable` reads the environment: `QUILLON_BASE_URL`, `QUILLON_API`, `QUILLON_EFFORT`,
/// `QUILLON_API_KEY`, and `QUILLON_ACCEPTS` (of which words that are none do not count). A key goes to the
/// server it was set for and nowhere else.
pub fn nameless(config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Option<Nameless> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let mut provider = match set("QUILLON_BASE_URL") {
        Some(base_url) => Provider { base_url: Some(base_url), ..Provider::default() },
        None => config.provider.clone()?,
    };
    provider.api = set("QUILLON_API").or(provider.api);
    provider.all.effort = set("QUILLON_EFFORT").or(provider.all.effort);
    if let Some(words) = set("QUILLON_ACCEPTS") {
        let words: Vec<&str> = words.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        let accepts = Accepts { images: words.contains(&"images"), pdf: words.contains(&"pdf") };
        provider.all.accepts = Some(accepts);
        provider.models.iter_mut().for_each(|(_, model)| model.accepts = None);
    }
    Some(Nameless { provider, key: set("QUILLON_API_KEY") })
}

/// The model that is used when none is named: that of `QUILLON_MODEL`, else that of the file.
pub fn model(config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    variable("QUILLON_MODEL").filter(|name| !name.trim().is_empty()).or_else(|| config.model.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(config: &Config, variables: &[(&str, &str)]) -> Option<Nameless> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        nameless(config, &find)
    }

    fn of_file() -> Provider {
        Provider {
            base_url: Some("http://file".into()),
            api_key_env: Some("FILE_KEY".into()),
            headers: vec![("x".into(), "y".into())],
            ..Provider::default()
        }
    }

    #[test]
    fn the_environment_counts_before_the_file_and_keys_stay_with_their_server() {
        let config = Config { provider: Some(of_file()), ..Config::default() };
        let by_file = chosen(&config, &[("OPENAI_API_KEY", "other")]).unwrap();
        assert_eq!((by_file.provider, by_file.key), (of_file(), None));
        let by_both = chosen(&config, &[("QUILLON_BASE_URL", "http://env")]).unwrap();
        assert_eq!(by_both.provider.base_url.as_deref(), Some("http://env"));
        assert_eq!((by_both.provider.api_key_env, by_both.provider.headers), (None, Vec::new()));
        let key = chosen(&config, &[("QUILLON_API_KEY", "mine"), ("QUILLON_API", "gemini")]).unwrap();
        assert_eq!((key.key.as_deref(), key.provider.api.as_deref()), (Some("mine"), Some("gemini")));
        assert_eq!(chosen(&Config::default(), &[("QUILLON_API_KEY", "mine")]), None);
        assert_eq!(chosen(&Config::default(), &[("QUILLON_BASE_URL", " ")]), None);
    }

    #[test]
    fn what_models_accept_is_said_by_the_file_or_by_the_environment() {
        let images = Accepts { images: true, pdf: false };
        let said = |accepts| ModelSettings { accepts: Some(accepts), ..ModelSettings::default() };
        let models = vec![("m".into(), said(Accepts::default()))];
        let provider = Provider { all: said(images), models, ..of_file() };
        let config = Config { provider: Some(provider.clone()), ..Config::default() };
        assert_eq!(chosen(&config, &[]).unwrap().provider, provider);
        let both = chosen(&config, &[("QUILLON_ACCEPTS", "pdf, images, smells")]).unwrap().provider;
        assert_eq!(both.all.accepts, Some(Accepts { images: true, pdf: true }));
        assert_eq!(both.models[0].1.accepts, None);
        let elsewhere = chosen(&config, &[("QUILLON_BASE_URL", "http://env")]).unwrap().provider;
        assert_eq!((elsewhere.all.accepts, elsewhere.models.len()), (None, 0));
    }

    #[test]
    fn the_model_of_the_environment_counts_before_that_of_the_file() {
        let config = Config { model: Some("file".into()), ..Config::default() };
        assert_eq!(model(&config, &|_| None).as_deref(), Some("file"));
        assert_eq!(model(&config, &|_| Some("env".into())).as_deref(), Some("env"));
        assert_eq!(model(&config, &|_| Some(" ".into())).as_deref(), Some("file"));
    }
}

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
    /// The server that answers for it.
    pub provider: Option<Provider>,
    /// The mode of new sessions.
    pub mode: Option<Mode>,
    /// Permission rules in OpenCode's form, in their order.
    pub permission: Option<Value>,
    /// What the user should hear about the file.
    pub notices: Vec<String>,
}

/// A server with models.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provider {
    /// The word for how it is spoken to.
    pub api: Option<String>,
    /// The word for how much its models are to think.
    pub effort: Option<String>,
    /// The longest answer, in tokens.
    pub output_tokens: Option<u64>,
    /// Where it is, such as `http://localhost:11434/v1`.
    pub base_url: String,
    /// The environment variable that holds its key. Named here, it is used for this server alone.
    pub api_key_env: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// What its models accept beside words.
    pub accepts: Accepts,
    /// Models of which something else is known, by their names.
    pub models: Vec<(String, Accepts)>,
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

/// The server in force: the environment over the user's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenServer {
    /// The word for how it is spoken to.
    pub api: Option<String>,
    /// The word for how much its models are to think.
    pub effort: Option<String>,
    /// The longest answer, in tokens.
    pub output_tokens: Option<u64>,
    /// Where it is.
    pub base_url: String,
    /// The model that is used when none is named.
    pub model: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// What its models accept beside words.
    pub accepts: Accepts,
    /// Models of which something else is known, by their names.
    pub models: Vec<(String, Accepts)>,
}

/// Which server and key count. `variable` reads the environment: `QUILLON_BASE_URL`,
/// `QUILLON_MODEL`, `QUILLON_API`, `QUILLON_EFFORT`, `QUILLON_API_KEY`, `QUILLON_ACCEPTS` (of which words that
/// are none do not count), and the variable which the file names for its own server. A key goes to the server it was set for and
/// nowhere else.
pub fn server(config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Option<ChosenServer> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let model = set("QUILLON_MODEL").or_else(|| config.model.clone());
    let key = set("QUILLON_API_KEY");
    let said = set("QUILLON_ACCEPTS").map(|words| {
        let words: Vec<&str> = words.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        Accepts { images: words.contains(&"images"), pdf: words.contains(&"pdf") }
    });
    let (api, effort) = (set("QUILLON_API"), set("QUILLON_EFFORT"));
    if let Some(base_url) = set("QUILLON_BASE_URL") {
        let (accepts, models) = (said.unwrap_or_default(), Vec::new());
        let (headers, output_tokens) = (Vec::new(), None);
        return Some(ChosenServer {
            api,
            effort,
            output_tokens,
            base_url,
            model,
            key,
            headers,
            accepts,
            models,
        });
    }
    let provider = config.provider.as_ref()?;
    let named = provider.api_key_env.as_deref().and_then(set);
    let (base_url, headers) = (provider.base_url.clone(), provider.headers.clone());
    let (accepts, models) = match said {
        Some(said) => (said, Vec::new()),
        None => (provider.accepts, provider.models.clone()),
    };
    Some(ChosenServer {
        api: api.or_else(|| provider.api.clone()),
        effort: effort.or_else(|| provider.effort.clone()),
        output_tokens: provider.output_tokens,
        base_url,
        model,
        key: key.or(named),
        headers,
        accepts,
        models,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(config: &Config, variables: &[(&str, &str)]) -> Option<ChosenServer> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        server(config, &find)
    }

    #[test]
    fn the_environment_counts_before_the_file_and_keys_stay_with_their_server() {
        let provider = Provider {
            base_url: "http://file".into(),
            api_key_env: Some("FILE_KEY".into()),
            headers: vec![("x".into(), "y".into())],
            ..Provider::default()
        };
        let config = Config { model: Some("file".into()), provider: Some(provider), ..Config::default() };
        let keys = [("FILE_KEY", "secret"), ("OPENAI_API_KEY", "other")];
        let by_file = chosen(&config, &keys).unwrap();
        assert_eq!((by_file.base_url.as_str(), by_file.key.as_deref()), ("http://file", Some("secret")));
        let by_both = chosen(&config, &[("QUILLON_BASE_URL", "http://env"), keys[0]]).unwrap();
        assert_eq!((by_both.base_url.as_str(), by_both.key), ("http://env", None));
        assert!(by_both.headers.is_empty());
        assert_eq!(chosen(&Config::default(), &keys), None);
        let empty = [("QUILLON_BASE_URL", " ")];
        assert_eq!(chosen(&Config::default(), &empty), None);
    }

    #[test]
    fn what_models_accept_is_said_by_the_file_or_by_the_environment() {
        let images = Accepts { images: true, pdf: false };
        let provider = Provider {
            base_url: "http://file".into(),
            accepts: images,
            models: vec![("m".into(), Accepts::default())],
            ..Provider::default()
        };
        let config = Config { provider: Some(provider), ..Config::default() };
        let by_file = chosen(&config, &[]).unwrap();
        assert_eq!((by_file.accepts, by_file.models.len()), (images, 1));
        let both = Accepts { images: true, pdf: true };
        let by_both = chosen(&config, &[("QUILLON_ACCEPTS", "pdf, images, smells")]).unwrap();
        assert_eq!((by_both.accepts, by_both.models.len()), (both, 0));
        let elsewhere = chosen(&config, &[("QUILLON_BASE_URL", "http://env")]).unwrap();
        assert_eq!((elsewhere.accepts, elsewhere.models.len()), (Accepts::default(), 0));
    }
}

//! What models a server has: asked when the user wants to know, never by itself.

use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::exchange::{Place, bearer, versioned_endpoint};
use super::facts::Facts;
use super::failure::{Head, Refusal};
use super::servers::Found;
use super::{Api, exchange};
use crate::engine::model::{ModelError, Price, Rates};
use crate::limits;
use crate::os::http::{Http, Post, Url};

/// A model as its server lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its name there.
    pub name: String,
    /// What the server says of it.
    pub facts: Facts,
    /// What the user should know of it.
    pub note: Option<String>,
}

/// The models of the server of `found`, as it lists them. Waits for `limits::LISTING_WAIT` at most.
pub async fn list(http: &Http, found: &Found) -> Result<Vec<Listed>, ModelError> {
    let asked = found.place.asked(String::new());
    match timeout(limits::LISTING_WAIT, ask(http, found)).await {
        Ok(listed) => listed,
        Err(_) => Err(asked.silent(limits::LISTING_WAIT)),
    }
}

async fn ask(http: &Http, found: &Found) -> Result<Vec<Listed>, ModelError> {
    let place = &found.place;
    let (url, headers) = match found.api {
        Api::Chat | Api::Responses => (under(&place.base, &["models"]), place.headers(bearer)),
        Api::Anthropic => {
            let mut headers = place.headers(|key| ("x-api-key", key.to_owned()));
            headers.push(("anthropic-version".to_owned(), super::anthropic::VERSION.to_owned()));
            (more(versioned_endpoint(place.base.clone(), "v1", &["models"]), "limit"), headers)
        }
        Api::Gemini => {
            let headers = place.headers(|key| ("x-goog-api-key", key.to_owned()));
            (more(versioned_endpoint(place.base.clone(), "v1beta", &["models"]), "pageSize"), headers)
        }
        // Its runtime lists nothing, and what lists them takes other credentials.
        Api::Bedrock => return Ok(Vec::new()),
    };
    let value = get(http, place, url, &headers).await?;
    let mut listed = read(&value);
    if listed.is_empty() && !value.is_object() && !value.is_array() {
        return Err(place.asked(String::new()).not_understood("it is no list of models"));
    }
    if crate::os::http::is_this_machine(&place.base) {
        probe(http, place, &mut listed).await;
    }
    listed.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(listed)
}

async fn get(
    http: &Http,
    place: &Place,
    url: Url,
    headers: &[(String, String)],
) -> Result<Value, ModelError> {
    let asked = place.asked(String::new());
    let mut response = http.get(url, headers).await.map_err(|failure| asked.unreached(&failure))?;
    let body = response.body(limits::LISTING_BYTES_MAX).await.map_err(|failure| asked.unreached(&failure))?;
    match response.status() {
        200 => serde_json::from_slice(&body).map_err(|_| asked.not_understood("it is no JSON")),
        status => Err(asked.refused(Refusal { status, head: Head::default(), body: &body })),
    }
}

/// An address beside the ones for conversations.
fn under(base: &Url, segments: &[&str]) -> Url {
    let mut base = base.clone();
    for tail in ["/chat/completions", "/responses"] {
        if let Some(path) = base.path().strip_suffix(tail).map(str::to_owned) {
            base.set_path(&path);
        }
    }
    exchange::endpoint(base, segments)
}

/// As many at once as such servers give.
fn more(mut url: Url, parameter: &str) -> Url {
    url.query_pairs_mut().append_pair(parameter, "1000");
    url
}

/// A row of any of the lists in use: what a server may leave out is an option.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    id: Option<String>,
    name: Option<String>,
    // OpenRouter, Mistral, Groq, vLLM, LM Studio, in this order.
    context_length: Option<u64>,
    max_context_length: Option<u64>,
    context_window: Option<u64>,
    max_model_len: Option<u64>,
    loaded_context_length: Option<u64>,
    // Anthropic.
    max_input_tokens: Option<u64>,
    max_tokens: Option<u64>,
    // Groq.
    max_completion_tokens: Option<u64>,
    // Gemini.
    #[serde(rename = "inputTokenLimit")]
    input_token_limit: Option<u64>,
    #[serde(rename = "outputTokenLimit")]
    output_token_limit: Option<u64>,
    #[serde(rename = "supportedGenerationMethods")]
    methods: Option<Vec<String>>,
    // OpenRouter: dollars for one token, as texts.
    pricing: Option<Pricing>,
    // LM Studio and Together: what kind of model it is.
    r#type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pricing {
    prompt: Option<Value>,
    completion: Option<Value>,
    input_cache_read: Option<Value>,
    input_cache_write: Option<Value>,
}

fn read(value: &Value) -> Vec<Listed> {
    let rows = value.get("data").or_else(|| value.get("models")).unwrap_or(value);
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().filter_map(|row| Row::deserialize(row).ok()).filter_map(Row::listed).collect()
}

impl Row {
    fn listed(self) -> Option<Listed> {
        let writes = self
            .methods
            .as_ref()
            .is_none_or(|methods| methods.iter().any(|method| method == "generateContent"));
        let speaks = self
            .r#type
            .as_deref()
            .is_none_or(|kind| !matches!(kind, "embeddings" | "embedding" | "image" | "audio"));
        if !writes || !speaks {
            return None;
        }
        // Gemini calls by `name` what others call by `id`.
        let name = self.id.or(self.name)?;
        let name = name.strip_prefix("models/").unwrap_or(&name).to_owned();
        let context = [
            self.loaded_context_length,
            self.context_length,
            self.context_window,
            self.max_model_len,
            self.max_context_length,
        ];
        let price = self.pricing.and_then(|pricing| {
            let dollars = |value: Option<Value>| {
                let one = value.as_ref()?;
                let one = one.as_f64().or_else(|| one.as_str()?.parse().ok())?;
                (one >= 0.0).then_some(one * 1e6)
            };
            let (input, output) = (dollars(pricing.prompt)?, dollars(pricing.completion)?);
            let (cache_read, cache_write) =
                (dollars(pricing.input_cache_read), dollars(pricing.input_cache_write));
            Some(Price { rates: Rates { input, output, cache_read, cache_write }, over: None })
        });
        let facts = Facts {
            context: context.into_iter().flatten().find(|tokens| *tokens > 0),
            input: self.max_input_tokens.or(self.input_token_limit),
            output: self.max_completion_tokens.or(self.output_token_limit).or(self.max_tokens),
            price,
            ..Facts::default()
        };
        Some(Listed { name, facts, note: None })
    }
}

/// What servers on this machine tell of themselves beside the list: how much really fits, which is seldom as
/// much as the model could. Who does not answer is another program.
async fn probe(http: &Http, place: &Place, listed: &mut [Listed]) {
    let at = |path: &str| {
        let mut url = place.base.clone();
        url.set_path(path);
        url
    };
    // llama.cpp.
    if let Ok(props) = get(http, place, at("/props"), &[]).await
        && let Some(context) = props.pointer("/default_generation_settings/n_ctx").and_then(Value::as_u64)
    {
        listed.iter_mut().for_each(|model| model.facts.context = Some(context));
        return;
    }
    // LM Studio.
    if let Ok(own) = get(http, place, at("/api/v0/models"), &[]).await {
        for own in read(&own) {
            if let Some(model) = listed.iter_mut().find(|model| model.name == own.name) {
                model.facts.context = own.facts.context.or(model.facts.context);
            }
        }
        return;
    }
    // Ollama: what is loaded has its length; what is not gets the server's default, which it does not tell.
    let Ok(loaded) = get(http, place, at("/api/ps"), &[]).await else { return };
    let loaded = read_loaded(&loaded);
    for model in listed.iter_mut().take(limits::LISTING_PROBES_MAX) {
        let body = serde_json::json!({"model": model.name}).to_string().into_bytes();
        let trained = match http.post(Post { url: at("/api/show"), headers: Vec::new(), body }).await {
            Ok(mut response) => {
                let body = response.body(limits::LISTING_BYTES_MAX).await.unwrap_or_default();
                serde_json::from_slice(&body).ok().and_then(|shown: Value| trained_context(&shown))
            }
            Err(_) => None,
        };
        model.facts.context =
            loaded.iter().find(|(name, _)| *name == model.name).map(|(_, context)| *context);
        model.note = Some(match (model.facts.context, trained) {
            (Some(now), Some(could)) if now < could => {
                format!(
                    "cuts what is longer without a word; it could hold {could}: set OLLAMA_CONTEXT_LENGTH for its server"
                )
            }
            (Some(_), _) => continue,
            (None, could) => {
                let could =
                    could.map(|could| format!(" of the {could} that it could hold")).unwrap_or_default();
                format!(
                    "Ollama gives it OLLAMA_CONTEXT_LENGTH tokens{could}, and cuts what is longer without a word"
                )
            }
        });
    }
}

fn read_loaded(value: &Value) -> Vec<(String, u64)> {
    let models = value.get("models").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read = |model: &Value| {
        Some((model.get("name")?.as_str()?.to_owned(), model.get("context_length")?.as_u64()?))
    };
    models.iter().filter_map(read).collect()
}

/// `model_info` has it below the name of the architecture.
fn trained_context(shown: &Value) -> Option<u64> {
    let info = shown.get("model_info")?.as_object()?;
    info.iter().find(|(key, _)| key.ends_with(".context_length"))?.1.as_u64()
}

#[cfg(test)]
mod tests;

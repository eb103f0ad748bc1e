//! `quillon models`: what models there are: asked of their servers, with what is known of them.

use std::process::ExitCode;

use clap::Args;
use futures::future::join_all;
use serde_json::json;

use super::print;
use crate::daemon::{Choices, Daemon};
use crate::engine::model::{ErrorKind, Price};
use crate::os::http::Http;
use crate::providers::catalogue;
use crate::providers::facts::Facts;
use crate::providers::listing::{self, Listed};
use crate::providers::servers::{Found, Lookup};
use crate::text::clean;

/// Of whom, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "Asked are the providers that you have chosen (by a setting, a model, or a key that you stored), \
                        and servers on this machine (Ollama, LM Studio, llama.cpp, vLLM). Nobody else is, also where \
                        a key for them is in the environment, and nobody at all by `--offline`: then the catalogue is \
                        listed that Quillon brings along."
)]
pub(super) struct ModelsArgs {
    /// Only the models of this provider, such as `anthropic` or `ollama`.
    provider: Option<String>,
    /// Ask no server; list what the catalogue knows.
    #[arg(long)]
    offline: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// A provider and its models, or why there are none.
struct Answered {
    /// None for the server without a name.
    provider: Option<String>,
    models: Result<Vec<Listed>, Silence>,
}

/// Why a provider lists nothing.
enum Silence {
    /// There is no such server on this machine.
    NotThere,
    /// Something the user should hear.
    Told(String),
}

pub(super) fn main(args: ModelsArgs) -> Result<ExitCode, String> {
    let daemon = Daemon::new(Choices::default())?;
    daemon.run(async |daemon| {
        let wanted = wanted(daemon, &args);
        let answered = join_all(wanted.into_iter().map(|(provider, found)| async {
            let models = if args.offline {
                Ok(known(provider.as_deref()))
            } else {
                listed(found, provider.as_deref()).await
            };
            Answered { provider, models }
        }));
        show(daemon, answered.await, &args)
    })
}

/// The providers to ask, and how each is reached.
fn wanted(daemon: &Daemon, args: &ModelsArgs) -> Vec<(Option<String>, Result<Found, String>)> {
    let (servers, keys) = (daemon.servers(), daemon.keys());
    let names: Vec<Option<String>> = match (&args.provider, args.offline) {
        (Some(only), _) => vec![Some(only.clone())],
        (None, true) => catalogue::presets().map(|preset| Some(preset.id)).collect(),
        (None, false) => {
            let nameless = servers.nameless.iter().map(|_| None);
            let mut chosen = servers.chosen(&**keys);
            let local = catalogue::presets().filter(|preset| preset.local).map(|preset| preset.id);
            let local: Vec<String> = local.filter(|id| !chosen.contains(id)).collect();
            chosen.extend(local);
            nameless.chain(chosen.into_iter().map(Some)).collect()
        }
    };
    let reached = |name: Option<String>| {
        let found = servers.provider(name.as_deref(), &**keys);
        (name, found)
    };
    names.into_iter().map(reached).collect()
}

async fn listed(found: Result<Found, String>, provider: Option<&str>) -> Result<Vec<Listed>, Silence> {
    let found = found.map_err(Silence::Told)?;
    let http = found.proxy.clone().map_or_else(Http::default, Http::through);
    let local = provider.and_then(catalogue::provider).is_some_and(|preset| preset.local);
    let said = |name: &str| {
        let of_model = found.said.iter().find(|(known, _)| known == name);
        of_model.map(|(_, facts)| facts.clone()).unwrap_or_default()
    };
    let mut models = listing::list(&http, &found).await.map_err(|error| match error.kind {
        ErrorKind::Network if local => Silence::NotThere,
        _ => Silence::Told(error.message),
    })?;
    if models.is_empty() {
        models = known(provider);
    }
    for model in &mut models {
        let known = provider.and_then(|provider| catalogue::model(provider, &model.name)).unwrap_or_default();
        model.facts = std::mem::take(&mut model.facts).or(said(&model.name)).or(known);
    }
    Ok(models)
}

/// What the catalogue knows.
fn known(provider: Option<&str>) -> Vec<Listed> {
    let models = provider.into_iter().flat_map(catalogue::models);
    models.map(|(name, facts)| Listed { name, facts, note: None }).collect()
}

fn show(daemon: &Daemon, answered: Vec<Answered>, args: &ModelsArgs) -> Result<ExitCode, String> {
    let chosen = daemon.servers().model;
    let mut text = String::new();
    let mut status = ExitCode::SUCCESS;
    for Answered { provider, models } in &answered {
        let who = provider.as_deref().unwrap_or("the server of QUILLON_BASE_URL or `provider`");
        match models {
            Ok(models) if models.is_empty() && args.provider.is_some() => {
                return Err(match args.offline {
                    true => format!(
                        "the catalogue has no models of `{who}`; without `--offline` its server is asked"
                    ),
                    false => format!("{who} lists no models"),
                });
            }
            Ok(models) => {
                for model in models {
                    let name = match provider {
                        Some(provider) => format!("{provider}/{}", model.name),
                        None => model.name.clone(),
                    };
                    let is_chosen = chosen.as_ref() == Some(&name);
                    text.push_str(&if args.json {
                        as_json(&name, model)
                    } else {
                        line(&name, model, is_chosen)
                    });
                    text.push('\n');
                }
            }
            Err(Silence::NotThere) if args.provider.is_none() => {}
            Err(Silence::NotThere) => {
                return Err(format!("nothing answers there: is {who} running on this machine?"));
            }
            Err(Silence::Told(why)) if args.provider.is_some() => return Err(why.clone()),
            Err(Silence::Told(why)) => {
                status = ExitCode::FAILURE;
                anstream::eprintln!("quillon: {who}: {why}");
            }
        }
    }
    if text.is_empty() && !args.json {
        text = "no models: no provider is chosen, and no server answers on this machine\n".into();
    }
    if args.provider.is_none() && !args.json {
        text.push_str(&others(daemon));
    }
    print(&text)?;
    Ok(status)
}

/// The providers that could be asked as well.
fn others(daemon: &Daemon) -> String {
    let keys = daemon.keys();
    let chosen = daemon.servers().chosen(&**keys);
    let others = catalogue::presets().filter(|preset| !preset.local && !chosen.contains(&preset.id));
    let (mut with_key, mut without) = (Vec::new(), Vec::new());
    for preset in others {
        match preset.keys.iter().find(|key| keys.variable(key).is_some()) {
            Some(key) => with_key.push(format!("{} ({key})", preset.id)),
            None => without.push(preset.id),
        }
    }
    let mut text = String::new();
    if !with_key.is_empty() {
        text.push_str(&format!(
            "\nNot chosen, and not asked, though a key is there: {}. `quillon models NAME` asks one.\n",
            with_key.join(", ")
        ));
    }
    if !without.is_empty() {
        let names = without.join(", ");
        text.push_str(&format!("\nWithout a key here: {names}. `quillon auth login NAME` stores one.\n"));
    }
    text
}

fn line(name: &str, model: &Listed, is_chosen: bool) -> String {
    let Facts { accepts, efforts, .. } = &model.facts;
    let mut parts = Vec::new();
    if let Some(window) = model.facts.window() {
        parts.push(format!("{} tokens", thousands(window.context)));
    }
    let accepted = accepts.map(|accepts| [(accepts.images, "images"), (accepts.pdf, "pdf")]);
    parts.extend(
        accepted.into_iter().flatten().filter(|(accepted, _)| *accepted).map(|(_, word)| word.to_owned()),
    );
    if !efforts.is_empty() {
        let words: Vec<&str> = efforts.iter().map(|effort| effort.word()).collect();
        parts.push(format!("#{}", words.join(" #")));
    }
    parts.extend(model.facts.price.map(dollars));
    parts.extend(model.note.as_deref().map(|note| clean::for_terminal(note).into_owned()));
    let chosen = if is_chosen { "  (chosen)" } else { "" };
    format!("{:<44} {}{chosen}", clean::for_terminal(name), parts.join(", ")).trim_end().to_owned()
}

fn dollars(price: Price) -> String {
    let Price { rates, .. } = price;
    if rates.input == 0.0 && rates.output == 0.0 {
        return "free".to_owned();
    }
    format!("${} in, ${} out a million", rates.input, rates.output)
}

fn thousands(tokens: u64) -> String {
    match tokens {
        0..10_000 => tokens.to_string(),
        _ => format!("{}k", tokens / 1000),
    }
}

fn as_json(name: &str, model: &Listed) -> String {
    let Facts { accepts, efforts, price, date, .. } = &model.facts;
    let window = model.facts.window();
    let rates = price.map(|price| {
        let rates = price.rates;
        json!({"input": rates.input, "output": rates.output, "cacheRead": rates.cache_read, "cacheWrite": rates.cache_write})
    });
    let efforts: Vec<&str> = efforts.iter().map(|effort| effort.word()).collect();
    json!({
        "name": name,
        "contextTokens": window.map(|window| window.context),
        "outputTokens": window.and_then(|window| window.output).or(model.facts.output),
        "images": accepts.map(|accepts| accepts.images),
        "pdf": accepts.map(|accepts| accepts.pdf),
        "efforts": efforts,
        "price": rates,
        "asOf": date,
        "note": model.note,
    })
    .to_string()
}

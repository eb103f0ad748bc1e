//! `quillon auth`: the keys of model providers: stored, listed, forgotten.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::print;
use crate::daemon::{Choices, Daemon};
use crate::limits;
use crate::os::http::Http;
use crate::providers::servers::Lookup;
use crate::providers::{catalogue, listing, login};

/// What to do with keys.
#[derive(Debug, Args)]
pub(super) struct AuthArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Store the key of a provider; it counts before the provider's variable of the environment.
    ///
    /// The key is asked in the terminal, without showing it, or read from standard input.
    Login {
        /// Such as `anthropic`; `quillon auth list` has them all.
        provider: String,
        /// Get a key in the browser: OpenRouter makes one for you; GitHub asks for a code that is shown here.
        #[arg(long)]
        browser: bool,
        /// The id of an OAuth app of yours at GitHub, which `github-models --browser` needs.
        #[arg(long, value_name = "ID")]
        client_id: Option<String>,
        /// Where the login is, instead of the provider's own place: a GitHub Enterprise server, for example.
        #[arg(long, value_name = "URL")]
        at: Option<String>,
        /// Do not ask the provider whether it takes the key.
        #[arg(long)]
        unchecked: bool,
    },
    /// List the providers, and where the key of each comes from. No key is shown.
    List,
    /// Forget a stored key.
    Logout {
        /// Whose.
        provider: String,
    },
}

pub(super) fn main(args: AuthArgs) -> Result<ExitCode, String> {
    let daemon = Daemon::new(Choices::default())?;
    match args.what {
        What::List => list(&daemon),
        What::Logout { provider } => match daemon.keys().forget(&provider)? {
            true => print(&format!("the key of {provider} is forgotten\n")),
            false => Err(format!("no key of `{provider}` is stored")),
        },
        What::Login { provider, browser, client_id, at, unchecked } => {
            known(&daemon, &provider)?;
            daemon.run(async |daemon| {
                let key = match browser {
                    true => by_browser(&provider, client_id, at).await?,
                    false => typed(&provider)?,
                };
                store(daemon, &provider, &key, unchecked).await
            })
        }
    }
}

/// A key for a name that means nothing would never be used.
fn known(daemon: &Daemon, provider: &str) -> Result<(), String> {
    let named = daemon.servers().named.iter().any(|(name, _)| name == provider);
    if named || catalogue::provider(provider).is_some() {
        return Ok(());
    }
    let names: Vec<String> =
        catalogue::presets().filter(|preset| !preset.local).map(|preset| preset.id).collect();
    Err(format!(
        "no provider `{provider}` is known; there are: {}, and those of `providers` in quillon.jsonc",
        names.join(", ")
    ))
}

fn typed(provider: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("failed to read the key: {error}");
    let key = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Key of {provider} (it is not shown): ")).map_err(failed)?
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(failed)?;
        line
    };
    let key = key.trim();
    match key.is_empty() || key.contains(char::is_whitespace) {
        true => Err("that is no key: it is empty, or has blanks in it. Nothing is stored".into()),
        false => Ok(key.to_owned()),
    }
}

async fn by_browser(provider: &str, client_id: Option<String>, at: Option<String>) -> Result<String, String> {
    let http = Http::default();
    let show = |words: &str| anstream::eprintln!("{words}");
    match provider {
        "openrouter" => login::openrouter(&http, at.as_deref(), show).await,
        "github-models" => {
            let client = client_id.ok_or(
                "GitHub gives keys to OAuth apps only, and Quillon has none there: make one (Settings, Developer \
                 settings, OAuth Apps, with the device flow enabled), and give its id by --client-id; or store a \
                 personal access token with the permission `models: read` without --browser",
            )?;
            login::github(&http, at.as_deref(), &client, limits::LOGIN_POLL_PAUSE_MIN, show).await
        }
        _ => Err(format!("{provider} has no login in the browser; store its key without --browser")),
    }
}

async fn store(daemon: &Daemon, provider: &str, key: &str, unchecked: bool) -> Result<ExitCode, String> {
    let words = if unchecked {
        "it was not tried"
    } else {
        let nothing = |why| format!("{why}\nNothing is stored; --unchecked stores it anyway");
        check(daemon, provider, key).await.map_err(nothing)?;
        "the provider takes it"
    };
    daemon.keys().store(provider, key)?;
    print(&format!("the key of {provider} is stored in {}; {words}\n", daemon.keys().file()))
}

/// Whether the provider takes a key: asked for its models by it.
async fn check(daemon: &Daemon, provider: &str, key: &str) -> Result<(), String> {
    let found = daemon.servers().provider(Some(provider), &Given { daemon, provider, key })?;
    let http = found.proxy.clone().map_or_else(Http::default, Http::through);
    listing::list(&http, &found).await.map(|_| ()).map_err(|error| error.message)
}

/// As everywhere, but with this key as the stored one.
struct Given<'a> {
    daemon: &'a Daemon,
    provider: &'a str,
    key: &'a str,
}

impl Lookup for Given<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.daemon.keys().variable(name)
    }

    fn stored(&self, provider: &str) -> Option<String> {
        if provider == self.provider { Some(self.key.to_owned()) } else { None }
    }
}

fn list(daemon: &Daemon) -> Result<ExitCode, String> {
    let (keys, servers) = (daemon.keys(), daemon.servers());
    let stored = keys.providers()?;
    let mut text = String::new();
    let named = servers.named.iter().map(|(name, _)| name.clone());
    let presets = catalogue::presets().filter(|preset| !preset.local).map(|preset| preset.id);
    let mut names: Vec<String> = named.chain(presets).chain(stored.iter().cloned()).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    for name in names {
        let preset = catalogue::provider(&name);
        let variable = preset.iter().flat_map(|preset| &preset.keys).find(|key| keys.variable(key).is_some());
        let set = servers
            .named
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, server)| server.key.as_ref());
        let from = match (set.is_some(), stored.contains(&name), variable) {
            (true, _, _) => "its variable, named in quillon.jsonc".to_owned(),
            (false, true, _) => "stored".to_owned(),
            (false, false, Some(variable)) => format!("the variable {variable}"),
            (false, false, None) => "-".to_owned(),
        };
        text.push_str(
            format!("{name:<16} {from:<40} {}", preset.map(|preset| preset.docs).unwrap_or_default())
                .trim_end(),
        );
        text.push('\n');
    }
    print(&text)
}

//! `quillon auth`: the keys of model providers: stored, listed, forgotten.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::print;
use crate::daemon::{Choices, Daemon, Ring};
use crate::frontends::editor::{KeyOf, KeyRing, Whence};
use crate::limits;
use crate::os::http::Http;
use crate::providers::servers::Lookup;
use crate::providers::{listing, login};

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
            daemon.ring().known(&provider)?;
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
    Ring::sound(key)?;
    Ok(key.to_owned())
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
    let mut text = String::new();
    for KeyOf { provider, from, docs } in daemon.ring().providers()? {
        let from = match from {
            Whence::Settings => "its variable, named in quillon.jsonc".to_owned(),
            Whence::Handed => "handed over".to_owned(),
            Whence::Stored => "stored".to_owned(),
            Whence::Variable(variable) => format!("the variable {variable}"),
            Whence::Nowhere => "-".to_owned(),
        };
        text.push_str(format!("{provider:<16} {from:<40} {}", docs.unwrap_or_default()).trim_end());
        text.push('\n');
    }
    print(&text)
}

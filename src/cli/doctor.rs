//! `quillon doctor`: looks at everything that a turn needs, and says what to do where it is not right.

use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::daemon::{Choices, Daemon};
use crate::engine::ModelName;
use crate::limits;
use crate::os::env;
use crate::os::fs::{self, Durability};
use crate::os::http::{self, Http};
use crate::path::AbsPath;
use crate::providers::is_plain;
use crate::providers::listing::{self, Listed};
use crate::providers::servers::Found;
use crate::text::clean;

/// Of which model.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Look at this model instead of the one that is set.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Ask no server.
    #[arg(long)]
    offline: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// As it should be.
    Well,
    /// It works, and the user should know something.
    Doubtful,
    /// It does not work.
    Wrong,
}

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    text: String,
    wrong: bool,
}

impl Findings {
    fn note(&mut self, how: How, what: &str, words: &str) {
        let mark = match how {
            How::Well => "ok  ",
            How::Doubtful => "note",
            How::Wrong => "NO  ",
        };
        self.wrong |= how == How::Wrong;
        self.text.push_str(&format!("{mark}  {what:<10} {}\n", clean::for_terminal(words)));
    }
}

pub(super) fn main(args: &DoctorArgs) -> Result<ExitCode, String> {
    let mut findings = Findings::default();
    findings.note(How::Well, "program", concat!("quillon ", env!("CARGO_PKG_VERSION")));
    let daemon = Daemon::new(Choices { model: args.model.clone(), ..Choices::default() })?;
    daemon.run(async |daemon| {
        settings(daemon, &mut findings);
        state(daemon, &mut findings);
        shell(&mut findings);
        if let Some(found) = model(daemon, &mut findings) {
            key(&found, &mut findings);
            match args.offline {
                true => findings.note(How::Doubtful, "server", "not asked (--offline)"),
                false => server(&found, &mut findings).await,
            }
        }
        print(&findings.text)?;
        Ok(if findings.wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

fn settings(daemon: &Daemon, findings: &mut Findings) {
    let file = daemon.settings_file();
    match fs::look(&file) {
        Ok(_) => findings.note(How::Well, "settings", &file.to_string()),
        Err(_) => findings.note(How::Well, "settings", &format!("{file} (there is none, which is fine)")),
    }
    for notice in daemon.notices() {
        findings.note(How::Doubtful, "settings", notice);
    }
    if daemon.broken_rules().is_some() {
        findings.note(
            How::Wrong,
            "settings",
            "the permission rules cannot be read, so everything asks; repair them",
        );
    }
}

/// Sessions are written before anything is done, so nothing is done where they cannot be.
fn state(daemon: &Daemon, findings: &mut Findings) {
    let folder = daemon.state_folder();
    let tried = || {
        fs::create_private_folders(folder)?;
        let file = folder.join(format!("doctor-{}", std::process::id())).map_err(std::io::Error::other)?;
        fs::replace_private(&file, b"", Durability::Process)?;
        fs::remove_file(&file)
    };
    match tried() {
        Ok(()) => findings.note(How::Well, "sessions", &format!("kept in {folder}")),
        Err(error) => {
            let words = format!(
                "{folder} cannot be written: {error}; make it writable, or name another by QUILLON_STATE_DIR"
            );
            findings.note(How::Wrong, "sessions", &words);
        }
    }
}

/// Commands of the agent run in it.
fn shell(findings: &mut Findings) {
    let name = if cfg!(windows) { "cmd.exe" } else { "bash" };
    let path = env::var("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find_map(|folder| {
        let program = AbsPath::new(folder).ok()?.join(name).ok()?;
        fs::look(&program).ok().map(|_| program)
    });
    match found {
        Some(program) => findings.note(How::Well, "commands", &format!("run in {program}")),
        None => findings.note(
            How::Wrong,
            "commands",
            &format!("{name} is not on the path; install it, or the agent runs no commands"),
        ),
    }
}

fn model(daemon: &Daemon, findings: &mut Findings) -> Option<Found> {
    let name = match daemon.model() {
        Ok(name) => name,
        Err(why) => {
            findings.note(How::Wrong, "model", &why);
            return None;
        }
    };
    if is_plain(&name) {
        findings.note(How::Doubtful, "model", &format!("{name}, which is not an AI"));
        return None;
    }
    let found = daemon.found(&ModelName(name.clone()));
    let found = found.inspect_err(|why| findings.note(How::Wrong, "model", why)).ok()?;
    let mut words = format!("{name}, at {}", found.place.base);
    match found.facts.window() {
        Some(window) => words.push_str(&format!(", {} tokens", window.context)),
        None => words.push_str(", of unknown size (`context_tokens` of the model in quillon.jsonc says it)"),
    }
    let local = http::is_this_machine(&found.place.base);
    if found.facts.price.is_none() && !local {
        words.push_str(", of unknown price");
    }
    findings.note(How::Well, "model", &words);
    Some(found)
}

fn key(found: &Found, findings: &mut Findings) {
    let local = http::is_this_machine(&found.place.base);
    match (&found.place.key, local) {
        (Some(_), _) => {
            let from =
                found.place.key_words.split_once(" taken from ").map_or("the settings", |(_, from)| from);
            findings.note(How::Well, "key", &format!("from {from}"));
        }
        (None, true) => findings.note(How::Well, "key", "none, as servers on this machine mostly want it"),
        (None, false) => findings.note(How::Doubtful, "key", &found.place.key_words),
    }
}

async fn server(found: &Found, findings: &mut Findings) {
    let http = found.proxy.clone().map_or_else(Http::default, Http::through);
    match listing::list(&http, found).await {
        Err(error) => findings.note(How::Wrong, "server", &error.message),
        Ok(models) if models.is_empty() => {
            findings.note(How::Doubtful, "server", "it lists no models, so nothing of it could be tried");
        }
        Ok(models) => {
            findings.note(How::Well, "server", &format!("answers, and lists {} models", models.len()));
            listed(found, &models, findings);
        }
    }
}

/// Whether the model is one of those that the server has.
fn listed(found: &Found, models: &[Listed], findings: &mut Findings) {
    let Some(model) = models.iter().find(|model| is_it(&model.name, &found.model)) else {
        let some: Vec<&str> =
            models.iter().take(limits::DOCTOR_NAMES_MAX).map(|model| model.name.as_str()).collect();
        let words = format!(
            "`{}` is not among them; there are {} …: `quillon models` lists all",
            found.model,
            some.join(", ")
        );
        return findings.note(How::Wrong, "server", &words);
    };
    if let Some(note) = &model.note {
        findings.note(How::Doubtful, "server", &format!("{}: {note}", model.name));
    }
    if let (Some(real), Some(thought)) = (model.facts.window(), found.facts.window())
        && real.context < thought.context
    {
        let words = format!("it gives the model {} tokens, not {}", real.context, thought.context);
        findings.note(How::Doubtful, "server", &words);
    }
}

/// Ollama lists `m:latest` for `m`.
fn is_it(listed: &str, wanted: &str) -> bool {
    listed == wanted || listed.strip_suffix(":latest") == Some(wanted)
}

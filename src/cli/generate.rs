//! `quillon completions` and `quillon man`: made from the flags themselves.

use std::io::Write;
use std::process::ExitCode;

use clap_mangen::roff::{Roff, bold, roman};

use crate::config::load::{MODEL_KEYS, PROVIDER_KEYS, USER_KEYS};
use crate::os::dirs;

/// Prints the completions for a shell.
pub(super) fn completions(
    command: &mut clap::Command,
    shell: clap_complete::Shell,
) -> Result<ExitCode, String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, command, "quillon", &mut text);
    print(&text)
}

/// Prints the manual page, subcommands and theirs included; the exit statuses stand with `quillon run`.
pub(super) fn manual(command: clap::Command) -> Result<ExitCode, String> {
    let mut text = Vec::new();
    for page in pages(command, "quillon".to_owned()) {
        let page = clap_mangen::Man::new(page);
        page.render(&mut text).map_err(failed)?;
    }
    surroundings().to_writer(&mut text).map_err(failed)?;
    print(&text)
}

fn failed(error: std::io::Error) -> String {
    format!("failed to make the manual page: {error}")
}

/// Where things are kept, and what can be set, for this system and user.
fn surroundings() -> Roff {
    let folder = |found: std::io::Result<crate::path::AbsPath>| {
        found.map_or_else(|error| format!("({error})"), |folder| folder.to_string())
    };
    let (config, state) = (folder(dirs::config()), folder(dirs::state()));
    let files = [
        (format!("{config}/quillon.jsonc"), "your settings: JSON with comments".to_owned()),
        (
            "quillon.jsonc, .quillon/quillon.jsonc".to_owned(),
            "a project's settings, which can only make things stricter".to_owned(),
        ),
        (
            ".quillonignore".to_owned(),
            "in any folder of a project: files that are kept from models, in the form of .gitignore"
                .to_owned(),
        ),
        (format!("{state}/sessions"), "a folder for each session".to_owned()),
        (format!("{state}/quillon.log"), "the log".to_owned()),
    ];
    let settings = [
        (USER_KEYS.join(", "), "the keys of your settings".to_owned()),
        (PROVIDER_KEYS.join(", "), "those of provider and of each of providers in them".to_owned()),
        (
            MODEL_KEYS.join(", "),
            "those of each of models in a provider, and of a provider for all of its models".to_owned(),
        ),
    ];
    let variables = [
        ("QUILLON_BASE_URL, QUILLON_MODEL", "the model server and the model, before the settings"),
        ("QUILLON_API_KEY", "the key of this server"),
        ("QUILLON_API", "how it is spoken to: chat, responses, anthropic, bedrock or gemini"),
        ("QUILLON_EFFORT, QUILLON_ACCEPTS", "how much its models think; what they accept beside words"),
        ("QUILLON_CONFIG_DIR, QUILLON_STATE_DIR", "other folders for settings and sessions"),
        ("QUILLON_LOG", "how much is logged: off, error, warn, info (the default), debug or trace"),
    ];
    let variables = variables.map(|(name, meaning)| (name.to_owned(), meaning.to_owned()));
    let mut page = Roff::new();
    for (title, entries) in
        [("FILES", &files[..]), ("CONFIGURATION", &settings[..]), ("ENVIRONMENT", &variables[..])]
    {
        page.control("SH", [title]);
        for (name, meaning) in entries {
            page.control("TP", []).text([bold(name.as_str())]).text([roman(meaning.as_str())]);
        }
    }
    page
}

/// A command and those below it, each under its whole name.
fn pages(command: clap::Command, name: String) -> Vec<clap::Command> {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    let below: Vec<_> =
        below.flat_map(|below| pages(below.clone(), format!("{name} {}", below.get_name()))).collect();
    let page = command.display_name(name.clone()).bin_name(name);
    std::iter::once(page).chain(below).collect()
}

fn print(text: &[u8]) -> Result<ExitCode, String> {
    std::io::stdout().write_all(text).map_err(|error| format!("failed to write: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

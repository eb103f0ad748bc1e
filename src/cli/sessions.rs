//! `quillon sessions`: lists, shows and exports the sessions on this machine.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};

use super::print;
use crate::daemon::{self, Choices};
use crate::engine::journal::{OpenError, SessionInfo};
use crate::engine::{HostError, Seq, Session, SessionId};
use crate::frontends::export;
use crate::frontends::terminal::{self, Console, Format};
use crate::os::env;
use crate::text::clean;
use crate::workspace::NoBuffers;

/// What to do with the sessions; a list without a word.
#[derive(Debug, Args)]
pub(super) struct SessionsArgs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the sessions, the one active last first.
    List {
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
        /// Also those of other folders.
        #[arg(long)]
        all: bool,
    },
    /// Show what happened in a session; of a damaged one as much as can be read, with exit status 1.
    Show {
        /// Its id, or a beginning of it that fits no other.
        id: String,
        /// Print its events, one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print a session as one document; a damaged one as `show` does.
    Export {
        /// Its id, or a beginning of it that fits no other.
        id: String,
        /// The form.
        #[arg(long, default_value = "markdown")]
        format: ExportFormat,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExportFormat {
    /// For people.
    Markdown,
    /// All facts, for programs: the document that `agent/session/export` gives to editors.
    Json,
}

pub(super) fn main(args: SessionsArgs) -> Result<ExitCode, String> {
    let daemon = daemon::Daemon::new(Choices::default())?;
    daemon.run(async |daemon| match args.what.unwrap_or(What::List { json: false, all: false }) {
        What::List { json, all } => list(daemon, json, all).await,
        What::Show { id, json } => {
            let (id, recorder) = look(daemon, &id).await?;
            let format = if json { Format::Json } else { Format::Text };
            let mut console = Console::to_read_in(env::forget_typed);
            terminal::replay(&id, &recorder, Seq(0), &mut console, format)?;
            Ok(ExitCode::SUCCESS)
        }
        What::Export { id, format } => {
            let (id, recorder) = look(daemon, &id).await?;
            let text = match format {
                ExportFormat::Markdown => export::markdown(&recorder),
                ExportFormat::Json => export::json_at_rest(&id, &recorder),
            };
            let printed = print(&text.map_err(|error| format!("failed to read session {id}: {error}"))?)?;
            match recorder.halted() {
                Some(damaged) => Err(damaged),
                None => Ok(printed),
            }
        }
    })
}

async fn list(daemon: &daemon::Daemon, json: bool, all: bool) -> Result<ExitCode, String> {
    let here = daemon.here()?;
    let infos = infos(daemon).await?;
    let mut text = String::new();
    for info in infos.iter().filter(|info| all || info.cwd == here) {
        if json {
            text.push_str(&serde_json::to_string(info).map_err(|error| error.to_string())?);
        } else {
            let title = clean::for_terminal(&info.title);
            let turns = if info.turns == 1 { "turn" } else { "turns" };
            text.push_str(&format!("{}  {}  {:>3} {turns}  {title}", info.id, info.updated, info.turns));
            if all {
                text.push_str(&format!("  ({})", info.cwd));
            }
        }
        text.push('\n');
    }
    if text.is_empty() && !json {
        text = if all {
            "no sessions\n".into()
        } else {
            format!("no sessions in {here}; `quillon sessions list --all` lists those of other folders\n")
        };
    }
    print(&text)
}

/// The sessions that had a turn, the one active last first.
pub(super) async fn infos(daemon: &daemon::Daemon) -> Result<Vec<SessionInfo>, String> {
    let listed = daemon.host().list().await.map_err(|error| error.to_string())?;
    Ok(listed.into_iter().map(|(info, _)| info).filter(|info| info.turns > 0).collect())
}

/// The one session whose id begins so.
pub(super) async fn find(daemon: &daemon::Daemon, beginning: &str) -> Result<SessionId, String> {
    let listed = daemon.host().list().await.map_err(|error| error.to_string())?;
    let mut fitting = listed.into_iter().map(|(info, _)| info.id).filter(|id| id.0.starts_with(beginning));
    match (fitting.next(), fitting.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => Err(format!("several sessions begin with `{beginning}`; give more of the id")),
        (None, _) => {
            // One of which nothing can be read is in no list.
            let whole = SessionId(beginning.to_owned());
            match daemon.host().look(&whole).await {
                Err(HostError::Open(OpenError::Unknown(_))) => {
                    Err(format!("there is no session `{beginning}`; `quillon sessions list --all` shows all"))
                }
                Ok(_) | Err(_) => Ok(whole),
            }
        }
    }
}

/// What to do about the last session of this folder, which cannot be continued for that reason.
pub(super) async fn instead(daemon: &daemon::Daemon, last: &SessionId, why: &str) -> Result<String, String> {
    let here = daemon.here()?;
    let mut words = format!(
        "the last session of this folder cannot be continued: {why}\n`quillon sessions show {last}` shows what can \
         be read of it. "
    );
    for info in infos(daemon).await?.iter().filter(|info| info.cwd == here && info.id != *last) {
        let looked = daemon.host().look(&info.id).await;
        if looked.is_ok_and(|recorder| recorder.halted().is_none()) {
            let (id, title) = (&info.id, clean::for_terminal(&info.title));
            words.push_str(&format!(
                "The one before it that can be continued is \u{201c}{title}\u{201d} of {}: `quillon run -s {id} \u{2026}`",
                info.updated
            ));
            return Ok(words);
        }
    }
    words.push_str("There is no other to continue here; without `-c` a new one begins");
    Ok(words)
}

/// The session that was active last in the current folder, if there is one.
pub(super) async fn last_here(daemon: &daemon::Daemon) -> Result<Option<SessionId>, String> {
    let here = daemon.here()?;
    Ok(infos(daemon).await?.into_iter().find(|info| info.cwd == here).map(|info| info.id))
}

/// The session that was active last in the current folder, or in the nearest folder around it that has
/// one.
async fn last_around(daemon: &daemon::Daemon) -> Result<Option<SessionId>, String> {
    let here = daemon.here()?;
    let around = infos(daemon).await?.into_iter().filter(|info| here.starts_with(&info.cwd));
    // Of those of one folder the first one was active last.
    let nearest = around.rev().max_by_key(|info| info.cwd.as_path().components().count());
    Ok(nearest.map(|info| info.id))
}

/// Opens a session to work on it: the named one, or the last one of the current folder or of one around it.
pub(super) async fn open(daemon: &daemon::Daemon, beginning: Option<&str>) -> Result<Session, String> {
    let id = match beginning {
        Some(beginning) => find(daemon, beginning).await?,
        None => last_around(daemon).await?.ok_or_else(|| no_session_here(daemon))?,
    };
    let session = daemon.host().open(&id, Arc::new(NoBuffers)).await.map_err(|error| error.to_string())?;
    match session.holder() {
        Some(holder) => {
            Err(format!("session {id} is in use by {holder}; do it there, or end it there first"))
        }
        None => Ok(session),
    }
}

fn no_session_here(daemon: &daemon::Daemon) -> String {
    let here = daemon.here().map_or_else(|_| "this folder".to_owned(), |here| here.to_string());
    format!(
        "there is no session in {here} or a folder around it; `quillon sessions list --all` shows those of other folders"
    )
}

/// A session to look at: the named one, or the last one of the current folder or of one around it.
pub(super) async fn look_or_last(
    daemon: &daemon::Daemon,
    beginning: Option<&str>,
) -> Result<(SessionId, Arc<crate::engine::Recorder>), String> {
    match beginning {
        Some(beginning) => look(daemon, beginning).await,
        None => {
            let last = last_around(daemon).await?.ok_or_else(|| no_session_here(daemon))?;
            look(daemon, &last.0).await
        }
    }
}

async fn look(
    daemon: &daemon::Daemon,
    id: &str,
) -> Result<(SessionId, Arc<crate::engine::Recorder>), String> {
    let id = find(daemon, id).await?;
    let recorder = daemon.host().look(&id).await.map_err(|error| error.to_string())?;
    Ok((id, recorder))
}

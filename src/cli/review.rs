//! `quillon review`: what the agent has changed, to look at, to keep and to undo.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::sessions;
use crate::daemon::{Choices, Daemon};
use crate::engine::{Session, Verdict};
use crate::frontends::terminal::{self, Console, Ending, Format, Wanted};
use crate::os::{env, fs};
use crate::path::AbsPath;

/// What to look at; or what to keep or undo.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "What you have typed yourself is no part of it. Files called `keep` or `undo` are \
                  `./keep` and `./undo` here.\n\n\
                  Exit status: 0 done; 1 failed, nothing to look at in that file, or it has changed \
                  meanwhile; 2 wrong usage; 3 done, but something stays because you have typed in it."
)]
pub(super) struct ReviewArgs {
    #[command(subcommand)]
    decision: Option<What>,
    /// Show the changes of this file in full.
    file: Option<PathBuf>,
    #[command(flatten)]
    session: SessionArgs,
    /// Print one JSON object a line: for each file what `agent/review/file` answers.
    #[arg(long)]
    json: bool,
    /// Print the file as it was before the changes, for example to write it elsewhere; a text has LF line ends.
    #[arg(long, requires = "file", conflicts_with = "json")]
    before: bool,
}

/// Which session.
#[derive(Debug, Args)]
pub(super) struct SessionArgs {
    /// The session: its id, or a beginning of it that fits no other; without it the last one of this
    /// folder.
    #[arg(short, long, value_name = "ID")]
    pub(super) session: Option<String>,
}

impl SessionArgs {
    /// How the user names the session in a further command; nothing where they did not name it.
    pub(super) fn again(&self) -> String {
        self.session.as_ref().map(|id| format!(" -s {id}")).unwrap_or_default()
    }
}

#[derive(Debug, Subcommand)]
enum What {
    /// Keep changes: they stay, and need not be looked at any more.
    Keep(DecisionArgs),
    /// Undo changes; lines that you have typed in stay unless you name their hunk.
    Undo(DecisionArgs),
}

#[derive(Debug, Args)]
struct DecisionArgs {
    /// The file; without it all that are to be looked at.
    file: Option<PathBuf>,
    /// This hunk of the file alone: its number, or the name that `quillon review FILE` shows, which
    /// stays the same (may be repeated).
    #[arg(long, value_name = "N", requires = "file", value_delimiter = ',')]
    hunk: Vec<String>,
    #[command(flatten)]
    session: SessionArgs,
}

pub(super) fn main(args: &ReviewArgs) -> Result<ExitCode, String> {
    let format = if args.json { Format::Json } else { Format::Text };
    match &args.decision {
        None => with(&args.session, async |daemon, session, console| {
            let path = args.file.as_deref().map(|file| resolved(daemon, session, file)).transpose()?;
            match path {
                Some(path) if args.before => terminal::before(session, &path, console).await,
                path => terminal::review(session, path.as_ref(), console, format).await,
            }
        }),
        Some(What::Keep(args)) => decide(args, Verdict::Keep),
        Some(What::Undo(args)) => decide(args, Verdict::Undo),
    }
}

fn decide(args: &DecisionArgs, verdict: Verdict) -> Result<ExitCode, String> {
    with(&args.session, async |daemon, session, console| {
        let path = args.file.as_deref().map(|file| resolved(daemon, session, file)).transpose()?;
        let again = args.session.again();
        let wanted = Wanted { verdict, path: path.as_ref(), hunks: &args.hunk, again };
        terminal::decide(session, &wanted, console).await
    })
}

/// Opens the session, and does the work with it.
pub(super) fn with(
    chosen: &SessionArgs,
    work: impl AsyncFnOnce(&Daemon, &Session, &mut Console) -> Result<Ending, String>,
) -> Result<ExitCode, String> {
    Daemon::new(Choices::default())?.run(async |daemon| {
        let session = sessions::open(daemon, chosen.session.as_deref()).await?;
        let mut console = Console::new(env::forget_typed);
        let ending = work(daemon, &session, &mut console).await?;
        match console.failed() {
            Some(why) => Err(why.to_owned()),
            None => Ok(ExitCode::from(ending.status())),
        }
    })
}

/// A file of the command line as the session knows it: by its path, or by where that leads.
fn resolved(daemon: &Daemon, session: &Session, file: &Path) -> Result<AbsPath, String> {
    let written = daemon.here()?.join(file).map_err(|error| error.to_string())?;
    let known = |path: &AbsPath| session.state(|state| state.touches().has(path));
    let real = fs::real_path(&written).ok();
    Ok(real.filter(|real| !known(&written) && known(real)).unwrap_or(written))
}

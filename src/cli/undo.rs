//! `quillon undo` and `quillon checkpoints`: the way back to before a turn, and back from there.

use std::process::ExitCode;

use clap::Args;

use super::review::{SessionArgs, with};
use crate::engine::{Covers, Event, RestoreId, RestoreOf, RestoredTo, Seq, Session};
use crate::frontends::changes;
use crate::frontends::terminal::{self, Consent, Format, WayBack};
use crate::limits;

/// Where to go back to, and with what.
#[derive(Debug, Args)]
#[command(
    after_help = "The agent's changes since then go back, and nothing else: what you have typed since stays, \
                  and is named where it cannot be told apart. All is shown and asked first.\n\n\
                  Exit status: 0 done; 1 failed, or you said no; 2 wrong usage; 3 not all of it is done, \
                  because you have typed there or because nobody could be asked; 130 cancelled."
)]
pub(super) struct UndoArgs {
    /// Back to before this turn, by the number that `quillon checkpoints` shows; without it to before
    /// the last one; with `--files` the last one whose files have not gone back.
    #[arg(long, value_name = "N")]
    turn: Option<String>,
    /// Take an earlier `quillon undo` or `quillon review undo` back, by the name that it printed.
    #[arg(long, value_name = "NAME", conflicts_with = "turn")]
    restore: Option<String>,
    /// Take the agent's last edit back, and nothing else; once more: the one before it.
    #[arg(long, conflicts_with_all = ["turn", "restore", "conversation"])]
    last_edit: bool,
    /// The files go back, the conversation stays.
    #[arg(long, conflicts_with = "conversation")]
    files: bool,
    /// The conversation goes back, the files stay.
    #[arg(long)]
    conversation: bool,
    /// Do not ask; needed where there is no terminal.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    session: SessionArgs,
}

/// Whose points to list, and how.
#[derive(Debug, Args)]
pub(super) struct CheckpointsArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// Print one JSON object a line: an entry of what `agent/checkpoint/list` answers.
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &UndoArgs) -> Result<ExitCode, String> {
    with(&args.session, async |daemon, session, console| {
        let (mut interrupts, _counting) = daemon.interrupts()?;
        let (to, before) = target(args, session)?;
        let what = match (args.files, args.conversation) {
            (true, _) => RestoreOf::Files,
            (false, true) => RestoreOf::Conversation,
            (false, false) => before.unwrap_or(RestoreOf::Both),
        };
        let again = args.session.again();
        let consent = if args.yes { Consent::Given } else { Consent::Needed };
        let way = WayBack { to, what, again };
        terminal::go_back(session, &way, consent, console, &mut interrupts).await
    })
}

pub(super) fn checkpoints(args: &CheckpointsArgs) -> Result<ExitCode, String> {
    let format = if args.json { Format::Json } else { Format::Text };
    with(&args.session, async |_, session, console| terminal::checkpoints(session, console, format))
}

/// Where to; and what went back with the restore that is taken back, or is all that can go there.
fn target(args: &UndoArgs, session: &Session) -> Result<(RestoredTo, Option<RestoreOf>), String> {
    if let Some(name) = &args.restore {
        let restore = RestoreId(name.clone());
        let what =
            of(session, &restore)?.ok_or_else(|| format!("there was no `quillon undo` named {name}"))?;
        return Ok((RestoredTo::Undone(restore), Some(what)));
    }
    if args.last_edit {
        let last = session.state(|state| state.touches().last_edit().cloned());
        let last =
            last.ok_or("the agent has not edited a file in this session, or all of it was taken back")?;
        return Ok((RestoredTo::Without(last), Some(RestoreOf::Files)));
    }
    let points = session.checkpoints().map_err(|refused| refused.to_string())?;
    let what = if args.files { RestoreOf::Files } else { RestoreOf::Both };
    match (changes::find_point(&points, args.turn.as_deref(), what), &args.turn) {
        (Some(point), _) => {
            let what = (point.covers == Covers::Files).then_some(RestoreOf::Files);
            Ok((RestoredTo::Before(point.turn.clone()), what))
        }
        (None, Some(turn)) => Err(terminal::no_turn(turn)),
        (None, None) => Err("there is no turn to go back to in this session".to_owned()),
    }
}

/// What a restore brought back; none where there was none of that name.
fn of(session: &Session, wanted: &RestoreId) -> Result<Option<RestoreOf>, String> {
    let mut after = Seq(0);
    loop {
        let facts = session.recorder().facts(after, limits::FACTS_PER_PAGE_MAX);
        let facts = facts.map_err(|error| format!("failed to read the session: {error}"))?;
        let Some(last) = facts.last() else { return Ok(None) };
        after = last.seq;
        for fact in &facts {
            if let Event::Restored { restore, what, .. } = &*fact.event
                && restore == wanted
            {
                return Ok(Some(*what));
            }
        }
    }
}

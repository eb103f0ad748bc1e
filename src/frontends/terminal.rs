//! `quillon run`: one conversation in a terminal or a pipe; shows what happens, and asks.
//!
//! The model's words go to standard output; all else (calls, diffs, questions, notices) goes to
//! standard error, so that `quillon run … > answer.txt` keeps the answer alone.

mod ask;
mod changed;
mod console;
mod past;
mod restore;
mod review;
mod show;

pub use console::{Console, Input};
pub use restore::{Consent, WayBack, checkpoints, go_back, no_turn};
pub use review::{Wanted, before, decide, review};

use std::sync::Arc;

use tokio::sync::watch;

use crate::engine::{
    ClientId, Deliver, Event, Given, PromptId, Recorder, Refused, Seq, Session, SessionId, Stop, Update,
};
use crate::limits;
use console::Tone;
use show::Show;

/// The name under which answers given here are recorded.
const CLIENT: &str = "terminal";

/// How a prompt, a decision or a way back ended; the program's exit status follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All of it is done.
    Finished,
    /// It finished, but something was not allowed because nobody could be asked.
    Unasked,
    /// It is done, but something stays as it was, so that nothing of the user's is lost.
    Partly,
    /// It ended before it was done: a limit, a full context, a refusal.
    Stopped,
    /// The model or the session failed.
    Failed,
    /// The user cancelled.
    Cancelled,
}

impl Ending {
    /// The exit status of the program.
    pub fn status(self) -> u8 {
        match self {
            Self::Finished => 0,
            Self::Failed => 1,
            Self::Unasked | Self::Partly => 3,
            Self::Stopped => 4,
            Self::Cancelled => 130,
        }
    }
}

/// The user's Ctrl-C, counted.
#[derive(Clone)]
pub struct Interrupts(watch::Receiver<u32>);

impl Interrupts {
    /// Listens to this count.
    pub fn new(count: watch::Receiver<u32>) -> Self {
        Self(count)
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a person.
    Text,
    /// One JSON object a line: the params of `agent/event`.
    Json,
}

/// Sends one prompt and shows what comes of it, until its turn has ended. The first Ctrl-C cancels the
/// turn, the second one does not wait for its end.
pub async fn prompt(
    session: &Session,
    given: Vec<Given>,
    console: &mut Console,
    format: Format,
    interrupts: &mut Interrupts,
) -> Ending {
    // Programs that read the events get all of them; a person has seen what was before.
    let (turns, now) = session.state(|state| (state.turns(), state.seq()));
    let after = if format == Format::Json && turns == 0 { Seq(0) } else { now };
    let mut reader = session.reader(after);
    let id = PromptId(format!("terminal-{}", session.state(|state| state.turns()) + 1));
    if let Err(refused) = session.prompt_with(id, given, Deliver::Next).await {
        console.complain(&refusal(&refused));
        return Ending::Failed;
    }
    let mut show = Show::new(&session.id, session.recorder(), format);
    let mut asked = Asked::Answered;
    let mut cancelling = Cancelling::No;
    loop {
        let updates = tokio::select! {
            updates = reader.next() => updates,
            () = interrupts.next() => {
                if cancelling == Cancelling::Yes {
                    show.finish(console);
                    return Ending::Cancelled;
                }
                cancelling = Cancelling::Yes;
                let _nothing_runs_or_it_ends = session.cancel().await;
                continue;
            }
        };
        let Some(updates) = updates else {
            show.finish(console);
            return Ending::Failed;
        };
        for update in updates {
            show.updates(std::slice::from_ref(&update), console);
            match update {
                Update::Fact(fact) => match &*fact.event {
                    Event::Asked { question, ask, .. } => {
                        let waits = session.state(|state| state.question(question).is_some());
                        if waits {
                            let came = ask::answer(session, question, ask, console, interrupts).await;
                            asked = asked.max(came);
                        }
                    }
                    Event::TurnEnded { stop, .. } => {
                        show.finish(console);
                        return ending(stop, asked);
                    }
                    _ => {}
                },
                Update::Halted(why) => {
                    show.finish(console);
                    console.complain(&why);
                    return Ending::Failed;
                }
                Update::Delta(_) => {}
            }
        }
    }
}

/// Shows what happened in a session after a fact: what was shown live, and what was typed. The error
/// says why it cannot be shown to its end.
pub fn replay(
    session: &SessionId,
    recorder: &Arc<Recorder>,
    after: Seq,
    console: &mut Console,
    format: Format,
) -> Result<(), String> {
    let mut show = Show::of_the_past(session, recorder, format);
    let mut reader = recorder.reader(after);
    loop {
        let updates = reader.read();
        show.updates(&updates, console);
        if let Some(Update::Halted(why)) = updates.last() {
            show.finish(console);
            return Err(why.clone());
        }
        if updates.is_empty() {
            show.finish(console);
            return Ok(());
        }
    }
}

/// The next prompt of a conversation; none when the user is done.
pub async fn further(console: &mut Console, interrupts: &mut Interrupts) -> Option<String> {
    loop {
        console.fresh_line();
        console.piece(Tone::Strong, "you > ");
        let line = tokio::select! {
            line = console.line() => line?,
            () = interrupts.next() => {
                console.fresh_line();
                console.hint("Ctrl-D or /exit leaves");
                continue;
            }
        };
        match line.trim() {
            "" => {}
            "/exit" | "/quit" => return None,
            words => return Some(words.to_owned()),
        }
    }
}

/// Says which files the calls have changed since a fact, with their lines; gives their number.
pub fn summary(session: &Session, since: Seq, console: &mut Console) -> usize {
    let mut changed = changed::files(session.recorder(), since);
    let mut found = changed::by_commands(session.recorder(), since);
    // What an edit did and a command went on with is not told in lines.
    changed.retain(|file| !found.contains(&file.name));
    if !changed.is_empty() || !found.is_empty() {
        console.note(Tone::Plain, "");
    }
    for file in &changed {
        console.note(Tone::Strong, &format!("changed {} (+{} −{})", file.name, file.added, file.removed));
    }
    let (all, shown) = (found.len(), found.len().min(limits::CHANGED_FILES_NAMED_MAX));
    found.truncate(shown);
    if all > 0 {
        let more = if all > shown { format!(" and {} more", all - shown) } else { String::new() };
        console.note(Tone::Strong, &format!("changed by commands: {}{more}", found.join(", ")));
    }
    changed.len() + all
}

/// Whether the user's Ctrl-C was passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancelling {
    No,
    Yes,
}

/// Whether the questions of a turn met somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Answered,
    Unasked,
    /// They did not, and the turn ended by that.
    Ended,
}

fn ending(stop: &Stop, asked: Asked) -> Ending {
    match (stop, asked) {
        (Stop::Finished, Asked::Answered) => Ending::Finished,
        (Stop::Finished, Asked::Unasked | Asked::Ended) => Ending::Unasked,
        (Stop::Cancelled, Asked::Ended) => Ending::Stopped,
        (Stop::Cancelled, Asked::Answered | Asked::Unasked) => Ending::Cancelled,
        (Stop::StepLimit | Stop::ContextFull | Stop::Refused, _) => Ending::Stopped,
        (Stop::ModelFailed { .. } | Stop::Interrupted, _) => Ending::Failed,
    }
}

fn refusal(refused: &Refused) -> String {
    format!("failed to send the prompt: {refused}")
}

fn client() -> ClientId {
    ClientId(CLIENT.into())
}

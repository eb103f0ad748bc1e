//! The way back in the terminal: what would be done is shown, asked, and done.

use super::console::{Console, Input, Tone};
use super::{Ending, Format, Interrupts, show};
use crate::engine::{Checkpoint, Covers, Planned, RestoreError, RestoreOf, Restored, RestoredTo, Session};
use crate::frontends::changes::{self, name};
use crate::frontends::convert;

/// Where to go, and with what.
pub struct WayBack {
    /// To before this.
    pub to: RestoredTo,
    /// What goes back.
    pub what: RestoreOf,
    /// How the user names the session, to take it back again; empty for the last one of the folder.
    pub again: String,
}

/// Whether the user has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// They have to see it first.
    Needed,
    /// They gave it.
    Given,
}

/// Lists the points that one can go back to.
pub fn checkpoints(session: &Session, console: &mut Console, format: Format) -> Result<Ending, String> {
    let points = session.checkpoints().map_err(|refused| refused.to_string())?;
    for point in &points {
        match format {
            Format::Json => {
                let line = serde_json::to_string(&convert::checkpoint(point));
                console.json(&line.map_err(|error| error.to_string())?);
            }
            Format::Text => console.show(Tone::Plain, &changes::point(point)),
        }
    }
    if format == Format::Text {
        match points.is_empty() {
            true => console.show(Tone::Plain, "there is no turn to go back to"),
            false => console.hint("back to before one of them: `quillon undo --turn N`"),
        }
    }
    Ok(Ending::Finished)
}

/// Shows what going back would do, asks, and does it.
pub async fn go_back(
    session: &Session,
    way: &WayBack,
    consent: Consent,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Ending, String> {
    let planned = plan(session, way).await?;
    present(session, way, &planned, console)?;
    let nothing = planned.iter().all(|one| changes::planned("", one).is_empty());
    if way.what == RestoreOf::Files && nothing {
        return Err("there is nothing that could go back".to_owned());
    }
    if consent == Consent::Needed {
        if let Input::Nobody(why) = console.input() {
            console.complain(&format!(
                "nobody can be asked here ({why}), so nothing was done; `--yes` does it without a question"
            ));
            return Ok(Ending::Unasked);
        }
        match ask(console, interrupts).await {
            Said::Yes => {}
            Said::No => {
                console.hint("nothing was done");
                return Ok(Ending::Failed);
            }
            Said::Interrupted => return Ok(Ending::Cancelled),
        }
        if !changes::same_plan(&planned, &plan(session, way).await?) {
            return Err(
                "the files have changed while they were looked at; nothing was done; look again".into()
            );
        }
    }
    let restored = session.restore(way.to.clone(), way.what).await.map_err(|refused| refused.to_string())?;
    let restored = restored.map_err(|error| error.to_string())?;
    Ok(report(session, way, &planned, &restored, console))
}

async fn plan(session: &Session, way: &WayBack) -> Result<Vec<Planned>, String> {
    if let (RestoredTo::Undone(restore), RestoreOf::Both | RestoreOf::Conversation) = (&way.to, way.what)
        && !session.state(|state| state.said().can_undo(restore))
    {
        return Err(format!("{}: `--files`", RestoreError::SaidSince));
    }
    match way.what {
        RestoreOf::Conversation => Ok(Vec::new()),
        RestoreOf::Files | RestoreOf::Both => {
            match session.preview(&way.to).await.map_err(|refused| refused.to_string())? {
                Ok(planned) => Ok(planned),
                // It is known that there was one.
                Err(RestoreError::NoRestore(_)) => Ok(Vec::new()),
                Err(error) => Err(error.to_string()),
            }
        }
    }
}

/// Says where it goes, and shows what becomes of the files and of the conversation.
fn present(
    session: &Session,
    way: &WayBack,
    planned: &[Planned],
    console: &mut Console,
) -> Result<(), String> {
    let points = session.checkpoints().map_err(|refused| refused.to_string())?;
    let (heading, taken) = match &way.to {
        RestoredTo::Before(turn) => {
            let at = points.iter().position(|point| point.turn == *turn);
            let taken = &points[at.ok_or_else(|| no_turn(changes::number(turn)))?..];
            (format!("Back to before {}", changes::turn(&taken[0])), taken)
        }
        RestoredTo::Undone(restore) => (format!("The way back {restore} is taken back"), &points[..0]),
        RestoredTo::Without(_) | RestoredTo::Reviewed => {
            ("The agent's last edit is taken back".to_owned(), &points[..0])
        }
    };
    console.note(Tone::Strong, &heading);
    for one in planned {
        let name = name(session, &one.path);
        for line in changes::planned(&name, one).lines() {
            console.note(show::tone(line), line);
        }
        if let Some(why) = &one.left {
            console.note(Tone::Warning, &format!("{name}: {why}"));
        }
    }
    match way.what {
        RestoreOf::Files | RestoreOf::Both if planned.is_empty() => {
            console.note(Tone::Plain, "No file goes back.");
        }
        RestoreOf::Files | RestoreOf::Both | RestoreOf::Conversation => {}
    }
    match way.what {
        RestoreOf::Files => {}
        RestoreOf::Both | RestoreOf::Conversation => {
            let said: Vec<&Checkpoint> = taken.iter().filter(|point| point.covers == Covers::All).collect();
            console.note(Tone::Plain, &conversation(&said));
        }
    }
    Ok(())
}

/// What becomes of the conversation.
fn conversation(taken: &[&Checkpoint]) -> String {
    match taken {
        [] => "What was taken out of the conversation comes back into it.".to_owned(),
        [one] => format!("Turn {} goes out of the conversation.", changes::number(&one.turn)),
        [first, .., last] => {
            let (first, last) = (changes::number(&first.turn), changes::number(&last.turn));
            format!("Turns {first} to {last} go out of the conversation.")
        }
    }
}

/// There is no such turn, in words.
pub fn no_turn(number: &str) -> String {
    format!("there is no turn {number} to go back to; `quillon checkpoints` lists them")
}

fn report(
    session: &Session,
    way: &WayBack,
    planned: &[Planned],
    restored: &Restored,
    console: &mut Console,
) -> Ending {
    for path in &restored.files {
        console.show(Tone::Plain, &format!("went back: {}", name(session, path)));
    }
    if way.what != RestoreOf::Files {
        console.show(Tone::Plain, "went back: the conversation");
    }
    if let Some(number) = stayed(session, way) {
        console
            .hint(&format!("the files stayed; they go back by `quillon undo{} --turn {number}`", way.again));
    }
    for (path, why) in &restored.left {
        let told = planned.iter().any(|one| one.path == *path && one.left.as_ref() == Some(why));
        if !told {
            console.complain(&format!("{}: {why}", name(session, path)));
        }
    }
    if let Some(content) = &restored.prompt {
        console.hint(&format!("the prompt was: {}", changes::prompt(content)));
    }
    console.hint(&format!("to take this back: `quillon undo{} --restore {}`", way.again, restored.restore));
    if restored.left.is_empty() { Ending::Finished } else { Ending::Partly }
}

/// The number of the first turn that went out of the conversation while its files stayed.
fn stayed(session: &Session, way: &WayBack) -> Option<String> {
    let (RestoreOf::Conversation, RestoredTo::Before(turn)) = (way.what, &way.to) else { return None };
    let number = |turn| changes::number(turn).parse::<u64>().ok();
    let points = session.checkpoints().ok()?;
    let mut stayed = points.iter().filter(|point| point.covers == Covers::Files);
    stayed
        .find_map(|point| number(&point.turn).filter(|one| number(turn) <= Some(*one)))
        .map(|one| one.to_string())
}

/// What the user said to it.
enum Said {
    Yes,
    No,
    Interrupted,
}

async fn ask(console: &mut Console, interrupts: &mut Interrupts) -> Said {
    console.forget_typed().await;
    loop {
        console.piece(Tone::Strong, "Do this? [y]es  [n]o > ");
        let line = tokio::select! {
            line = console.line() => line,
            () = interrupts.next() => {
                console.fresh_line();
                return Said::Interrupted;
            }
        };
        match line.as_deref().map(str::trim) {
            Some("y" | "yes" | "Y" | "Yes") => return Said::Yes,
            Some("n" | "no" | "N" | "No") | None => return Said::No,
            Some(_) => {}
        }
    }
}

//! A session as one document: Markdown for people, JSON for programs.

use super::room;
use std::io;

use quillon_protocol::session::{Session, SessionAttachResult, SessionState};

use crate::engine::journal::Recorded;
use crate::engine::{
    Answer, Block, Event, Outcome, Recorder, ReplyBlock, Seq, SessionId, Stop, TodoStatus, preview,
};
use crate::frontends::convert;
use crate::limits;
use crate::policy::Intent;
use crate::text::diff;

/// All facts, as one document in the form of `agent/session/attach`'s result.
pub fn json(session: &SessionId, recorder: &Recorder, state: SessionState) -> io::Result<String> {
    let (mut events, mut last) = (Vec::new(), 0);
    each_page(recorder, |facts| {
        last = facts.last().map_or(last, |fact| fact.seq.0);
        events.extend(convert::facts(session, recorder, facts));
    })?;
    let session = Session { last_seq: last, ..convert::session(session, recorder, state) };
    let document = SessionAttachResult { session, events, more: false };
    let mut text = serde_json::to_string_pretty(&document).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

/// The same of a session that is looked at and not open here.
pub fn json_at_rest(session: &SessionId, recorder: &Recorder) -> io::Result<String> {
    let runs = recorder.state(|state| state.turn().is_some());
    json(session, recorder, if runs { SessionState::Elsewhere } else { SessionState::Idle })
}

/// The conversation with its changes and commands.
pub fn markdown(recorder: &Recorder) -> io::Result<String> {
    let mut text = format!("# {}\n", recorder.state(|state| state.title().to_owned()));
    each_page(recorder, |facts| {
        facts.iter().for_each(|recorded| fact(recorder, &recorded.event, &mut text));
    })?;
    Ok(text)
}

/// All facts, some at a time.
pub(super) fn each_page(recorder: &Recorder, mut take: impl FnMut(&[Recorded])) -> io::Result<()> {
    let mut after = Seq(0);
    loop {
        let facts = recorder.facts(after, limits::FACTS_PER_PAGE_MAX)?;
        let Some(last) = facts.last() else { return Ok(()) };
        after = last.seq;
        take(&facts);
    }
}

/// Adds a fact of a conversation; many leave no trace in it.
pub(super) fn fact(recorder: &Recorder, event: &Event, text: &mut String) {
    match event {
        Event::TurnStarted { content, .. } => {
            text.push_str("\n## You\n\n");
            content.iter().for_each(|block| text.push_str(&words(block)));
            text.push_str("\n## Quillon\n");
        }
        Event::Replied { reply, .. } => {
            for block in &reply.blocks {
                if let ReplyBlock::Text { text: said } = block {
                    text.push_str(&format!("\n{}\n", said.trim_end()));
                }
            }
        }
        Event::CallStarted { title, intent, .. } => {
            text.push_str(&format!("\n**{title}**\n"));
            self::intent(recorder, intent, text);
        }
        Event::CallEnded { outcome, .. } => text.push_str(&ended(outcome)),
        Event::Answered { answer: Some(answer), .. } => match answer {
            Answer::Amended { .. } => text.push_str("\n(allowed with changes)\n"),
            Answer::Once => text.push_str("\n(allowed once)\n"),
            Answer::Always(grant) => text.push_str(&format!("\n(always allowed: {})\n", grant.describe())),
            Answer::No { note } => {
                text.push_str(&format!(
                    "\n(not allowed{})\n",
                    note.as_ref().map(|note| format!(": {note}")).unwrap_or_default()
                ));
            }
        },
        Event::Todo { items } => {
            text.push('\n');
            for item in items {
                let mark = match item.status {
                    TodoStatus::Pending | TodoStatus::InProgress => " ",
                    TodoStatus::Completed => "x",
                };
                text.push_str(&format!("- [{mark}] {}\n", item.content));
            }
        }
        Event::Noticed { text: notice, .. } | Event::Overlooked { text: notice, .. } => {
            text.push_str(&format!("\n> {notice}\n"))
        }
        Event::Compacted { summary, before, after, .. } => {
            text.push_str(&format!("\n> {}\n", room::line(summary.as_ref(), *before, *after)));
            for line in summary.iter().flat_map(|summary| summary.text.lines()) {
                text.push_str(&format!("> {line}\n"));
            }
        }
        Event::TurnEnded { stop: Stop::ModelFailed { message, .. }, .. } => {
            text.push_str(&format!("\n> failed: {message}\n"));
        }
        Event::Opened { .. }
        | Event::Configured { .. }
        | Event::Queued { .. }
        | Event::Requeued { .. }
        | Event::Taken { .. }
        | Event::Removed { .. }
        | Event::Asked { .. }
        | Event::Answered { answer: None, .. }
        | Event::Touched { .. }
        | Event::Found { .. }
        | Event::Reviewed { .. }
        | Event::Restored { .. }
        | Event::RestoreEnded { .. }
        | Event::Settled { .. }
        | Event::Titled { .. }
        | Event::Briefed { .. }
        | Event::Reminded { .. }
        | Event::TurnEnded { .. } => {}
    }
}

/// Adds all that an intent is to do: the diffs, or the command.
pub(super) fn intent(recorder: &Recorder, intent: &Intent, text: &mut String) {
    for change in preview::changes(recorder, intent) {
        let name = change.path.to_string();
        let diff = diff::unified(&name, change.old.as_deref(), change.new.as_deref());
        text.push_str(&fenced("diff", &diff));
    }
    if let Intent::Run { command, .. } = intent {
        text.push_str(&fenced("sh", command));
    }
}

/// A piece of a prompt.
pub(super) fn words(block: &Block) -> String {
    match block {
        Block::Text { text } => format!("{}\n", text.trim_end()),
        Block::Link { uri, name } => format!("[{name}]({uri})\n"),
        Block::Resource { uri, text } => format!("{uri}:\n{}", fenced("", text)),
        Block::Media { media } => format!("({})\n", media.describe()),
        Block::Around { text, .. } => fenced("", text),
    }
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(output) => match output.exit {
            Some(exit) if !exit.is_success() => format!("\nfailed: {exit}\n"),
            Some(_) | None => String::new(),
        },
        Outcome::Failed(why) => format!("\nfailed:\n{}", fenced("", why)),
        Outcome::Denied { reason } => format!("\nnot allowed: {reason}\n"),
        Outcome::Cancelled => "\ncancelled\n".into(),
        Outcome::Interrupted => "\ninterrupted\n".into(),
    }
}

/// A code block whose fence is longer than any in the text.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_holds_fences() {
        assert_eq!(fenced("sh", "ls\n"), "\n```sh\nls\n```\n");
        assert_eq!(fenced("", "```\nx\n```"), "\n````\n```\nx\n```\n````\n");
    }
}

//! A fact in one line of plain text, made from what the protocol says of it.

use quillon_protocol::event::{Event, ReplyBlock};
use quillon_protocol::permission::Subject;
use quillon_protocol::prompt::ContentBlock;

use crate::limits;
use crate::text::clip;

/// The line of a fact; none for progress.
pub fn of(event: &Event) -> Option<String> {
    let line = match event {
        Event::Opened(opened) => {
            let model = if opened.model.is_empty() { "not chosen" } else { &opened.model };
            format!("session opened in {}, model {model}, mode {}", opened.cwd, opened.mode)
        }
        Event::Configured(set) => format!("{} is {}", set.option, set.value),
        Event::PromptQueued(queued) => format!("waiting: {}", words(&queued.content)),
        Event::PromptChanged(changed) => format!("waiting: {}", words(&changed.content)),
        Event::PromptTaken(taken) => format!("taken: prompt {}", taken.prompt_id),
        Event::PromptRemoved(removed) => {
            format!("not taken: prompt {} ({})", removed.prompt_id, removed.reason.as_str())
        }
        Event::TurnStarted(started) => format!("turn started: {}", words(&started.content)),
        Event::Replied(replied) => reply(&replied.blocks),
        Event::Asked(asked) => {
            format!("question: {}?{}", asked.question.title, counts(&asked.question.subject))
        }
        Event::Answered(answered) => match (&answered.choice, &answered.note) {
            (None, _) => "question withdrawn".to_owned(),
            (Some(choice), None) => format!("answered: {choice}"),
            (Some(choice), Some(note)) => format!("answered: {choice}, {note}"),
        },
        Event::CallStarted(started) => started.title.clone(),
        Event::FileTouched(touched) => {
            let (change, added, removed) = (touched.change.as_str(), touched.added, touched.removed);
            format!("{} {change} (+{added} −{removed})", touched.uri)
        }
        Event::Reviewed(reviewed) => format!("changes of {} kept", reviewed.uri),
        Event::Restored(restored) => {
            let what = match (restored.files, restored.conversation) {
                (true, true) => "files and conversation",
                (true, false) => "files",
                (false, _) => "conversation",
            };
            match (&restored.turn_id, &restored.undone) {
                (Some(turn), _) => format!("{what} went back to before turn {turn}"),
                (None, Some(undone)) => format!("restore {undone} was taken back: {what}"),
                (None, None) => format!("{what} went back"),
            }
        }
        Event::FileSettled(settled) => format!("{} was changed after the write", settled.uri),
        Event::CallEnded(ended) => format!("{}: call {}", ended.outcome.as_str(), ended.call_id),
        Event::Plan(plan) => {
            let done = plan.entries.iter().filter(|entry| entry.status.as_str() == "completed").count();
            format!("plan: {done} of {} done", plan.entries.len())
        }
        Event::Title(title) => format!("title: {}", title.title),
        Event::Notice(notice) => format!("{}: {}", notice.level.as_str(), notice.text),
        Event::Briefed(briefed) => {
            format!("the model was briefed ({} characters)", briefed.text.chars().count())
        }
        Event::Reminded(reminded) => format!("the model was told: {}", reminded.text),
        Event::TurnEnded(ended) => match &ended.error {
            Some(error) => format!("turn {}: {error}", ended.reason.as_str()),
            None => format!("turn {}", ended.reason.as_str()),
        },
        Event::Message(_)
        | Event::Thought(_)
        | Event::CallInput(_)
        | Event::CallOutput(_)
        | Event::Retrying(_)
        | Event::Unknown(_) => return None,
    };
    Some(clip::line(&line, limits::SUMMARY_CHARS_MAX))
}

fn words(content: &[ContentBlock]) -> String {
    let mut all = String::new();
    for block in content {
        match block {
            ContentBlock::Text(text) => all.push_str(&text.text),
            ContentBlock::Link(link) => all.push_str(&link.name),
            ContentBlock::Resource(resource) => all.push_str(&resource.uri.0),
            ContentBlock::Unknown(_) => {}
        }
    }
    all
}

fn reply(blocks: &[ReplyBlock]) -> String {
    let (mut said, mut calls) = (String::new(), Vec::new());
    for block in blocks {
        match block {
            ReplyBlock::Text(text) => said.push_str(&text.text),
            ReplyBlock::Call(call) => calls.push(call.tool.as_str()),
            ReplyBlock::Thought(_) | ReplyBlock::Unknown(_) => {}
        }
    }
    match (said.trim().is_empty(), calls.is_empty()) {
        (_, true) => said,
        (true, false) => format!("Calls {}.", calls.join(", ")),
        (false, false) => {
            // The calls must not be what is cut.
            format!("{} Calls {}.", clip::line(said.trim(), limits::SUMMARY_CHARS_MAX / 2), calls.join(", "))
        }
    }
}

fn counts(subject: &Subject) -> String {
    match subject {
        Subject::Edit(edit) => {
            let (added, removed) = edit
                .files
                .iter()
                .fold((0, 0), |(added, removed), file| (added + file.added, removed + file.removed));
            format!(" (+{added} −{removed})")
        }
        Subject::Command(_) | Subject::Path(_) | Subject::Text(_) | Subject::Unknown(_) => String::new(),
    }
}

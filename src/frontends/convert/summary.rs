//! A fact as a sentence in one line, for logs and for screen readers: names, and no ids.

use crate::engine::event::Summary;
use crate::frontends::room;
use quillon_protocol::document::Uri;
use quillon_protocol::event::{
    Answered, CallContent, CallEnded, CallOutcome, CommandExit, Event, ExitKind, ReplyBlock, TurnEndReason,
    TurnEnded,
};
use quillon_protocol::permission::Subject;
use quillon_protocol::prompt::ContentBlock;

use super::earlier::Earlier;
use super::{question, uri};
use crate::engine::Recorder;
use crate::limits;
use crate::text::clip;

/// The line of a fact; none for progress.
pub fn of(event: &Event, recorder: &Recorder, earlier: &Earlier<'_>) -> Option<String> {
    let line = match event {
        Event::Opened(opened) => {
            let model = if opened.model.is_empty() { "no model" } else { &format!("model {}", opened.model) };
            let folder =
                uri::path(&opened.cwd.0).map_or_else(|| opened.cwd.0.clone(), |path| path.to_string());
            format!("The session was opened in {folder}, with {model}, in mode {}.", opened.mode)
        }
        Event::Configured(set) => format!("The {} is {}.", set.option, set.value),
        Event::PromptQueued(queued) => format!("Prompt waits: {}", words(&queued.content)),
        Event::PromptChanged(changed) => format!("Waiting prompt changed: {}", words(&changed.content)),
        Event::PromptTaken(taken) => {
            format!("Prompt taken into the turn: {}", prompt(earlier, &taken.prompt_id.0))
        }
        Event::PromptRemoved(removed) => {
            format!("Prompt {}: {}", removed.reason.as_str(), prompt(earlier, &removed.prompt_id.0))
        }
        Event::TurnStarted(started) => format!("Turn started: {}", words(&started.content)),
        Event::Replied(replied) => reply(&replied.blocks),
        Event::Asked(asked) => {
            let title = asked.question.title.trim_end_matches('?');
            format!("Question: {title}{}?", counts(&asked.question.subject))
        }
        Event::Answered(answered) => answer(answered, earlier),
        Event::CallStarted(started) => started.title.clone(),
        Event::FileTouched(touched) => {
            let (change, added, removed) = (touched.change.as_str(), touched.added, touched.removed);
            format!("{} {change} (+{added} −{removed}).", file(recorder, &touched.uri))
        }
        Event::Reviewed(reviewed) => format!("Changes of {} kept.", file(recorder, &reviewed.uri)),
        Event::Restored(restored) => went_back(restored),
        Event::FileSettled(settled) => {
            format!("{} was formatted when it was saved.", file(recorder, &settled.uri))
        }
        Event::CallEnded(ended) => call(ended, earlier),
        Event::Plan(plan) => {
            let done = plan.entries.iter().filter(|entry| entry.status.as_str() == "completed").count();
            format!("Plan: {done} of {} done.", plan.entries.len())
        }
        Event::Title(title) => format!("Title: {}", title.title),
        Event::Notice(notice) => format!("{}: {}", capital(notice.level.as_str()), notice.text),
        Event::Briefed(briefed) => {
            format!("The model was briefed ({} characters).", briefed.text.chars().count())
        }
        Event::Reminded(reminded) => format!("The model was told: {}", reminded.text),
        Event::RestoreEnded(ended) if ended.whole => "The way back is done.".to_owned(),
        Event::RestoreEnded(_) => "The way back was cut off.".to_owned(),
        Event::Compacted(compacted) => {
            let summary = compacted.summary.clone().map(|text| Summary { text, prompt: None });
            room::line(summary.as_ref(), compacted.tokens_before, compacted.tokens_after)
        }
        Event::TurnEnded(ended) => turn(ended),
        Event::Message(_)
        | Event::Thought(_)
        | Event::CallInput(_)
        | Event::CallOutput(_)
        | Event::Retrying(_)
        | Event::FileChanged(_)
        | Event::Unknown(_) => return None,
    };
    Some(clip::line(&line, limits::SUMMARY_CHARS_MAX))
}

/// A file as a person reads it in this session.
fn file(recorder: &Recorder, address: &Uri) -> String {
    uri::path(&address.0).map_or_else(|| address.0.clone(), |path| question::name_in(recorder, &path))
}

fn prompt(earlier: &Earlier<'_>, id: &str) -> String {
    earlier.prompt(&id.into()).unwrap_or_else(|| "its words cannot be read".to_owned())
}

/// The question with the words that its buttons have.
fn answer(answered: &Answered, earlier: &Earlier<'_>) -> String {
    let ask = earlier.question(&answered.question_id.0.as_str().into());
    let about = ask.as_ref().map_or("a question that cannot be read", |ask| &ask.title);
    let Some(choice) = &answered.choice else { return format!("Question withdrawn: {about}") };
    let offered = ask.iter().flat_map(|ask| &ask.choices);
    let label = offered.into_iter().find(|offered| question::choice_id(&offered.kind) == *choice);
    let label = label.map_or(choice.0.as_str(), |offered| &offered.label);
    match &answered.note {
        None => format!("Answered: {label} ({about})"),
        Some(note) => format!("Answered: {label}, {note} ({about})"),
    }
}

/// What became of a call, and in the first line why, where it did not do what it was to do.
fn call(ended: &CallEnded, earlier: &Earlier<'_>) -> String {
    let what = earlier.call(&ended.call_id.0.as_str().into()).unwrap_or_else(|| "a call".to_owned());
    let why = ended.content.iter().find_map(|content| match content {
        CallContent::Text(text) => text.text.lines().map(str::trim).find(|line| !line.is_empty()),
        CallContent::Unknown(_) => None,
    });
    let word = match &ended.outcome {
        CallOutcome::Done => {
            return match ended.exit.as_ref().and_then(failure) {
                None => format!("Done: {what}"),
                Some(how) => format!("Failed: {what}: {how}"),
            };
        }
        CallOutcome::Failed => "Failed".to_owned(),
        CallOutcome::Denied => "Not allowed".to_owned(),
        CallOutcome::Cancelled => "Cancelled".to_owned(),
        CallOutcome::Interrupted => "Interrupted".to_owned(),
        CallOutcome::Unknown(word) => capital(word),
    };
    match why {
        Some(why) => format!("{word}: {what}: {why}"),
        None => format!("{word}: {what}"),
    }
}

/// How a command failed; none where it did not.
fn failure(exit: &CommandExit) -> Option<String> {
    match (&exit.kind, exit.code, &exit.signal) {
        (ExitKind::Code, Some(0), _) => None,
        (ExitKind::Code, Some(code), _) => Some(format!("exit code {code}")),
        (ExitKind::Signal, _, Some(signal)) => Some(format!("ended by signal {signal}")),
        (ExitKind::TimedOut, ..) => Some("its time was over".to_owned()),
        (kind, ..) => Some(kind.as_str().to_owned()),
    }
}

fn turn(ended: &TurnEnded) -> String {
    match (&ended.reason, &ended.error) {
        (TurnEndReason::StepLimit, _) => "Turn stopped: it has taken as much as a turn may.".to_owned(),
        (TurnEndReason::ContextFull, _) => {
            "Turn stopped: the model's context or its longest answer is reached.".to_owned()
        }
        (TurnEndReason::Refused, _) => "Turn ended: the model or its provider refused to answer.".to_owned(),
        (reason, Some(error)) => format!("Turn {}: {error}", reason.as_str()),
        (reason, None) => format!("Turn {}.", reason.as_str()),
    }
}

fn went_back(restored: &quillon_protocol::review::Restored) -> String {
    let what = match (restored.files, restored.conversation) {
        (true, true) => "Files and conversation",
        (true, false) => "Files",
        (false, _) => "Conversation",
    };
    match (&restored.turn_id, &restored.undone, &restored.call_id) {
        (Some(_), _, _) => format!("{what} went back to before an earlier prompt."),
        (None, Some(_), _) => format!("{what}: a way back was taken back."),
        (None, None, Some(_)) => "An edit was taken back.".to_owned(),
        (None, None, None) => "Changes were undone in a review.".to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The words of a prompt.
pub fn words(content: &[ContentBlock]) -> String {
    let mut all = String::new();
    for block in content {
        match block {
            ContentBlock::Text(text) => all.push_str(&text.text),
            ContentBlock::Link(link) => all.push_str(&link.name),
            ContentBlock::Resource(resource) => all.push_str(&resource.uri.0),
            ContentBlock::Media(media) => all.push_str(media.description.as_ref().unwrap_or(&media.name)),
            ContentBlock::Editor(_) | ContentBlock::Unknown(_) => {}
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

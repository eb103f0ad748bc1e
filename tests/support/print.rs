//! Facts as one line each, for transcripts.

use quillon::engine::{Answer, Block, Event, Outcome, ReplyBlock, Setting, Stop, Subject, TodoStatus, Who};
use quillon::policy::Intent;
use quillon::text::Change;

/// A fact in one line; `root` is left out of paths.
#[expect(clippy::too_many_lines, reason = "a list: one arm for each fact")]
pub fn line(event: &Event, root: &str) -> String {
    let text = match event {
        Event::Opened { mode, .. } => format!("opened, mode {}", mode.word()),
        Event::Configured { setting: Setting::Mode(mode) } => format!("mode {}", mode.word()),
        Event::Configured { setting: Setting::Model(model) } => format!("model {model}"),
        Event::Queued { prompt, content, deliver } => {
            format!("queued {prompt} ({deliver:?}): {}", words(content))
        }
        Event::Requeued { prompt, content } => format!("requeued {prompt}: {}", words(content)),
        Event::Taken { prompt } => format!("taken {prompt}"),
        Event::Removed { prompt, why } => format!("removed {prompt}: {why:?}"),
        Event::TurnStarted { turn, prompt, content } => {
            format!("turn {turn} started by {prompt}: {}", words(content))
        }
        Event::Replied { message, reply, .. } => {
            let blocks: Vec<String> = reply.blocks.iter().map(block).collect();
            format!("replied {message}: {}", blocks.join(" | "))
        }
        Event::Asked { question, call, ask } => {
            let call = call.as_ref().map(|call| format!(" for {call}")).unwrap_or_default();
            let choices: Vec<&str> = ask.choices.iter().map(|choice| choice.label.as_str()).collect();
            let subject = match &ask.subject {
                Subject::Intent(intent) => does(intent),
                Subject::Loop(text) | Subject::Budget(text) => text.clone(),
            };
            format!(
                "asked {question}{call}: {}: {subject} ({}) [{}]",
                ask.title,
                ask.reason,
                choices.join(", ")
            )
        }
        Event::Answered { question, answer, by } => {
            let answer = match answer {
                Some(Answer::Once) => "once".to_owned(),
                Some(Answer::Amended { files }) => format!("once, with other text for {} files", files.len()),
                Some(Answer::Always(grant)) => format!("always {}", grant.describe()),
                Some(Answer::No { note }) => {
                    format!("no{}", note.as_ref().map(|note| format!(": {note}")).unwrap_or_default())
                }
                None => "withdrawn".to_owned(),
            };
            format!("answered {question}: {answer}, by {}", who(by))
        }
        Event::CallStarted { call, title, intent, by, .. } => {
            format!("call {call} started: {title}: {}, by {}", does(intent), who(by))
        }
        Event::Touched { edit, .. } => format!("touched {}", edit.path),
        Event::Found { path, .. } => format!("found {path} changed"),
        Event::Reviewed { path, .. } => format!("reviewed {path}"),
        Event::Restored { restore, to, what } => format!("restored {restore}: {to:?}, {what:?}"),
        Event::Settled { path, .. } => format!("settled {path}"),
        Event::CallEnded { call, outcome } => format!("call {call} {}", ended(outcome)),
        Event::Todo { items } => {
            let items: Vec<String> = items
                .iter()
                .map(|item| match item.status {
                    TodoStatus::Pending => format!("[ ] {}", item.content),
                    TodoStatus::InProgress => format!("[~] {}", item.content),
                    TodoStatus::Completed => format!("[x] {}", item.content),
                })
                .collect();
            format!("todo: {}", items.join(", "))
        }
        Event::Titled { title, .. } => format!("title: {title}"),
        Event::Noticed { level, text } => format!("notice {level:?}: {text}"),
        Event::Overlooked { text, .. } => format!("overlooked: {text}"),
        Event::Briefed { .. } => "briefed".to_owned(),
        Event::Reminded { text, .. } => format!("reminded: {text}"),
        Event::RestoreEnded { restore, whole: true } => format!("restore {restore} ended"),
        Event::RestoreEnded { restore, whole: false } => format!("restore {restore} was cut off"),
        Event::Compacted { upto, summary, why, .. } => {
            let what = summary.as_ref().map_or("results left out".to_owned(), |summary| {
                let prompt = summary.prompt.map(|prompt| format!(" beside prompt {prompt}"));
                format!("summary{}: {}", prompt.unwrap_or_default(), summary.text)
            });
            format!("compacted before {upto} ({why:?}): {what}")
        }
        Event::TurnEnded { turn, stop, usage, .. } => {
            let stop = match stop {
                Stop::ModelFailed { kind, message } => {
                    let kind = kind.map_or_else(String::new, |kind| format!(" ({})", kind.word()));
                    format!("model failed{kind}: {message}")
                }
                other => format!("{other:?}").to_lowercase(),
            };
            format!("turn {turn} ended: {stop}, {}+{}", usage.input, usage.output)
        }
    };
    let above = root.rsplit_once('/').map_or(root, |(above, _)| above);
    text.replace(&format!("{root}/"), "").replace(root, ".").replace(above, "..").replace('\n', "⏎")
}

fn words(content: &[Block]) -> String {
    let words: Vec<String> = content
        .iter()
        .map(|block| match block {
            Block::Text { text } => text.clone(),
            Block::Link { uri, .. } | Block::Resource { uri, .. } => format!("<{uri}>"),
            Block::Media { media } => format!("<{}>", media.describe()),
            Block::Around { .. } => "<the editor>".to_owned(),
        })
        .collect();
    words.join(" ")
}

fn block(block: &ReplyBlock) -> String {
    match block {
        ReplyBlock::Text { text } => text.clone(),
        ReplyBlock::Thought { text, .. } => format!("({text})"),
        ReplyBlock::Call { call } => format!("{} {} {}", call.id, call.tool, call.input),
        ReplyBlock::Opaque { value } => value.to_string(),
    }
}

fn does(intent: &Intent) -> String {
    match intent {
        Intent::Nothing => "nothing".to_owned(),
        Intent::Read { path } => format!("read {path}"),
        Intent::List { path } => format!("list {path}"),
        Intent::Search { root, pattern, .. } => format!("search {root} for {pattern}"),
        Intent::Write { edits } => {
            let edits: Vec<String> = edits
                .iter()
                .map(|edit| match &edit.change {
                    Change::Splices(splices) => {
                        let splices: Vec<String> = splices
                            .iter()
                            .map(|one| format!("{}..{} {:?}", one.start, one.end, one.text))
                            .collect();
                        format!("{} {}", edit.path, splices.join(" "))
                    }
                    Change::Whole(text) => format!("{} whole {text:?}", edit.path),
                    Change::Moved { from, text } => {
                        format!("{} moved from {from} {text:?}", edit.path)
                    }
                    Change::Delete => format!("{} deleted", edit.path),
                })
                .collect();
            format!("write {}", edits.join(", "))
        }
        Intent::Run { command, cwd, .. } => format!("run {command:?} in {cwd}"),
    }
}

fn who(by: &Who) -> String {
    match by {
        Who::User(client) => format!("the user ({client})"),
        Who::Rule(rule) => format!("rule {rule}"),
        Who::Mode(mode) => format!("mode {}", mode.word()),
        Who::Quillon => "quillon".to_owned(),
    }
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(output) => {
            let media = output.media.iter().map(|media| format!(" [{}]", media.kind.mime()));
            format!("done: {}{}", without_time(&output.text), media.collect::<String>())
        }
        Outcome::Failed(why) => format!("failed: {why}"),
        Outcome::Denied { reason } => format!("denied: {reason}"),
        Outcome::Cancelled => "cancelled".to_owned(),
        Outcome::Interrupted => "interrupted".to_owned(),
    }
}

/// A command's result without the time it took, which is another one on a busy machine; words of ours may
/// stand behind it.
fn without_time(text: &str) -> String {
    let at_the_end = text.strip_suffix(" s)").map(|rest| (rest, ""));
    match at_the_end.or_else(|| text.split_once(" s)\n(")) {
        Some((head, behind)) => match head.rsplit_once(", ") {
            Some((before, time)) if time.parse::<f64>().is_ok() => {
                let behind = if behind.is_empty() { String::new() } else { format!("\n({behind}") };
                format!("{before}, … s){behind}")
            }
            Some(_) | None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

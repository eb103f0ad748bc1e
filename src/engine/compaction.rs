//! Compaction: makes room in the model's window before it is full.
//!
//! First old results of calls are left out, which costs nothing. Where that is not enough, the model is asked
//! for a summary, which stands for what was said from then on. The history itself stays in the journal.

use futures::StreamExt;

use super::context;
use super::event::{Block, Event, Level, MessageId, RoomFor, Stop, Summary, TodoStatus, Usage};
use super::model::{ErrorKind, Finish, Message, Model, ModelError, ModelEvent, Offer, Request, Wish};
use super::prompt;
use super::recorder::Halted;
use super::state::State;
use super::step;
use super::telling;
use super::turn::Turn;
use crate::limits;
use crate::text::clip;

/// What came of trying to make room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Room {
    /// There is more.
    Made,
    /// There is not; why, in words for the user.
    None(String),
    /// The turn was cancelled.
    Cancelled,
}

const TEMPLATE: &str = "\
The conversation is about to be cut to make room. Write a summary from which you can go on without the rest; it \
is all that you will know of it. No tool can be called now. Use these headings, and leave out what there is \
nothing to say about:

## Goal
What the user wants, in their words where these matter.
## Rules
What they asked for or ruled out, decisions that were made, and why.
## Done
What was changed and found out, with paths and names.
## Open
What is being done, what is left, what is in the way.
## Next
The very next step.
## Facts
Paths, commands, error messages, names and numbers that are still needed, exactly as they stand.

Write it in the language of the conversation. Do not answer the user, and do not go on with the work.";

/// Makes room where the next request would not fit. What cannot be done is told once in a turn, and then the
/// server decides whether it fits.
pub(super) async fn before_step(turn: &Turn) -> Result<(), Halted> {
    let Some(window) = turn.model().ok().and_then(|model| model.window()) else { return Ok(()) };
    let usable = context::usable(window);
    if tokens(turn) <= usable || turn.gave_up_room() {
        return Ok(());
    }
    if leave_out_results(turn, RoomFor::NextStep, usable)? && tokens(turn) <= usable {
        return Ok(());
    }
    match summarise(turn, RoomFor::NextStep, "").await? {
        Room::Made | Room::Cancelled => {}
        Room::None(why) => {
            turn.give_up_room();
            let text = format!("The conversation is nearly too long for the model, and {why}.");
            turn.record(Event::Noticed { level: Level::Warning, text })?;
        }
    }
    Ok(())
}

/// Makes room after a server has refused a request as too long.
pub(super) async fn after_refusal(turn: &Turn) -> Result<Room, Halted> {
    let before = tokens(turn);
    if leave_out_results(turn, RoomFor::Refused, before / 2)? && tokens(turn) <= before / 4 * 3 {
        return Ok(Room::Made);
    }
    summarise(turn, RoomFor::Refused, "").await
}

/// Whether this prompt is the wish for a summary; gives what else the user says about it.
pub(super) fn wish(content: &[Block]) -> Option<&str> {
    let ([Block::Text { text }] | [Block::Text { text }, Block::Around { .. }]) = content else {
        return None;
    };
    let rest = text.trim().strip_prefix("/compact")?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
}

/// A turn that makes a summary and nothing else.
pub(super) async fn on_wish(turn: &Turn, words: &str) -> Result<Stop, Halted> {
    match summarise(turn, RoomFor::User, words).await? {
        Room::Made => Ok(Stop::Finished),
        Room::Cancelled => Ok(Stop::Cancelled),
        Room::None(why) => {
            let text = format!("The conversation stays as it is: {why}.");
            turn.record(Event::Noticed { level: Level::Warning, text })?;
            Ok(Stop::Finished)
        }
    }
}

fn tokens(turn: &Turn) -> u64 {
    turn.parts.recorder.state(|state| context::tokens(state, turn.parts.toolbox.offered(state)))
}

/// Leaves out results of calls which are not among the last ones, if that is worth it: each time all that the
/// server has cached is lost.
fn leave_out_results(turn: &Turn, why: RoomFor, size: u64) -> Result<bool, Halted> {
    let shown = limits::RESULTS_TOKENS_KEPT.min(size / 4);
    let gain = limits::RESULTS_TOKENS_WORTH_IT.min(size / 10);
    let fact = turn.parts.recorder.record_if(|state| {
        let telling = state.said().telling();
        let upto = tail(state, shown, |_| true);
        let freed: u64 = state.history()[..upto]
            .iter()
            .enumerate()
            .filter_map(|(at, message)| {
                let told = telling.messages().get(telling.place(at)?)?;
                // What was left out before is not left out again.
                Some(
                    context::of_message(told)
                        .saturating_sub(context::of_message(&telling::without_results(message))),
                )
            })
            .sum();
        let before = context::tokens(state, turn.parts.toolbox.offered(state));
        let after = before.saturating_sub(freed);
        let usage = Usage::default();
        (freed > 0 && freed >= gain).then(|| Event::Compacted {
            upto: upto as u64,
            summary: None,
            why,
            before,
            after,
            usage,
        })
    })?;
    Ok(fact.is_some())
}

/// Where the last messages begin which have so many tokens, at a message where the rest may begin.
fn tail(state: &State, tokens: u64, may_begin: impl Fn(&Message) -> bool) -> usize {
    let history = state.history();
    let (mut sum, mut begin) = (0, history.len());
    for (at, message) in history.iter().enumerate().rev() {
        sum += context::of_message(message);
        if sum > tokens {
            break;
        }
        if may_begin(message) {
            begin = at;
        }
    }
    begin
}

async fn summarise(turn: &Turn, why: RoomFor, words: &str) -> Result<Room, Halted> {
    if let Some(reason) = turn.parts.recorder.state(|state| needless(state, why)) {
        return Ok(Room::None(reason));
    }
    let model = match turn.model() {
        Ok(model) => model,
        Err(reason) => return Ok(Room::None(reason)),
    };
    let mut request = prompt::request(&turn.parts, Offer::NoTools, model.abilities()).await;
    request.wanted = Wish::Summary;
    let note = match words {
        "" => TEMPLATE.to_owned(),
        words => format!("{TEMPLATE}\n\nThe user says about it: {words}"),
    };
    let (text, usage) = match ask(turn, &*model, request, &note).await {
        Asked::Said(text, usage) => (text, usage),
        Asked::Cancelled => return Ok(Room::Cancelled),
        Asked::Failed(reason) => return Ok(Room::None(format!("no summary could be made: {reason}"))),
    };
    turn.spend(usage, model.price());
    let made = turn.parts.recorder.record_if(|state| compacted(turn, state, &text, why, usage))?;
    if made.is_none() {
        return Ok(Room::None("the summary was not much shorter".into()));
    }
    turn.parts.files.views().forget();
    Ok(Room::Made)
}

/// Why a summary would bring nothing.
fn needless(state: &State, why: RoomFor) -> Option<String> {
    let history = state.history();
    let since = state.said().telling().summary().map_or(0, |less| less.upto);
    let replies =
        history[since.min(history.len())..].iter().filter(|message| matches!(message, Message::Assistant(_)));
    let least = match why {
        RoomFor::User => 1,
        // One summary after the other would go on for ever.
        RoomFor::NextStep | RoomFor::Refused => limits::REPLIES_BETWEEN_SUMMARIES_MIN,
    };
    if replies.count() >= least {
        return None;
    }
    Some(match since {
        0 => "too little was said that a summary could stand for".into(),
        _ => "it was summarised just before".into(),
    })
}

/// The fact; none where the summary is not much shorter than what it stands for.
fn compacted(turn: &Turn, state: &State, text: &str, why: RoomFor, usage: Usage) -> Option<Event> {
    let specs = turn.parts.toolbox.offered(state);
    let before = context::tokens(state, specs);
    let history = state.history();
    let kept = limits::SUMMARY_TAIL_TOKENS.min(before / 10);
    let upto = match why {
        RoomFor::User => history.len(),
        RoomFor::NextStep | RoomFor::Refused => {
            tail(state, kept, |message| !matches!(message, Message::Results(_)))
        }
    };
    let prompt = match why {
        RoomFor::User => None,
        RoomFor::NextStep | RoomFor::Refused => {
            Some(state.said().last_prompt()).filter(|prompt| *prompt < upto).map(|prompt| prompt as u64)
        }
    };
    let text = with_state(turn, state, text);
    let rest = context::of_messages(&history[upto..]) + context::of_bytes(text.len());
    let pinned =
        prompt.map_or(0, |prompt| context::of_message(&history[usize::try_from(prompt).unwrap_or(0)]));
    let said = context::of_messages(state.told());
    let after = before.saturating_sub(said) + rest + pinned;
    let shrinks = rest + pinned <= said / 100 * limits::SUMMARY_PERCENT_MAX;
    let event = Event::Compacted {
        upto: upto as u64,
        summary: Some(Summary { text, prompt }),
        why,
        before,
        after,
        usage,
    };
    (shrinks || why == RoomFor::User && rest < said).then_some(event)
}

/// The summary with what the program itself knows.
fn with_state(turn: &Turn, state: &State, text: &str) -> String {
    let mut all = format!(
        "(To make room, what was said before is not shown any more. This summary stands for it.)\n\n{}\n",
        text.trim()
    );
    if !state.todo().is_empty() {
        all.push_str("\nThe plan as it stands:\n");
        for item in state.todo() {
            let mark = match item.status {
                TodoStatus::Pending => ' ',
                TodoStatus::InProgress => '~',
                TodoStatus::Completed => 'x',
            };
            all.push_str(&format!("- [{mark}] {}\n", item.content));
        }
    }
    let paths = state.touches().paths();
    if !paths.is_empty() {
        let cwd = turn.parts.files.cwd();
        let last = paths.iter().rev().take(limits::SUMMARY_FILES_MAX).map(|path| path.display_in(cwd));
        let more = if paths.len() > limits::SUMMARY_FILES_MAX { ", …" } else { "" };
        all.push_str(&format!("\nFiles that were changed: {}{more}\n", last.collect::<Vec<_>>().join(", ")));
    }
    all.push_str("\nWhat files say is not part of this: read a file again before you change it.");
    all
}

/// What came of asking for a summary.
enum Asked {
    Said(String, Usage),
    Cancelled,
    Failed(String),
}

/// Asks; again where that may help, and with less where it does not fit.
async fn ask(turn: &Turn, model: &dyn Model, mut request: Request, note: &str) -> Asked {
    let message = MessageId(format!("{}.summary", turn.id));
    let mut cuts = 0;
    let mut attempt = 1;
    loop {
        let mut asked = request.clone();
        asked.messages.push(Message::User([Block::Text { text: note.to_owned() }].into()));
        let error = match listen(turn, model, asked).await {
            Ok(said) => return said,
            Err(error) => error.told(),
        };
        match error.kind {
            ErrorKind::ContextLength | ErrorKind::TooLarge if cuts < limits::SUMMARY_CUTS_MAX => {
                cuts += 1;
                shorten(&mut request);
            }
            _ if error.may_pass() && attempt < limits::STEP_ATTEMPTS_MAX => {
                let wait = step::wait_before(attempt, error.retry_after);
                attempt += 1;
                let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                turn.parts.recorder.show_retry(&message, attempt, millis, &error.message);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = turn.cancel.cancelled() => return Asked::Cancelled,
                }
            }
            _ => return Asked::Failed(error.message),
        }
    }
}

/// Leaves out all results, or the older half of the messages once that was done.
fn shorten(request: &mut Request) {
    request.media.clear();
    let before = context::of_messages(&request.messages);
    request.messages = request.messages.iter().map(telling::without_results).collect();
    if context::of_messages(&request.messages) < before {
        return;
    }
    let half = request.messages.len() / 2;
    let begin =
        (half..request.messages.len()).find(|at| !matches!(request.messages[*at], Message::Results(_)));
    request.messages.drain(..begin.unwrap_or(half));
    let note = "(What was said before is too long to be shown.)".to_owned();
    request.messages.insert(0, Message::User([Block::Text { text: note }].into()));
    request.prompt = 0;
}

async fn listen(turn: &Turn, model: &dyn Model, request: Request) -> Result<Asked, ModelError> {
    let mut stream = model.stream(request);
    let (mut text, mut usage) = (String::new(), Usage::default());
    loop {
        let next = tokio::select! {
            biased;
            () = turn.cancel.cancelled() => return Ok(Asked::Cancelled),
            next = stream.next() => next,
        };
        match next {
            Some(Ok(ModelEvent::Text(piece))) => text.push_str(&piece),
            Some(Ok(ModelEvent::Usage(sofar))) => usage = sofar,
            Some(Ok(ModelEvent::Done(finish))) => match unfit(&finish) {
                Some(why) => return Ok(Asked::Failed(why.into())),
                None => break,
            },
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Err(ModelError::broken_off()),
        }
        if text.len() > limits::SUMMARY_BYTES_MAX {
            text = clip::head(&text, limits::SUMMARY_BYTES_MAX);
            break;
        }
    }
    if text.trim().is_empty() {
        return Ok(Asked::Failed("the model said nothing".into()));
    }
    Ok(Asked::Said(text, usage))
}

/// Why what was said till this end is no summary to go on from; none where it is one.
fn unfit(finish: &Finish) -> Option<&'static str> {
    match finish {
        Finish::Complete | Finish::Unknown(_) => None,
        Finish::Length => Some("it was cut at the longest answer that the model gives"),
        Finish::Refused | Finish::Filtered => Some("the model or its provider refused"),
        Finish::Paused | Finish::MalformedCall => Some("the model did not write one"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_itself_is_a_wish() {
        let wished = |text: &str| wish(&[Block::Text { text: text.to_owned() }]).map(str::to_owned);
        assert_eq!(wished("/compact").as_deref(), Some(""));
        assert_eq!(wished(" /compact  keep\nall ").as_deref(), Some("keep\nall"));
        for other in ["compact", "/compacted", "please /compact", ""] {
            assert_eq!(wished(other), None, "{other}");
        }
        assert_eq!(wish(&[]), None);
    }
}

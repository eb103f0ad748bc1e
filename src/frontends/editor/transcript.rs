//! What a chat's file holds of a conversation: each fact in words, and all of them from the journal.

use std::io;

use super::chat::{ANSWER, USER, end_paragraph};
use super::questions::harmless_first;
use crate::engine::{Event, Question, QuestionId, Recorder, Seq, Subject};
use crate::frontends::{convert, export};

/// A fact as it stands in the chat; many leave no trace there. The words of the model are in it, which a
/// chat that grows has already.
pub fn words(recorder: &Recorder, event: &Event) -> String {
    let mut words = String::new();
    match event {
        // The heading of the user stands there since the last turn.
        Event::TurnStarted { content, .. } => {
            content.iter().for_each(|block| words.push_str(&export::words(block)));
            end_paragraph(&mut words, 0);
            words.push_str(ANSWER);
        }
        Event::Asked { question, ask, .. } => words = section(recorder, question, ask),
        Event::TurnEnded { .. } => {
            export::fact(recorder, event, &mut words);
            words.push_str(&format!("\n{USER}\n"));
        }
        Event::Replied { .. }
        | Event::CallStarted { .. }
        | Event::Opened { .. }
        | Event::Configured { .. }
        | Event::Queued { .. }
        | Event::Requeued { .. }
        | Event::Taken { .. }
        | Event::Removed { .. }
        | Event::Answered { .. }
        | Event::Touched { .. }
        | Event::Found { .. }
        | Event::Reviewed { .. }
        | Event::Restored { .. }
        | Event::RestoreEnded { .. }
        | Event::Settled { .. }
        | Event::CallEnded { .. }
        | Event::Todo { .. }
        | Event::Titled { .. }
        | Event::Noticed { .. }
        | Event::Overlooked { .. }
        | Event::Briefed { .. }
        | Event::Reminded { .. }
        | Event::Compacted { .. } => export::fact(recorder, event, &mut words),
    }
    words
}

/// A conversation so far, and its last fact.
pub fn whole(recorder: &Recorder) -> io::Result<(String, Seq)> {
    let (mut text, mut last) = (format!("{USER}\n\n"), Seq(0));
    export::each_page(recorder, |facts| {
        for fact in facts {
            add(&mut text, &words(recorder, &fact.event));
            last = fact.seq;
        }
    })?;
    Ok((text, last))
}

fn add(text: &mut String, words: &str) {
    if !words.trim().is_empty() {
        end_paragraph(text, 0);
        text.push_str(words.trim_start());
        end_paragraph(text, 0);
    }
}

/// A question with all that will be done on yes, and how to answer it.
fn section(recorder: &Recorder, id: &QuestionId, ask: &Question) -> String {
    let mut text = format!("### Question {id}: {}\n\n{}\n", ask.title, ask.reason);
    match &ask.subject {
        Subject::Intent(intent) => export::intent(recorder, intent, &mut text),
        Subject::Loop(words) | Subject::Budget(words) => text.push_str(&format!("\n{words}\n")),
    }
    text.push('\n');
    for choice in harmless_first(ask) {
        text.push_str(&format!("- `{}`: {}\n", convert::choice_id(&choice.kind).0, choice.label));
    }
    text.push_str(&format!("\nAnswer with the command `quillon.answer`, for example [\"{id}\", \"no\"].\n"));
    text
}

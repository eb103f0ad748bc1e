//! A question in the terminal: what would be done, complete, and the answers by their letters.

use super::console::{Console, Input, Tone};
use super::{Asked, Interrupts, client, show};
use crate::engine::{Answer, Choice, ChoiceKind, Question, QuestionId, Session, Subject};

/// Shows a question, waits for the answer and gives it. Without a terminal the answer is no.
pub(super) async fn answer(
    session: &Session,
    question: &QuestionId,
    ask: &Question,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Asked {
    if let Input::Nobody(why) = console.input() {
        // A model that repeats itself, or has no budget any more, gets no advice here: the turn ends.
        let (note, came) = match &ask.subject {
            Subject::Intent(_) => (Some(why.to_owned()), Asked::Unasked),
            Subject::Loop(text) | Subject::Budget(text) => {
                let words = format!("{text} Nobody can be asked ({why}), so the turn ends.");
                console.note(Tone::Warning, &words);
                (None, Asked::Ended)
            }
        };
        let _withdrawn_meanwhile = session.nobody_to_ask(question, note);
        return came;
    }
    show::question(session.recorder(), ask, console);
    console.note(Tone::Dim, &explain(&ask.choices));
    console.forget_typed().await;
    loop {
        console.piece(Tone::Strong, &format!("{} > ", letters(&ask.choices)));
        let line = tokio::select! {
            line = console.line() => line,
            () = interrupts.next() => {
                console.fresh_line();
                let _nothing_runs_or_it_ends = session.cancel().await;
                return Asked::Answered;
            }
        };
        let Some(given) = line.map_or(Some(Answer::No { note: None }), |line| parse(&line, &ask.choices))
        else {
            console.note(Tone::Dim, &explain(&ask.choices));
            continue;
        };
        if let Err(error) = session.answer(question, given, client()) {
            console.note(Tone::Warning, &error.to_string());
        }
        return Asked::Answered;
    }
}

/// `[o]nce  [a]lways  [n]o`, for the choices that there are.
fn letters(choices: &[Choice]) -> String {
    let words: Vec<&str> = choices
        .iter()
        .map(|choice| match choice.kind {
            ChoiceKind::Once => "[o]nce",
            ChoiceKind::Always(_) => "[a]lways",
            ChoiceKind::No => "[n]o",
        })
        .collect();
    words.join("  ")
}

fn explain(choices: &[Choice]) -> String {
    let lines: Vec<String> = choices
        .iter()
        .map(|choice| match choice.kind {
            ChoiceKind::Once => format!("  o         {}", choice.label),
            ChoiceKind::Always(_) => format!("  a         {}", choice.label),
            ChoiceKind::No => "  n REASON  No; the reason, if you give one, is told to the model".into(),
        })
        .collect();
    lines.join("\n")
}

/// What a typed line means; none when it means nothing here.
fn parse(line: &str, choices: &[Choice]) -> Option<Answer> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let note = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
    let wanted = match word.to_lowercase().as_str() {
        "o" | "once" | "y" | "yes" if note.is_none() => Answer::Once,
        "a" | "always" if note.is_none() => {
            return choices.iter().find_map(|choice| match &choice.kind {
                ChoiceKind::Always(grant) => Some(Answer::Always(grant.clone())),
                ChoiceKind::Once | ChoiceKind::No => None,
            });
        }
        "n" | "no" => Answer::No { note },
        _ => return None,
    };
    Some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Grant;
    use crate::path::AbsPath;

    #[test]
    fn only_clear_answers_count() {
        let grant = Grant::EditFile { path: AbsPath::new("/w/a").unwrap() };
        let kinds = [ChoiceKind::Once, ChoiceKind::Always(grant.clone()), ChoiceKind::No];
        let choices: Vec<Choice> =
            kinds.into_iter().map(|kind| Choice { kind, label: String::new() }).collect();
        let no = |note: Option<&str>| Some(Answer::No { note: note.map(str::to_owned) });
        for (line, expected) in [
            ("o", Some(Answer::Once)),
            (" Yes ", Some(Answer::Once)),
            ("a", Some(Answer::Always(grant))),
            ("n", no(None)),
            ("no use tabs", no(Some("use tabs"))),
            ("", None),
            ("ok then", None),
            ("yes please but", None),
        ] {
            assert_eq!(parse(line, &choices), expected, "{line:?}");
        }
        assert_eq!(parse("a", &choices[..1]), None);
    }
}

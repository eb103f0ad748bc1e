//! Questions, their choices and who answers, and the answer that a choice means.

use quillon_protocol::document::{FileChange as Change, TextHash};
use quillon_protocol::permission::{
    Actor, ActorKind, Choice, ChoiceId, ChoiceKind as WireKind, CommandSubject, EditSubject, FileDiff,
    PathAccess, PathSubject, Question as WireQuestion, QuestionId, Subject as WireSubject, TextSubject,
};

use super::uri;
use crate::engine::preview::{self, FileChange};
use crate::engine::{
    AmendedFile, Answer, CallId, ChoiceKind, Question, QuestionId as Id, Recorder, Subject, Who,
};
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::{Version, diff};

/// The id of a choice; a question offers each kind once.
pub fn choice_id(kind: &ChoiceKind) -> ChoiceId {
    match kind {
        ChoiceKind::Once => "once".into(),
        ChoiceKind::Always(_) => "always".into(),
        ChoiceKind::No => "no".into(),
    }
}

/// The answer that a choice of this question means; none where the question does not offer it.
pub fn answer(
    ask: &Question,
    choice: &ChoiceId,
    note: Option<String>,
    files: Vec<AmendedFile>,
) -> Option<Answer> {
    let kind = ask.choices.iter().map(|offered| &offered.kind).find(|kind| choice_id(kind) == *choice)?;
    Some(match kind {
        ChoiceKind::Once if files.is_empty() => Answer::Once,
        ChoiceKind::Once => Answer::Amended { files },
        ChoiceKind::Always(grant) => Answer::Always(grant.clone()),
        ChoiceKind::No => Answer::No { note: note.filter(|note| !note.trim().is_empty()) },
    })
}

/// The choice that an answer is, and its note.
pub(super) fn answered(answer: &Answer) -> (ChoiceId, Option<String>) {
    match answer {
        Answer::Once | Answer::Amended { .. } => ("once".into(), None),
        Answer::Always(_) => ("always".into(), None),
        Answer::No { note } => ("no".into(), note.clone()),
    }
}

/// Who allowed or answered something.
pub fn actor(who: &Who) -> Actor {
    let (kind, name) = match who {
        Who::User(client) => (ActorKind::User, Some(client.0.clone())),
        Who::Rule(rule) => (ActorKind::Rule, Some(rule.clone())),
        Who::Mode(mode) => (ActorKind::Mode, Some(mode.word().to_owned())),
        Who::Quillon => (ActorKind::Quillon, None),
    };
    Actor { kind, name }
}

pub(super) fn question(recorder: &Recorder, id: &Id, call: Option<&CallId>, ask: &Question) -> WireQuestion {
    WireQuestion {
        question_id: QuestionId(id.0.clone()),
        call_id: call.map(|call| call.0.as_str().into()),
        title: ask.title.clone(),
        reason: ask.reason.clone(),
        subject: subject(recorder, &ask.subject),
        choices: ask.choices.iter().map(choice).collect(),
        default: "no".into(),
    }
}

fn choice(choice: &crate::engine::Choice) -> Choice {
    let (kind, rule) = match &choice.kind {
        ChoiceKind::Once => (WireKind::AllowOnce, None),
        ChoiceKind::Always(grant) => (WireKind::AllowAlways, Some(grant.describe())),
        ChoiceKind::No => (WireKind::RejectOnce, None),
    };
    Choice { id: choice_id(&choice.kind), label: choice.label.clone(), kind, rule }
}

fn subject(recorder: &Recorder, subject: &Subject) -> WireSubject {
    let intent = match subject {
        Subject::Intent(intent) => intent,
        Subject::Loop(text) | Subject::Budget(text) => {
            return WireSubject::Text(TextSubject { text: text.clone() });
        }
    };
    match intent {
        Intent::Nothing => WireSubject::Text(TextSubject { text: "Nothing outside the session.".into() }),
        Intent::Read { path } => looks(path, PathAccess::Read, None),
        Intent::List { path } => looks(path, PathAccess::List, None),
        Intent::Search { root, pattern, .. } => looks(root, PathAccess::Search, Some(pattern.clone())),
        Intent::Run { command, cwd, time_limit_ms } => WireSubject::Command(CommandSubject {
            command: command.clone(),
            cwd: uri::of(cwd),
            time_limit_ms: *time_limit_ms,
        }),
        Intent::Write { edits } => {
            let changes = preview::changes(recorder, intent);
            let files = edits.iter().zip(&changes).map(|(edit, change)| {
                let base_hash = match edit.base {
                    Version::Absent => None,
                    Version::Text(hash) => Some(TextHash(hash.to_string())),
                };
                file_diff(&name_in(recorder, &change.path), change, base_hash)
            });
            WireSubject::Edit(EditSubject { files: files.collect() })
        }
    }
}

fn looks(path: &AbsPath, access: PathAccess, pattern: Option<String>) -> WireSubject {
    WireSubject::Path(PathSubject { uris: vec![uri::of(path)], access, pattern })
}

/// A file as a person reads it in this session.
pub(super) fn name_in(recorder: &Recorder, path: &AbsPath) -> String {
    recorder.state(|state| match state.cwd() {
        Some(cwd) => path.display_in(cwd),
        None => path.to_string(),
    })
}

/// A change with its complete diff.
pub(super) fn file_diff(name: &str, change: &FileChange, base_hash: Option<TextHash>) -> FileDiff {
    let (old, new) = (change.old.as_deref(), change.new.as_deref());
    let (added, removed) = diff::counts(old, new);
    let count = |lines: usize| u32::try_from(lines).unwrap_or(u32::MAX);
    FileDiff {
        uri: uri::of(&change.path),
        change: match (old, new) {
            (None, _) => Change::Created,
            (Some(_), Some(_)) => Change::Modified,
            (Some(_), None) => Change::Deleted,
        },
        diff: diff::unified(name, old, new),
        added: count(added),
        removed: count(removed),
        base_hash,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::engine::Choice;
    use crate::policy::Grant;

    #[test]
    fn only_a_choice_that_is_offered_is_an_answer() {
        let grant = Grant::ReadPath { path: AbsPath::new("/a").unwrap() };
        let offered = [ChoiceKind::Once, ChoiceKind::Always(grant.clone()), ChoiceKind::No];
        let choices = |kinds: &[ChoiceKind]| {
            kinds.iter().map(|kind| Choice { kind: kind.clone(), label: String::new() }).collect()
        };
        let mut ask = Question {
            title: String::new(),
            subject: Subject::Loop(String::new()),
            reason: String::new(),
            choices: choices(&offered),
        };
        let note = || Some("why".to_owned());
        assert_eq!(answer(&ask, &"once".into(), note(), Vec::new()), Some(Answer::Once));
        assert_eq!(answer(&ask, &"always".into(), None, Vec::new()), Some(Answer::Always(grant)));
        assert_eq!(answer(&ask, &"no".into(), note(), Vec::new()), Some(Answer::No { note: note() }));
        assert_eq!(answer(&ask, &"no".into(), Some(" ".into()), Vec::new()), Some(Answer::No { note: None }));
        for other in ["", "yes", "Once", "once "] {
            assert_eq!(answer(&ask, &other.into(), None, Vec::new()), None, "{other}");
        }
        ask.choices = choices(&[ChoiceKind::Once, ChoiceKind::No]);
        assert_eq!(answer(&ask, &"always".into(), None, Vec::new()), None);
    }
}

//! Questions: what is asked, why, and which answers there are; kept in the journal as part of `Event`.

use serde::{Deserialize, Serialize};

use super::tool::Plan;
use crate::path::AbsPath;
use crate::policy::{Grant, Intent};

/// What a question is about, and how it can be answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// One line: what will happen on yes.
    pub title: String,
    /// What it is about.
    pub subject: Subject,
    /// Why it is asked at all.
    pub reason: String,
    /// The possible answers, the harmless one last.
    pub choices: Vec<Choice>,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// A call wants to do this, in this very form.
    Intent(Intent),
    /// The model repeats itself; the text says how.
    Loop(String),
    /// The turn has spent what it may spend unasked; the text says how much.
    Budget(String),
}

/// One possible answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// What kind of answer it is, and what it stores.
    pub kind: ChoiceKind,
    /// A few words for a button.
    pub label: String,
}

/// The kinds of answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChoiceKind {
    /// This once.
    Once,
    /// From now on, for what the grant covers.
    Always(Grant),
    /// No; the turn goes on and the model hears it.
    No,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// Yes, this once.
    Once,
    /// Yes, and from now on for what the grant covers.
    Always(Grant),
    /// Yes, once, with the user's own texts in the place of the proposed ones.
    Amended {
        /// The files whose text is another one.
        files: Vec<AmendedFile>,
    },
    /// No, with the words for the model, if any.
    No {
        /// The user's reason.
        note: Option<String>,
    },
}

/// The user's own text for a file that the model wants to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendedFile {
    /// The file.
    pub path: AbsPath,
    /// The whole text that it is to have.
    pub text: String,
}

/// May this be done?
pub fn about_an_intent(plan: &Plan, reason: String, always: Option<Grant>) -> Question {
    let mut choices = vec![Choice { kind: ChoiceKind::Once, label: "Allow once".into() }];
    if let Some(grant) = always {
        let label = format!("Always allow {} in this session", grant.describe());
        choices.push(Choice { kind: ChoiceKind::Always(grant), label });
    }
    choices.push(Choice { kind: ChoiceKind::No, label: "No".into() });
    Question { title: plan.title.clone(), subject: Subject::Intent(plan.intent.clone()), reason, choices }
}

/// Is the model to go on although it repeats itself?
pub fn about_a_loop(subject: Subject) -> Question {
    Question {
        title: "The model repeats itself. Go on?".into(),
        subject,
        reason: "Equal calls with equal results cost money and bring nothing.".into(),
        choices: vec![
            Choice { kind: ChoiceKind::Once, label: "Go on".into() },
            Choice { kind: ChoiceKind::No, label: "Stop".into() },
        ],
    }
}

/// Is a turn to go on that has spent what it may spend unasked?
pub fn about_a_budget(spent: String) -> Question {
    Question {
        title: "The turn has used up its budget. Go on?".into(),
        subject: Subject::Budget(spent),
        reason: "The settings ask before a turn takes more (`budget`). A yes gives as much once more.".into(),
        choices: vec![
            Choice { kind: ChoiceKind::Once, label: "Go on".into() },
            Choice { kind: ChoiceKind::No, label: "Stop".into() },
        ],
    }
}

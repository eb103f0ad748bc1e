//! Questions: what is asked, why, and which answers there are.

use super::event::{Choice, ChoiceKind, Grant, Question, Subject};
use super::tool::Plan;

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

//! What "always" covers of a command, and whether a later command is covered by it.

use std::sync::LazyLock;

use super::{Free, Rules, said_of};
use crate::policy::Action;
use crate::policy::shell::{Part, Reading};

static WIDER: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("always.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(' ').collect()).collect()
});

/// What ends a rule that covers whatever follows.
const ANY: &str = " *";

/// The rules that an "always" to this command stands for, one for each of its programs that needs one. None where
/// nothing but the very text can be meant: then something in it is not understood, or no program is one of which
/// more than its very text may be covered.
pub(crate) fn rules(reading: &Reading, rules: &Rules, free: Free) -> Option<Vec<String>> {
    if !reading.doubts.is_empty() || !reading.redirects.is_empty() {
        return None;
    }
    let needy = reading.parts.iter().filter(|part| {
        let judged = said_of(part, rules, free);
        let is_free = judged.free && judged.said.is_none();
        !is_free && !part.is_neutral() && !matches!(judged.said, Some((Action::Allow, _)))
    });
    let mut derived: Vec<String> = Vec::new();
    for part in needy {
        let joined = part.joined();
        let rule = match wider(part) {
            Some(rule) => rule,
            // Its signs would stand for more than themselves.
            None if joined.contains(['*', '?']) => return None,
            None => joined,
        };
        if !derived.contains(&rule) {
            derived.push(rule);
        }
    }
    derived.iter().any(|rule| rule.ends_with(ANY)).then_some(derived)
}

fn wider(part: &Part) -> Option<String> {
    let known = part.words.iter().all(|word| !word.unknown || word.listed);
    let words: Vec<&str> = part.words.iter().map(|word| word.text.as_str()).collect();
    let begins = WIDER.iter().filter(|begin| words.starts_with(begin)).max_by_key(|begin| begin.len());
    begins.filter(|_| known).map(|begin| format!("{}{ANY}", begin.join(" ")))
}

/// Whether a program with its arguments is covered by one of these rules.
pub(super) fn covers(granted: &[String], part: &Part) -> bool {
    let joined = part.joined();
    granted.iter().any(|rule| match rule.strip_suffix(ANY) {
        Some(begin) => {
            joined.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        }
        None => *rule == joined,
    })
}

/// The rules in words for a button.
pub(crate) fn in_words(rules: &[String]) -> String {
    let word = |rule: &String| match rule.strip_suffix(ANY) {
        Some(begin) => format!("`{begin} …`"),
        None => format!("`{rule}`"),
    };
    let words: Vec<String> = rules.iter().map(word).collect();
    format!("commands of the form {}", words.join(" and "))
}

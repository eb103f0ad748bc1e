//! `Ruling`: the permission rules of a session, which are read again when their files change.
//!
//! What is stricter counts from the next decision, anything else from the next turn. What the session's
//! own agent has changed of a project's rules never loosens them for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event::{Event, Level};
use super::parts::Parts;
use super::recorder::Halted;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::{self, Action, Intent, Layer, Rules, Situation, Verdict};
use crate::workspace::never;

/// Where the rules of sessions come from.
pub trait Rulebook: Send + Sync {
    /// The rules for a session that works in this folder, as their files have them by now. It reads files, so
    /// it blocks.
    fn ruling(&self, cwd: &AbsPath) -> Ruling;

    /// The same after a look at stamps alone, which takes microseconds; none where a file would have to be read.
    fn unread(&self, _cwd: &AbsPath) -> Option<Ruling> {
        None
    }
}

impl<F: Fn(&AbsPath) -> Ruling + Send + Sync> Rulebook for F {
    fn ruling(&self, cwd: &AbsPath) -> Ruling {
        self(cwd)
    }
}

/// The same, shared by all sessions.
pub type RulesFor = Arc<dyn Rulebook>;

/// Rules with where they come from.
#[derive(Debug, Clone, Default)]
pub struct Ruling {
    /// The rules of all layers.
    pub rules: Arc<Rules>,
    /// The files that they come from, or would if they were there.
    pub files: Vec<AbsPath>,
    /// What is wrong with these files, in words for the user.
    pub problems: Vec<String>,
}

/// The rules that hold in a session.
#[derive(Debug)]
pub(super) struct InForce(Mutex<Standing>);

#[derive(Debug)]
struct Standing {
    /// Each of them counts: the strictest verdict is the one.
    sets: Vec<Arc<Rules>>,
    /// As it was read last.
    latest: Ruling,
}

/// When rules are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// A turn begins.
    Turn,
    /// Something is about to be decided, or a file has changed.
    Between,
}

impl From<Arc<Rules>> for Ruling {
    fn from(rules: Arc<Rules>) -> Self {
        Self { rules, ..Self::default() }
    }
}

impl InForce {
    pub(super) fn new(ruling: Ruling) -> Self {
        Self(Mutex::new(Standing { sets: vec![ruling.rules.clone()], latest: ruling }))
    }

    /// Decides what may become of an intent, by these rules in place of those of the situation.
    pub(super) fn decide(&self, intent: &Intent, situation: &Situation<'_>) -> Verdict {
        let decide = |rules: &Rules| policy::decide(intent, &Situation { rules, ..*situation });
        let Standing { sets, latest } = &*self.lock();
        let verdicts = sets.iter().map(|rules| decide(rules));
        verdicts.reduce(Verdict::stricter).unwrap_or_else(|| decide(&latest.rules))
    }

    /// What is to be done about reading a file: what the rules say, and that a secret one is asked about.
    pub(super) fn reading(&self, path: &AbsPath, roots: &[AbsPath]) -> Option<Action> {
        let secret = self.keeps_secret(path, roots).map(|_| Action::Ask);
        match self.said_of_reading(path, roots) {
            Some(Action::Allow) | None if secret.is_some() => secret,
            said => said,
        }
    }

    /// What a secret file holds that is not to be read without a question.
    pub(super) fn keeps_secret(&self, path: &AbsPath, roots: &[AbsPath]) -> Option<&'static str> {
        self.sets().iter().find_map(|rules| rules.keeps_secret(path, roots))
    }

    /// What the rules alone say of reading a file.
    pub(super) fn said_of_reading(&self, path: &AbsPath, roots: &[AbsPath]) -> Option<Action> {
        let sets = self.sets();
        let said: Vec<Option<Action>> = sets.iter().map(|rules| rules.reading(path, roots)).collect();
        match said.iter().flatten().max() {
            Some(Action::Allow) if said.contains(&None) => None,
            strictest => strictest.copied(),
        }
    }

    /// The files that the rules come from.
    pub(super) fn files(&self) -> Vec<AbsPath> {
        self.lock().latest.files.clone()
    }

    /// Puts in force what was read; gives what the user has to hear.
    fn take(&self, ruling: Ruling, when: When, by_agent: bool) -> Vec<String> {
        let mut standing = self.lock();
        let known = std::mem::replace(&mut standing.latest, ruling.clone());
        if when == When::Turn && !by_agent {
            standing.sets = vec![ruling.rules];
        } else if !standing.sets.contains(&ruling.rules) {
            match standing.sets.len() {
                len if len < limits::RULES_IN_FORCE_MAX => standing.sets.push(ruling.rules),
                len if len == limits::RULES_IN_FORCE_MAX => {
                    standing.sets.push(Arc::new(Rules::new(vec![Layer::asking()])));
                }
                _ => {}
            }
        }
        ruling.problems.into_iter().filter(|problem| !known.problems.contains(problem)).collect()
    }

    /// The user's folder, where it is known.
    pub(super) fn home(&self) -> Option<AbsPath> {
        self.lock().latest.rules.home().cloned()
    }

    fn sets(&self) -> Vec<Arc<Rules>> {
        self.lock().sets.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the rules again, where their files have changed.
pub(super) async fn refresh(parts: &Parts, when: When) -> Result<(), Halted> {
    let unread = match when {
        When::Turn => None,
        When::Between => parts.rules_for.unread(parts.files.cwd()),
    };
    let Some(ruling) = (match unread {
        Some(ruling) => Some(ruling),
        None => read(parts, when).await,
    }) else {
        return Ok(());
    };
    let by_agent = parts.recorder.state(|state| ruling.files.iter().any(|file| state.touches().has(file)));
    for text in parts.rules.take(ruling, when, by_agent) {
        parts.recorder.record(Event::Noticed { level: Level::Warning, text })?;
    }
    Ok(())
}

/// The rules as their files have them; none where the program is ending.
async fn read(parts: &Parts, when: When) -> Option<Ruling> {
    let (rules_for, files) = (parts.rules_for.clone(), parts.files.clone());
    let is_list = |path: &&AbsPath| path.file_name() == never::LIST;
    let lists: Option<Vec<AbsPath>> = (when == When::Turn).then(|| {
        parts.recorder.state(|state| state.touches().paths().iter().filter(is_list).cloned().collect())
    });
    let read = move || {
        if let Some(by_agent) = lists {
            files.never().begin_turn(files.roots(), |list| by_agent.contains(list));
        }
        rules_for.ruling(files.cwd())
    };
    parts.tasks.spawn_blocking(read).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruling(flag: &str, problem: &str) -> Ruling {
        let value = serde_json::json!({ "bash": flag });
        let layer = Layer::from_config(policy::LayerKind::User, &value).unwrap();
        let problems = (!problem.is_empty()).then(|| problem.to_owned());
        Ruling {
            rules: Arc::new(Rules::new(vec![layer])),
            files: Vec::new(),
            problems: problems.into_iter().collect(),
        }
    }

    fn verdict(rules: &InForce) -> &'static str {
        let root = AbsPath::new("/w").unwrap();
        let intent = Intent::Run { command: "make".into(), cwd: root.clone(), time_limit_ms: 1 };
        let looked = super::super::looked::look("make", &root, None);
        let (roots, none) = ([root], Rules::default());
        let mode = policy::Mode::Ask;
        let situation = Situation {
            mode,
            roots: &roots,
            rules: &none,
            grants: &[],
            linked: &[],
            unreadable: &[],
            named: None,
            command: Some(&looked),
        };
        match rules.decide(&intent, &situation) {
            Verdict::Allow(_) => "allow",
            Verdict::Ask { .. } => "ask",
            Verdict::Deny { .. } => "deny",
        }
    }

    #[test]
    fn stricter_at_once_and_looser_with_the_next_turn() {
        let rules = InForce::new(ruling("allow", ""));
        assert_eq!(verdict(&rules), "allow");
        rules.take(ruling("deny", ""), When::Between, false);
        assert_eq!(verdict(&rules), "deny");
        rules.take(ruling("ask", ""), When::Between, false);
        assert_eq!(verdict(&rules), "deny");
        rules.take(ruling("ask", ""), When::Turn, false);
        assert_eq!(verdict(&rules), "ask");
        rules.take(ruling("allow", ""), When::Turn, true);
        assert_eq!(verdict(&rules), "ask", "what the agent wrote itself loosens nothing");
    }

    #[test]
    fn what_is_wrong_is_told_once() {
        let rules = InForce::new(ruling("ask", "old"));
        assert_eq!(rules.take(ruling("ask", "old"), When::Turn, false), Vec::<String>::new());
        assert_eq!(rules.take(ruling("ask", "new"), When::Turn, false), ["new"]);
        assert_eq!(rules.take(ruling("ask", ""), When::Turn, false), Vec::<String>::new());
        assert_eq!(rules.take(ruling("ask", "new"), When::Turn, false), ["new"]);
    }

    #[test]
    fn too_many_changes_in_one_turn_ask() {
        let rules = InForce::new(ruling("allow", ""));
        for at in 0..=limits::RULES_IN_FORCE_MAX {
            let value = serde_json::json!({ "bash": { "*": "allow", format!("x{at}"): "allow" } });
            let layer = Layer::from_config(policy::LayerKind::User, &value).unwrap();
            rules.take(Arc::new(Rules::new(vec![layer])).into(), When::Between, false);
        }
        assert_eq!(verdict(&rules), "ask");
    }
}

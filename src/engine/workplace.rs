//! `Workplace`: what a session that is held here stands on: its journal, its files, its rules.

use std::sync::Arc;

use super::recorder::Recorder;
use super::ruling::{InForce, RulesFor, Ruling};
use crate::policy::Action;
use crate::workspace::Files;

/// What a session that is held here stands on.
pub(super) struct Workplace {
    pub(super) recorder: Arc<Recorder>,
    pub(super) files: Files,
    pub(super) rules: Arc<InForce>,
}

impl Workplace {
    /// Reads the rules, so it blocks.
    pub(super) fn new(recorder: Arc<Recorder>, files: Files, rules_for: &RulesFor) -> Self {
        let ruling: Ruling = rules_for.ruling(files.cwd());
        let rules = Arc::new(InForce::new(ruling));
        Self { recorder, files: withholding(files, &rules), rules }
    }
}

/// What the rules forbid to read, or have asked, is not looked at before that.
fn withholding(files: Files, rules: &Arc<InForce>) -> Files {
    let (rules, roots) = (rules.clone(), files.roots().to_vec());
    files.withholding(Arc::new(move |path| match rules.reading(path, &roots) {
        Some(Action::Ask | Action::Deny) => true,
        Some(Action::Allow) | None => false,
    }))
}

//! A shell command, judged by permission rules.

use serde_json::{Map, Value, json};

use super::text;
use crate::path::AbsPath;
use crate::policy::command::{self, Free, Ruled, Site};
use crate::policy::{self, Grant, Intent, Layer, LayerKind, Looked, Mode, Rules, Situation, Verdict, shell};

/// Where a case plays: the workspace, and the user's folder, which is elsewhere.
pub(super) struct Scene {
    pub(super) workspace: AbsPath,
    pub(super) home: AbsPath,
}

impl Scene {
    pub(super) fn new() -> Result<Self, String> {
        let path = |text: &str| AbsPath::new(text).map_err(|error| error.to_string());
        Ok(Self { workspace: path("/srv/workspace")?, home: path("/srv/people/someone")? })
    }

    pub(super) fn decide(&self, text: &str, rules: &Rules, grants: &[Grant]) -> Verdict {
        let cwd = self.workspace.clone();
        let reading = shell::read(text, &shell::Place { cwd: &cwd, home: Some(&self.home) });
        let by_text = |(folder, name): (String, String)| {
            let path = AbsPath::new(&folder).ok()?.join(&name).ok()?;
            Some(((folder, name), path))
        };
        let leads = command::lookups(&reading).into_iter().filter_map(by_text).collect();
        let looked = Looked { reading, leads, git_is_plain: false };
        let situation = Situation {
            mode: Mode::Ask,
            roots: std::slice::from_ref(&cwd),
            rules,
            grants,
            linked: &[],
            unreadable: &[],
            named: None,
            command: Some(&looked),
        };
        policy::decide(
            &Intent::Run { command: text.to_owned(), cwd: cwd.clone(), time_limit_ms: 0 },
            &situation,
        )
    }

    pub(super) fn judge(&self, text: &str, rules: &Rules) -> Ruled {
        let reading = shell::read(text, &shell::Place { cwd: &self.workspace, home: Some(&self.home) });
        let leads = |folder: &str, name: &str| AbsPath::new(folder).ok()?.join(name).ok();
        let roots = [self.workspace.clone()];
        let site = Site {
            roots: &roots,
            home: Some(&self.home),
            mode: Mode::Ask,
            free: Free::Nothing,
            granted: &[],
            leads: &leads,
        };
        command::judge(text, &reading, rules, &site)
    }
}

/// `rules` is a `permission` section, `command` the command.
pub(super) fn answer(case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let section = case.get("rules").ok_or("`rules` is missing")?;
    let scene = Scene::new()?;
    let layer = Layer::from_config(LayerKind::User, section).map_err(|error| error.to_string())?;
    let (decision, reasons) =
        match scene.judge(text(case, "command")?, &Rules::new(vec![layer.at_home(&scene.home)])) {
            Ruled::Allowed(rules) => ("allow", rules),
            Ruled::Asked { reasons, .. } => ("ask", reasons),
            Ruled::Denied(rule) => ("deny", vec![rule]),
        };
    let mut answer = Map::new();
    answer.insert("decision".into(), json!(decision));
    answer.insert("reasons".into(), json!(reasons));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The shared cases, where they are at hand.
    #[allow(clippy::disallowed_methods, reason = "cases that whoever runs this test has put there")]
    fn cases() -> Option<String> {
        let folder = match std::env::var_os("QUILLON_CASES") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
        };
        std::fs::read_to_string(folder.join("shell_permissions.jsonl")).ok()
    }

    #[test]
    fn the_shared_cases() {
        let Some(cases) = cases() else { return };
        let weight = |word: &Value| ["allow", "ask", "deny"].iter().position(|known| word == known).unwrap();
        for case in cases.lines() {
            let case: Map<String, Value> = serde_json::from_str(case).unwrap();
            let answer = answer(&case).unwrap();
            let (got, wanted) = (weight(&answer["decision"]), weight(&case["expected"]));
            let passed = if case["minimum"] == true { got >= wanted } else { got == wanted };
            assert!(passed, "{}: {} {answer:?}", case["id"], case["command"]);
        }
    }
}

//! What may be done: pure decisions over an intent, the mode, the rules and what was granted.
//!
//! No I/O: paths in an intent are real ones already (`workspace::root` has followed their links).
//! Nothing here can be reached by what a model writes.

pub mod command;
pub mod intent;
pub mod protected;
pub mod rules;
pub mod secret;
pub mod shell;

pub use command::Looked;
pub use intent::{Intent, Location, SearchOf};
pub use rules::{Action, Layer, LayerKind, Rules};
pub use secret::secret;

use serde::{Deserialize, Serialize};

use crate::path::AbsPath;

/// How much a session may do without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Reads inside the workspace go through; all else asks.
    #[default]
    Ask,
    /// Edits inside the workspace go through too.
    Edit,
    /// Reads only.
    Plan,
}

/// What "always" covers, in this session: never more than what was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Grant {
    /// This very command text in this directory.
    Command {
        /// The command's whole text.
        command: String,
        /// The directory it starts in.
        cwd: AbsPath,
    },
    /// Commands of these forms: words, and ` *` behind them where anything may follow.
    Commands {
        /// The forms, one for each program that the approved command ran.
        rules: Vec<String>,
    },
    /// Edits of this one file.
    EditFile {
        /// The file.
        path: AbsPath,
    },
    /// Reading this one file or folder outside the workspace.
    ReadPath {
        /// The file or folder.
        path: AbsPath,
    },
}

/// What a decision rests on, beside the intent.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The session's mode.
    pub mode: Mode,
    /// The workspace's folders, as real paths.
    pub roots: &'a [AbsPath],
    /// The rules of all layers.
    pub rules: &'a Rules,
    /// What "always" has granted in this session.
    pub grants: &'a [Grant],
    /// Files of the intent that have a further name, which may lie anywhere (hard links).
    pub linked: &'a [AbsPath],
    /// Files of the intent that no model may be shown, each with why.
    pub unreadable: &'a [(AbsPath, String)],
    /// That a command names what is not for models, in words for the user.
    pub named: Option<&'a str>,
    /// The command of the intent, read; one that was not is asked about.
    pub command: Option<&'a Looked>,
}

/// What may be done with an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be done.
    Allow(Ground),
    /// The user is to decide.
    Ask {
        /// Why it is not simply done, for the user.
        reason: String,
        /// What an "always" would cover; none where it is not offered.
        always: Option<Grant>,
    },
    /// It may not be done, also not by an answer.
    Deny {
        /// Why, and what to do instead, for the model.
        reason: String,
    },
}

/// What an allowance rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// It touches nothing that needs asking.
    Harmless,
    /// The mode lets it through.
    Mode(Mode),
    /// A rule; its text.
    Rule(String),
    /// An earlier "always"; what it covers.
    Granted(Grant),
}

impl Verdict {
    /// The stricter one of two; the first where they are alike.
    pub fn stricter(self, other: Self) -> Self {
        let weight = |verdict: &Self| match verdict {
            Self::Allow(_) => 0,
            Self::Ask { always: Some(_), .. } => 1,
            Self::Ask { always: None, .. } => 2,
            Self::Deny { .. } => 3,
        };
        if weight(&other) > weight(&self) { other } else { self }
    }
}

/// What the model is to do where a file is kept from it.
const DO_WITHOUT: &str = "Neither read it nor change it, in no other way either. Go on without it, or tell the user \
                          what you would need of it.";

/// Decides. The strictest of all parts counts; a rule that denies is final.
pub fn decide(intent: &Intent, situation: &Situation<'_>) -> Verdict {
    if let Some((path, why)) = situation.unreadable.first().filter(|_| intent.tells_of_text()) {
        return Verdict::Deny { reason: format!("`{path}` is kept from you: {why}. {DO_WITHOUT}") };
    }
    if let Intent::Run { command, .. } = intent {
        return decide_command(command, intent, situation);
    }
    let by_rule = situation.rules.judge(intent, situation.roots);
    if let Some((Action::Deny, rule)) = &by_rule {
        return denied(rule);
    }
    if situation.mode == Mode::Plan && !intent.reads_only() {
        return only_planned();
    }
    let asking = match by_rule {
        Some((Action::Allow, rule)) => match reason_to_ask_anyway(intent, situation) {
            None => return Verdict::Allow(Ground::Rule(rule)),
            Some(reason) => reason,
        },
        Some((Action::Ask, rule)) => format!("The permission rule `{rule}` wants it to be asked."),
        Some((Action::Deny, _)) | None => match by_default(intent, situation) {
            Ok(ground) => return Verdict::Allow(ground),
            Err(reason) => reason,
        },
    };
    let always = coverage(intent, situation);
    match always.iter().find(|grant| situation.grants.contains(grant)) {
        Some(grant) => Verdict::Allow(Ground::Granted(grant.clone())),
        None => Verdict::Ask { reason: asking, always },
    }
}

fn denied(rule: &str) -> Verdict {
    Verdict::Deny {
        reason: format!("The permission rule `{rule}` denies this. Do without it, or ask the user."),
    }
}

fn only_planned() -> Verdict {
    Verdict::Deny {
        reason: "The session is in plan mode: nothing may be changed or run. Describe what you would do; the user \
                 can switch the mode."
            .into(),
    }
}

/// Whether a reason is a rule that wants commands to be asked.
fn is_of_rule(reason: &str) -> bool {
    reason.starts_with("The permission rule `bash:")
}

/// Reasons that a question about a command gives; more are counted.
const REASONS_SHOWN: usize = 3;

/// Decides about a command by all that can run in it.
fn decide_command(text: &str, intent: &Intent, situation: &Situation<'_>) -> Verdict {
    let not_read = Looked::default();
    let looked = situation.command.unwrap_or(&not_read);
    let leads = |folder: &str, name: &str| looked.leads.get(&(folder.to_owned(), name.to_owned())).cloned();
    let (roots, mode) = (situation.roots, situation.mode);
    let forms = |grant: &Grant| match grant {
        Grant::Commands { rules } => rules.clone(),
        Grant::Command { .. } | Grant::EditFile { .. } | Grant::ReadPath { .. } => Vec::new(),
    };
    let granted: Vec<String> = situation.grants.iter().flat_map(forms).collect();
    let site = command::Site {
        roots,
        home: situation.rules.home(),
        mode,
        free: looked.free(),
        granted: &granted,
        leads: &leads,
    };
    let ruled = command::judge(text, &looked.reading, situation.rules, &site);
    if let command::Ruled::Denied(rule) = &ruled {
        return denied(rule);
    }
    if mode == Mode::Plan {
        return only_planned();
    }
    let (mut reasons, each_time) = match ruled {
        command::Ruled::Allowed(rules) if situation.named.is_none() && situation.command.is_some() => {
            let ground = if rules.is_empty() { Ground::Harmless } else { Ground::Rule(rules.join(", ")) };
            return Verdict::Allow(ground);
        }
        command::Ruled::Allowed(_) | command::Ruled::Denied(_) => (Vec::new(), false),
        command::Ruled::Asked { reasons, each_time } => (reasons, each_time),
    };
    // The reading names a secret file by itself, where it sees one.
    let is_told = reasons.iter().any(|reason| reason.contains("is a secret file"));
    reasons.extend(
        situation.named.filter(|named| !(is_told && named.contains("such files hold"))).map(str::to_owned),
    );
    let exact = coverage(intent, situation).filter(|_| !each_time);
    if let Some(grant) = exact.iter().find(|grant| situation.grants.contains(grant)) {
        return Verdict::Allow(Ground::Granted(grant.clone()));
    }
    // Of a command that is asked about for what it does, "always" covers the very text.
    let forms = command::always::rules(&looked.reading, situation.rules, looked.free());
    let always = match forms.filter(|_| !each_time && reasons.iter().all(|reason| is_of_rule(reason))) {
        Some(rules) => Some(Grant::Commands { rules }),
        None => exact,
    };
    let more = reasons.len().saturating_sub(REASONS_SHOWN);
    reasons.truncate(REASONS_SHOWN);
    if more > 0 {
        reasons.push(format!("There are {more} more reasons to ask."));
    }
    let reason =
        if reasons.is_empty() { "Commands are asked in this mode.".into() } else { reasons.join(" ") };
    Verdict::Ask { reason, always }
}

/// What holds where no rule speaks: a ground to allow it, or the reason to ask.
fn by_default(intent: &Intent, situation: &Situation<'_>) -> Result<Ground, String> {
    match intent {
        Intent::Nothing => Ok(Ground::Harmless),
        Intent::Read { .. } | Intent::List { .. } | Intent::Search { .. } => {
            match reason_to_ask_anyway(intent, situation) {
                Some(reason) => Err(reason),
                None => Ok(Ground::Harmless),
            }
        }
        Intent::Write { .. } => match (situation.mode, reason_to_ask_anyway(intent, situation)) {
            (_, Some(reason)) => Err(reason),
            (mode, None) => match (mode, steering(intent)) {
                (Mode::Edit, None) => Ok(Ground::Mode(Mode::Edit)),
                (Mode::Edit, Some(steers)) => Err(steers),
                (Mode::Ask | Mode::Plan, steers) => {
                    let asked = Some("Edits are asked in this mode.".to_owned());
                    Err(both(asked, steers).unwrap_or_default())
                }
            },
        },
        // `decide_command` decides about these.
        Intent::Run { .. } => Err("Commands are asked in this mode.".to_owned()),
    }
}

/// That an edit is of a file which agents are told in later sessions; in words for the user.
fn steering(intent: &Intent) -> Option<String> {
    let Intent::Write { edits } = intent else { return None };
    let name = edits.iter().map(|edit| &edit.path).find(|path| protected::steers(path))?;
    Some(format!("What stands in `{name}` is told to agents in every later session."))
}

/// Why neither the mode nor a rule for the kind of action is enough.
fn reason_to_ask_anyway(intent: &Intent, situation: &Situation<'_>) -> Option<String> {
    match intent {
        Intent::Nothing | Intent::Run { .. } => None,
        Intent::Read { path } | Intent::List { path } | Intent::Search { root: path, .. } => {
            let covered = situation.rules.allows_outside(path, situation.roots);
            let outside = (!is_inside(path, situation.roots) && !covered).then(|| outside(path));
            let secret = intent.tells_of_text().then(|| kept_secret(path, situation)).flatten();
            both(outside, secret)
        }
        Intent::Write { edits } => edits.iter().find_map(|edit| {
            if let Some(why) = protected_here(&edit.path, situation.rules) {
                return Some(format!("`{}` is protected: {why}.", edit.path));
            }
            if situation.linked.contains(&edit.path) {
                return Some(format!(
                    "`{}` has a further name (a hard link), maybe outside the workspace: what is written here \
                     stands there too.",
                    edit.path
                ));
            }
            let covered = situation.rules.allows_outside(&edit.path, situation.roots);
            (!is_inside(&edit.path, situation.roots) && !covered).then(|| outside(&edit.path))
        }),
    }
}

fn both(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(format!("{one} {other}")),
        (one, other) => one.or(other),
    }
}

/// What "always" would cover; nothing wider than what is shown, and never protected files.
fn coverage(intent: &Intent, situation: &Situation<'_>) -> Option<Grant> {
    match intent {
        Intent::Nothing => None,
        Intent::Read { path } | Intent::List { path } | Intent::Search { root: path, .. } => {
            Some(Grant::ReadPath { path: path.clone() })
        }
        Intent::Write { edits } => match edits.as_slice() {
            [edit] if protected_here(&edit.path, situation.rules).is_none() => {
                Some(Grant::EditFile { path: edit.path.clone() })
            }
            _ => None,
        },
        Intent::Run { command, cwd, .. } => {
            Some(Grant::Command { command: command.clone(), cwd: cwd.clone() })
        }
    }
}

/// That a file is a secret one; nothing where the user has a rule for this very file.
fn kept_secret(path: &AbsPath, situation: &Situation<'_>) -> Option<String> {
    situation.rules.keeps_secret(path, situation.roots).map(|holds| {
        format!(
            "`{path}` is a secret file by its name: such files hold {holds}. Its text would be sent to the model's \
             server."
        )
    })
}

fn protected_here(path: &AbsPath, rules: &Rules) -> Option<&'static str> {
    let own = rules.owns(path).then_some("Quillon keeps its sessions or settings there");
    own.or_else(|| protected::protected(path))
}

fn is_inside(path: &AbsPath, roots: &[AbsPath]) -> bool {
    roots.iter().any(|root| path.starts_with(root))
}

fn outside(path: &AbsPath) -> String {
    format!("`{path}` is outside the workspace.")
}

impl Grant {
    /// What it covers, in words for a button.
    pub fn describe(&self) -> String {
        match self {
            Self::Command { command, cwd } => format!("the command `{command}` in {cwd}"),
            Self::Commands { rules } => command::always::in_words(rules),
            Self::EditFile { path } => format!("edits of {path}"),
            Self::ReadPath { path } => format!("reading {path}"),
        }
    }
}

impl Mode {
    /// All modes, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Ask, Self::Edit, Self::Plan];

    /// The word by which users and wires name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Edit => "edit",
            Self::Plan => "plan",
        }
    }

    /// What it means, in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ask => "reads go through; edits, and commands that do more than read, ask",
            Self::Edit => {
                "edits inside the workspace go through and are reviewed afterwards; commands that do more than read ask"
            }
            Self::Plan => "reads only; nothing is changed or run",
        }
    }

    /// The mode of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Change, Edit, Version};

    fn path(text: &str) -> AbsPath {
        AbsPath::new(text).unwrap()
    }

    fn write(text: &str) -> Intent {
        let change = Change::Whole("x".into());
        Intent::Write { edits: vec![Edit { path: path(text), base: Version::Absent, change }] }
    }

    fn run(command: &str) -> Intent {
        Intent::Run { command: command.into(), cwd: path("/w"), time_limit_ms: 1 }
    }

    /// The command of an intent, read, on a disk without links.
    fn looked(intent: &Intent) -> Looked {
        let Intent::Run { command, cwd, .. } = intent else { return Looked::default() };
        let reading = shell::read(command, &shell::Place { cwd, home: None });
        let leads = command::lookups(&reading).into_iter().map(|(folder, name)| {
            let path = AbsPath::new(format!("{folder}/{name}")).unwrap();
            ((folder, name), path)
        });
        Looked { leads: leads.collect(), reading, git_is_plain: false }
    }

    fn verdict(intent: &Intent, mode: Mode, rules: &Rules, grants: &[Grant]) -> &'static str {
        let roots = [path("/w")];
        let linked = [path("/w/linked")];
        let (looked, roots) = (looked(intent), &roots);
        let command = Some(&looked);
        let situation =
            Situation { mode, roots, rules, grants, linked: &linked, unreadable: &[], named: None, command };
        match decide(intent, &situation) {
            Verdict::Allow(_) => "allow",
            Verdict::Ask { always: Some(_), .. } => "ask",
            Verdict::Ask { always: None, .. } => "ask once",
            Verdict::Deny { .. } => "deny",
        }
    }

    fn flags(texts: &[&str]) -> Rules {
        Rules::new(vec![Layer::from_flags(texts).unwrap()])
    }

    #[test]
    fn modes_without_rules() {
        let none = Rules::default();
        let read = Intent::Read { path: path("/w/a") };
        let read_out = Intent::Read { path: path("/etc/passwd") };
        for (intent, expected) in [
            (&read, ["allow", "allow", "allow"]),
            (&read_out, ["ask", "ask", "ask"]),
            (&write("/w/a"), ["ask", "allow", "deny"]),
            (&write("/x/a"), ["ask", "ask", "deny"]),
            (&write("/w/linked"), ["ask", "ask", "deny"]),
            (&write("/w/.git/hooks/pre-commit"), ["ask once", "ask once", "deny"]),
            (&write("/w/sub/AGENTS.md"), ["ask", "ask", "deny"]),
            (&run("make"), ["ask", "ask", "deny"]),
            (&run("ls"), ["allow", "allow", "deny"]),
            (&Intent::Nothing, ["allow", "allow", "allow"]),
        ] {
            let got = Mode::ALL.map(|mode| verdict(intent, mode, &none, &[]));
            assert_eq!(got, expected, "{intent:?}");
        }
    }

    #[test]
    fn a_secret_file_is_asked_unless_a_rule_names_it() {
        let read = |text: &str| Intent::Read { path: path(text) };
        let search = |text: &str, of| Intent::Search { root: path(text), pattern: "x".into(), of };
        let none = Rules::default();
        assert_eq!(verdict(&read("/w/.env"), Mode::Plan, &none, &[]), "ask");
        assert_eq!(verdict(&search("/w/.env", SearchOf::Texts), Mode::Ask, &none, &[]), "ask");
        assert_eq!(verdict(&search("/w/.env", SearchOf::Names), Mode::Ask, &none, &[]), "allow");
        assert_eq!(verdict(&read("/w/.env.example"), Mode::Ask, &none, &[]), "allow");
        let always = [Grant::ReadPath { path: path("/w/.env") }];
        assert_eq!(verdict(&read("/w/.env"), Mode::Ask, &none, &always), "allow");
        for (rule, expected) in [
            ("read", "ask"),
            ("read:*", "ask"),
            ("read:*.env", "ask"),
            ("read:.env", "allow"),
            ("*:/w/.env", "allow"),
            ("edit:.env", "ask"),
        ] {
            assert_eq!(verdict(&read("/w/.env"), Mode::Ask, &flags(&[rule]), &[]), expected, "{rule}");
        }
        let project = serde_json::json!({"read": {".env": "allow"}});
        let project = Rules::new(vec![Layer::from_config(LayerKind::Project, &project).unwrap()]);
        assert_eq!(verdict(&read("/w/.env"), Mode::Ask, &project, &[]), "ask");
    }

    #[test]
    fn what_is_kept_back_is_denied_whatever_is_allowed() {
        let rules = flags(&["read", "edit", "grep", "read:a"]);
        let grants = [Grant::ReadPath { path: path("/w/a") }];
        let roots = [path("/w")];
        let unreadable = [(path("/w/a"), "it is private".to_owned())];
        let decided = |intent: &Intent| {
            let (rules, grants, roots) = (&rules, &grants, &roots);
            let situation = Situation {
                mode: Mode::Edit,
                roots,
                rules,
                grants,
                linked: &[],
                unreadable: &unreadable,
                named: None,
                command: None,
            };
            decide(intent, &situation)
        };
        let search = |of| Intent::Search { root: path("/w/a"), pattern: "x".into(), of };
        for intent in [Intent::Read { path: path("/w/a") }, write("/w/a"), search(SearchOf::Texts)] {
            let Verdict::Deny { reason } = decided(&intent) else { panic!("{intent:?}") };
            assert!(reason.contains("`/w/a` is kept from you: it is private"), "{reason}");
        }
        for intent in [Intent::List { path: path("/w/a") }, search(SearchOf::Names)] {
            assert!(matches!(decided(&intent), Verdict::Allow(_)), "{intent:?}");
        }
    }

    #[test]
    fn a_command_that_names_what_is_not_for_models_is_asked() {
        let (rules, roots, always) = (flags(&["bash"]), [path("/w")], run("cat notes"));
        let looked = looked(&always);
        let decided = |rules: &Rules, grants: &[Grant], named| {
            let (mode, roots, command) = (Mode::Ask, &roots, Some(&looked));
            let situation =
                Situation { mode, roots, rules, grants, linked: &[], unreadable: &[], named, command };
            decide(&always, &situation)
        };
        assert!(matches!(decided(&rules, &[], None), Verdict::Allow(_)));
        for rules in [&rules, &Rules::default()] {
            let Verdict::Ask { reason, .. } = decided(rules, &[], Some("It names `notes`.")) else {
                panic!()
            };
            assert!(reason.ends_with("It names `notes`."), "{reason}");
        }
        let grant = Grant::Command { command: "cat notes".into(), cwd: path("/w") };
        assert!(matches!(decided(&rules, &[grant], Some("It names `notes`.")), Verdict::Allow(_)));
    }

    #[test]
    fn always_covers_what_was_shown_and_nothing_else() {
        let none = Rules::default();
        let grant = Grant::Command { command: "cargo test".into(), cwd: path("/w") };
        let grants = [grant, Grant::EditFile { path: path("/w/a") }];
        assert_eq!(verdict(&run("cargo test"), Mode::Ask, &none, &grants), "allow");
        assert_eq!(verdict(&run("cargo test --all"), Mode::Ask, &none, &grants), "ask");
        assert_eq!(verdict(&write("/w/a"), Mode::Ask, &none, &grants), "allow");
        assert_eq!(verdict(&write("/w/b"), Mode::Ask, &none, &grants), "ask");
        assert_eq!(verdict(&write("/w/a"), Mode::Plan, &none, &grants), "deny");
    }

    #[test]
    fn what_is_ours_and_what_lies_outside_is_asked() {
        let rules = flags(&["bash", "edit"]).protecting(vec![path("/w/state")]);
        assert_eq!(verdict(&write("/w/state/s/journal"), Mode::Edit, &rules, &[]), "ask once");
        assert_eq!(verdict(&write("/w/statement"), Mode::Edit, &rules, &[]), "allow");
        let away = Intent::Run { command: "make".into(), cwd: path("/etc"), time_limit_ms: 1 };
        assert_eq!(verdict(&away, Mode::Ask, &rules, &[]), "ask");
    }

    #[test]
    fn rules_decide_within_their_reach() {
        let rules = flags(&["bash:cargo *", "edit"]);
        assert_eq!(verdict(&run("cargo test"), Mode::Ask, &rules, &[]), "allow");
        assert_eq!(verdict(&run("cargo test; rm -rf ."), Mode::Ask, &rules, &[]), "ask");
        assert_eq!(verdict(&write("/w/a"), Mode::Ask, &rules, &[]), "allow");
        assert_eq!(verdict(&write("/x/a"), Mode::Ask, &rules, &[]), "ask");
        assert_eq!(verdict(&write("/w/linked"), Mode::Ask, &rules, &[]), "ask");
        let always = [Grant::EditFile { path: path("/w/linked") }];
        assert_eq!(verdict(&write("/w/linked"), Mode::Edit, &rules, &always), "allow");
        assert_eq!(verdict(&write("/w/.git/config"), Mode::Ask, &rules, &[]), "ask once");
        assert_eq!(verdict(&write("/w/a"), Mode::Plan, &rules, &[]), "deny");
    }

    #[test]
    fn a_command_that_was_not_read_is_asked() {
        let (rules, roots) = (flags(&["bash"]), [path("/w")]);
        let situation = Situation {
            mode: Mode::Ask,
            roots: &roots,
            rules: &rules,
            grants: &[],
            linked: &[],
            unreadable: &[],
            named: None,
            command: None,
        };
        assert!(matches!(decide(&run("ls"), &situation), Verdict::Ask { .. }));
    }
}

//! Permission rules in OpenCode's form, in layers: `{"bash": {"git *": "allow"}, "edit": "ask"}`.
//!
//! Within one layer the last rule that matches counts; no match means that the layer says nothing.
//! Between layers a deny is final, and otherwise the later layer that says something decides; a
//! project's layer can only make the decision stricter.

use std::fmt;

use serde_json::Value;

use super::intent::{Intent, SearchOf};
use super::secret::secret;
use crate::path::AbsPath;

/// What a rule wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Do it without a question.
    Allow,
    /// Ask.
    Ask,
    /// Do not do it.
    Deny,
}

/// Where a layer comes from, in the order in which layers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerKind {
    /// The user's configuration.
    User,
    /// The project's configuration, which can only tighten.
    Project,
    /// `--allow` and the like, given by the user for this run.
    Flags,
    /// What stands in for rules that cannot be read; it can only tighten.
    Guard,
}

impl LayerKind {
    fn only_tightens(self) -> bool {
        match self {
            Self::Project | Self::Guard => true,
            Self::User | Self::Flags => false,
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The kind of action: `bash`, `edit`, `read`, `list`, `glob`, `grep`, `external_directory`, or a
    /// pattern of such names.
    permission: String,
    /// What it is about: a command, or a path (absolute, or relative to a root), with `*` and `?`.
    pattern: String,
    /// What the rule wants.
    action: Action,
}

/// The rules of one place, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    kind: LayerKind,
    rules: Vec<Rule>,
}

/// All layers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    layers: Vec<Layer>,
    own: Vec<AbsPath>,
    home: Option<AbsPath>,
}

/// Why rules cannot be read, in words for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleError(String);

/// The texts by which a command is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Its words, joined by blanks: what allows must match them.
    pub shown: String,
    /// Further ones: what asks or denies counts for them too.
    pub others: Vec<String>,
}

/// The kinds of action that rules can name.
const PERMISSIONS: &[&str] =
    &["bash", "edit", "read", "list", "glob", "grep", "external_directory", "todo", "webfetch", "websearch"];

impl Rules {
    /// The rules of these layers.
    pub fn new(mut layers: Vec<Layer>) -> Self {
        layers.sort_by_key(|layer| layer.kind);
        Self { layers, own: Vec::new(), home: None }
    }

    /// What the rules say of an intent: the strictest over all its parts, with the rule's text. None
    /// where no rule speaks of some part and nothing stricter was said of another.
    pub fn judge(&self, intent: &Intent, roots: &[AbsPath]) -> Option<(Action, String)> {
        let parts = parts(intent, roots);
        let verdicts: Vec<Option<(Action, String)>> =
            parts.iter().map(|part| self.judge_part(part)).collect();
        let strictest = verdicts.iter().flatten().max_by_key(|(action, _)| *action)?.clone();
        let complete = verdicts.iter().all(Option::is_some);
        (complete || strictest.0 > Action::Allow).then_some(strictest)
    }

    /// What the rules say of one command, or one program of a command with its arguments; with the rule's text.
    pub fn said(&self, names: &Names) -> Option<(Action, String)> {
        let Names { shown, others } = names;
        let names = std::iter::once(shown.clone()).chain(others.iter().cloned()).collect();
        self.judge_part(&Part { permissions: &["bash"], names })
    }

    /// The rule of the user that allows this very text of a command, all of it, if there is one. A word that also
    /// stands with ` *` behind it names a program, and no such text.
    pub fn allows_exactly(&self, command: &str) -> Option<String> {
        if command.contains(['*', '?']) {
            return None;
        }
        let bash = |rule: &&Rule| wildcard(&rule.permission, "bash");
        let mut naming = self.layers.iter().filter(|layer| !layer.kind.only_tightens());
        let exact = naming.find_map(|layer| {
            let mut rules = layer.rules.iter().rev().filter(bash);
            let last = rules.find(|rule| matches_whole(&rule.pattern, command))?;
            let any = layer.rules.iter().filter(bash).any(|rule| rule.pattern == format!("{command} *"));
            (last.action == Action::Allow && last.pattern == command && !any).then(|| last.to_string())
        });
        let part = Part { permissions: &["bash"], names: vec![command.to_owned()] };
        exact.filter(|_| matches!(self.judge_part(&part), Some((Action::Allow, _))))
    }

    /// What the rules say of reading a file.
    pub fn reading(&self, path: &AbsPath, roots: &[AbsPath]) -> Option<Action> {
        self.judge(&Intent::Read { path: path.clone() }, roots).map(|(action, _)| action)
    }

    /// What a file holds that reading it has to be asked for; none where it is no secret file, or a rule of
    /// the user lets this very file be read: names it, and not files like it.
    pub fn keeps_secret(&self, path: &AbsPath, roots: &[AbsPath]) -> Option<&'static str> {
        secret(path).filter(|_| !self.names_to_be_read(path, roots))
    }

    fn names_to_be_read(&self, path: &AbsPath, roots: &[AbsPath]) -> bool {
        let names = names(path, roots);
        let rules =
            self.layers.iter().filter(|layer| !layer.kind.only_tightens()).flat_map(|layer| &layer.rules);
        let mut naming = rules.filter(|rule| rule.action == Action::Allow && names.contains(&rule.pattern));
        naming.any(|rule| wildcard(&rule.permission, "read"))
    }

    /// Whether a rule of the user lets this path outside the workspace through.
    pub fn allows_outside(&self, path: &AbsPath, roots: &[AbsPath]) -> bool {
        let part = Part { permissions: &["external_directory"], names: names(path, roots) };
        matches!(self.judge_part(&part), Some((Action::Allow, _)))
    }

    /// Files and folders of the program itself: changing them is always asked.
    pub fn protecting(self, own: Vec<AbsPath>) -> Self {
        Self { own, ..self }
    }

    /// The user's folder, as a real path: what `~` means in commands.
    pub fn with_home(self, home: Option<AbsPath>) -> Self {
        Self { home, ..self }
    }

    /// The user's folder, where it is known.
    pub fn home(&self) -> Option<&AbsPath> {
        self.home.as_ref()
    }

    /// Whether a path is one of the program's own.
    pub fn owns(&self, path: &AbsPath) -> bool {
        self.own.iter().any(|own| path.starts_with(own))
    }

    fn judge_part(&self, part: &Part<'_>) -> Option<(Action, String)> {
        let mut decided: Option<(Action, String)> = None;
        for layer in &self.layers {
            let Some(rule) = layer.rules.iter().rev().find(|rule| rule.matches(part)) else { continue };
            let said = (rule.action, rule.to_string());
            decided = match decided {
                Some((Action::Deny, _)) => decided,
                Some(before) if layer.kind.only_tightens() && before.0 >= said.0 => Some(before),
                None if layer.kind.only_tightens() && said.0 == Action::Allow => None,
                Some(_) | None => Some(said),
            };
        }
        decided
    }
}

impl Layer {
    /// Reads the `permission` object of a configuration file.
    pub fn from_config(kind: LayerKind, permission: &Value) -> Result<Self, RuleError> {
        let mut rules = Vec::new();
        match permission {
            Value::String(word) => rules.push(Rule::new("*", "*", Action::parse(word)?)),
            Value::Object(entries) => {
                for (permission, said) in entries {
                    read_entry(permission, said, &mut rules)?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                return Err(RuleError("`permission` must be an object such as {\"bash\": \"ask\"}".into()));
            }
        }
        Ok(Self { kind, rules })
    }

    /// The same with `~` and `$HOME` at the beginning of what rules say of paths as this folder, which is a real
    /// path. In rules for commands they stay what they are: text of a command.
    pub fn at_home(mut self, home: &AbsPath) -> Self {
        let of_paths = self.rules.iter_mut().filter(|rule| rule.permission != "bash");
        for rule in of_paths {
            let below = ["~", "$HOME"].iter().find_map(|home| rule.pattern.strip_prefix(home));
            if let Some(below) = below.filter(|below| below.is_empty() || below.starts_with('/')) {
                rule.pattern = format!("{home}{below}");
            }
        }
        self
    }

    /// Everything asks: what counts where rules were given and cannot be read. What is denied stays
    /// denied, and nothing is allowed beside it.
    pub fn asking() -> Self {
        Self { kind: LayerKind::Guard, rules: vec![Rule::new("*", "*", Action::Ask)] }
    }

    /// Reads `--allow` values: `edit`, or `bash:cargo test *`.
    pub fn from_flags(texts: &[impl AsRef<str>]) -> Result<Self, RuleError> {
        let mut rules = Vec::new();
        for text in texts {
            let (permission, pattern) = text.as_ref().split_once(':').unwrap_or((text.as_ref(), "*"));
            check_permission(permission.trim())?;
            rules.push(Rule::new(permission.trim(), pattern.trim(), Action::Allow));
        }
        Ok(Self { kind: LayerKind::Flags, rules })
    }
}

fn read_entry(permission: &str, said: &Value, rules: &mut Vec<Rule>) -> Result<(), RuleError> {
    check_permission(permission)?;
    match said {
        Value::String(word) => rules.push(Rule::new(permission, "*", Action::parse(word)?)),
        Value::Object(patterns) => {
            for (pattern, word) in patterns {
                let word = word.as_str().ok_or_else(|| {
                    RuleError(format!(
                        "`permission.{permission}.{pattern}` must be \"allow\", \"ask\" or \"deny\""
                    ))
                })?;
                rules.push(Rule::new(permission, pattern, Action::parse(word)?));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err(RuleError(format!(
                "`permission.{permission}` must be \"allow\", \"ask\", \"deny\" or an object of patterns"
            )));
        }
    }
    Ok(())
}

fn check_permission(permission: &str) -> Result<(), RuleError> {
    if PERMISSIONS.iter().any(|known| wildcard(permission, known)) {
        return Ok(());
    }
    Err(RuleError(format!("`{permission}` is no permission; there are: {}", PERMISSIONS.join(", "))))
}

impl Rule {
    fn new(permission: &str, pattern: &str, action: Action) -> Self {
        Self { permission: permission.to_owned(), pattern: pattern.to_owned(), action }
    }

    fn matches(&self, part: &Part<'_>) -> bool {
        if !part.permissions.iter().any(|permission| wildcard(&self.permission, permission)) {
            return false;
        }
        // What allows counts for a command's words alone; what asks or denies for every name of it.
        let names = match (self.action, part.permissions) {
            (Action::Allow, ["bash"]) => &part.names[..1],
            (Action::Allow | Action::Ask | Action::Deny, _) => &part.names[..],
        };
        names.contains(&self.pattern) || names.iter().any(|name| wildcard(&self.pattern, name))
    }
}

/// One thing that a rule can speak of.
struct Part<'a> {
    permissions: &'a [&'a str],
    /// The texts that a pattern may match.
    names: Vec<String>,
}

fn parts(intent: &Intent, roots: &[AbsPath]) -> Vec<Part<'static>> {
    let of_path = |permissions: &'static [&'static str], path: &AbsPath| Part {
        permissions,
        names: names(path, roots),
    };
    match intent {
        Intent::Nothing => {
            vec![Part { permissions: &["todo"], names: vec![String::new()] }]
        }
        Intent::Read { path } => vec![of_path(&["read"], path)],
        Intent::List { path } => vec![of_path(&["list"], path)],
        Intent::Search { root, of: SearchOf::Names, .. } => vec![of_path(&["glob"], root)],
        Intent::Search { root, of: SearchOf::Texts, .. } => vec![of_path(&["grep"], root)],
        Intent::Write { edits } => edits.iter().map(|edit| of_path(&["edit"], &edit.path)).collect(),
        // A command is read first, and judged part by part: `policy::command`.
        Intent::Run { .. } => Vec::new(),
    }
}

/// The texts by which a path is known: absolute, and relative to each root that holds it.
fn names(path: &AbsPath, roots: &[AbsPath]) -> Vec<String> {
    let relative = roots.iter().filter(|root| path.starts_with(root)).map(|root| path.display_in(root));
    std::iter::once(path.to_string()).chain(relative).collect()
}

/// Whether `text` matches `pattern`, in which `*` stands for any text and `?` for one character. A
/// pattern that ends in ` *` also matches without the blank and what follows.
fn wildcard(pattern: &str, text: &str) -> bool {
    if let Some(stem) = pattern.strip_suffix(" *")
        && matches_whole(stem, text)
    {
        return true;
    }
    matches_whole(pattern, text)
}

fn matches_whole(pattern: &str, text: &str) -> bool {
    // Most patterns fail at their first letters, and a command can be long.
    let literal = pattern.find(['*', '?']).map_or(pattern, |sign| &pattern[..sign]);
    if !text.starts_with(literal) {
        return false;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at, seen));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[seen] => {
                at += 1;
                seen += 1;
            }
            Some(_) | None => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    at = star + 1;
                    seen = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

impl Action {
    fn parse(word: &str) -> Result<Self, RuleError> {
        match word {
            "allow" => Ok(Self::Allow),
            "ask" => Ok(Self::Ask),
            "deny" => Ok(Self::Deny),
            other => Err(RuleError(format!("`{other}` is not \"allow\", \"ask\" or \"deny\""))),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} → {}", self.permission, self.pattern, self.action.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(layers: &[(LayerKind, Value)]) -> Rules {
        Rules::new(layers.iter().map(|(kind, value)| Layer::from_config(*kind, value).unwrap()).collect())
    }

    fn said(rules: &Rules, command: &str) -> Option<Action> {
        let names = Names { shown: command.to_owned(), others: Vec::new() };
        rules.said(&names).map(|(action, _)| action)
    }

    #[test]
    fn last_match_wins_within_a_layer() {
        let rules =
            rules(&[(LayerKind::User, json!({"bash": {"*": "ask", "git *": "allow", "git push*": "deny"}}))]);
        assert_eq!(said(&rules, "ls"), Some(Action::Ask));
        assert_eq!(said(&rules, "git"), Some(Action::Allow));
        assert_eq!(said(&rules, "git status"), Some(Action::Allow));
        assert_eq!(said(&rules, "git push -f"), Some(Action::Deny));
        assert_eq!(said(&rules, "gitk"), Some(Action::Ask));
    }

    #[test]
    fn a_deny_is_final_and_a_project_only_tightens() {
        let deny = json!({"bash": {"rm *": "deny"}});
        let allow = json!({"bash": "allow"});
        let layered = rules(&[(LayerKind::User, deny.clone()), (LayerKind::Flags, allow.clone())]);
        assert_eq!(said(&layered, "rm x"), Some(Action::Deny));
        assert_eq!(said(&rules(&[(LayerKind::Project, allow)]), "rm x"), None);
        assert_eq!(said(&rules(&[(LayerKind::Project, deny)]), "rm x"), Some(Action::Deny));
    }

    #[test]
    fn errors_name_the_place() {
        let unknown = Layer::from_flags(&["bsh:ls"]).unwrap_err();
        assert!(unknown.to_string().contains("`bsh` is no permission"), "{unknown}");
        let wrong = Layer::from_config(LayerKind::User, &json!({"bash": {"ls": 1}})).unwrap_err();
        assert!(wrong.to_string().contains("permission.bash.ls"), "{wrong}");
    }

    #[test]
    fn home_is_a_place_in_rules_for_paths_alone() {
        let said = json!({
            "external_directory": {"~/notes/*": "allow", "$HOME/x": "allow", "~other/*": "allow"},
            "bash": {"ls ~/x": "allow"},
        });
        let home = AbsPath::new("/h/me").unwrap();
        let layer = Layer::from_config(LayerKind::User, &said).unwrap().at_home(&home);
        let patterns: Vec<&str> = layer.rules.iter().map(|rule| rule.pattern.as_str()).collect();
        assert_eq!(patterns, ["/h/me/notes/*", "/h/me/x", "~other/*", "ls ~/x"]);
    }

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?", "ä", true),
            ("*.env", "/w/x.env", true),
            ("a**b", "ab", true),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }
}

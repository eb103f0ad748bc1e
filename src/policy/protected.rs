//! Files that always ask before they are changed: they steer git, editors, agents and shells.

use crate::path::AbsPath;

/// Names that protect themselves and everything below them, each with what it could do.
const NAMES: &[(&str, &str)] = &[
    (".git", "git runs its hooks and reads its configuration from there"),
    (".gitmodules", "git fetches from what it names"),
    (".quillon", "it configures this program"),
    ("quillon.jsonc", "it configures this program"),
    (".quillonignore", "it keeps files from the model"),
    (".vscode", "the editor reads tasks and settings from there"),
    (".idea", "the editor reads run configurations and settings from there"),
    (".zed", "the editor reads tasks and settings from there"),
    (".fleet", "the editor reads run configurations from there"),
    (".nvim.lua", "the editor runs it"),
    (".exrc", "the editor runs it"),
    (".dir-locals.el", "the editor runs it"),
    (".devcontainer", "the editor builds and starts containers from it"),
    (".opencode", "it configures an agent"),
    ("opencode.json", "it configures an agent"),
    ("opencode.jsonc", "it configures an agent"),
    (".mcp.json", "agents start servers from it"),
    (".cursor", "it configures an agent"),
    (".claude", "it configures an agent"),
    (".codex", "it configures an agent"),
    (".gemini", "it configures an agent"),
    (".roo", "it configures an agent"),
    (".kiro", "it configures an agent"),
    (".windsurf", "it configures an agent"),
    (".amazonq", "it configures an agent"),
    (".junie", "it configures an agent"),
    (".envrc", "a shell runs it when it enters the folder"),
    (".husky", "git runs the hooks in it"),
    (".pre-commit-config.yaml", "git runs the hooks it names"),
    (".mise.toml", "a tool manager runs what it names"),
    (".tool-versions", "a tool manager installs what it names"),
    (".npmrc", "npm reads its registry and keys from it"),
    (".yarnrc", "yarn runs what it names"),
    (".yarnrc.yml", "yarn runs what it names"),
    (".ssh", "it opens this machine and others"),
    (".gnupg", "it holds keys"),
    (".netrc", "it holds passwords"),
    (".bashrc", "a shell runs it at start"),
    (".bash_profile", "a shell runs it at start"),
    (".profile", "a shell runs it at start"),
    (".zshrc", "a shell runs it at start"),
    (".zshenv", "a shell runs it at start"),
    (".zprofile", "a shell runs it at start"),
];

/// Why this path is protected; none when it is not. Names count at any depth, whatever their case
/// and with trailing dots and blanks left out, as file systems may do.
pub fn protected(path: &AbsPath) -> Option<&'static str> {
    let mut before = String::new();
    for component in path.as_path().components() {
        let name = folded(&component.as_os_str().to_string_lossy());
        if let Some((_, why)) = NAMES.iter().find(|(protected, _)| *protected == name) {
            return Some(why);
        }
        if name.ends_with(".code-workspace") {
            return Some("the editor reads settings from it");
        }
        if before == ".cargo" && (name == "config" || name == "config.toml") {
            return Some("cargo runs what it names");
        }
        before = name;
    }
    None
}

/// Files that steer agents by their words, whatever their case.
const STEERING: &[&str] = &[
    "agents.md",
    "claude.md",
    "gemini.md",
    ".cursorrules",
    ".clinerules",
    ".windsurfrules",
    "copilot-instructions.md",
];

/// Whether what stands in this file is told to agents in later sessions.
pub fn steers(path: &AbsPath) -> bool {
    STEERING.contains(&&*folded(&path.file_name()))
}

/// A name as file systems may take it that do not tell all letters apart.
pub(super) fn folded(name: &str) -> String {
    let visible: String = name.chars().filter(|letter| !is_format(*letter)).collect();
    visible.trim_end_matches(['.', ' ']).to_lowercase()
}

/// Characters that are not seen and which some file systems leave out of names.
fn is_format(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: bool) {
        assert_eq!(protected(&AbsPath::new(path).unwrap()).is_some(), expected, "{path}");
    }

    #[test]
    fn any_depth_any_case() {
        check("/w/.git/hooks/pre-commit", true);
        check("/w/sub/.GIT/config", true);
        check("/w/.git. /config", true);
        check("/w/.gi\u{200c}t/config", true);
        check("/w/.cargo/config.toml", true);
        check("/w/x.code-workspace", true);
        check("/w/.gitignore", false);
        check("/w/config.toml", false);
        check("/w/src/git/main.rs", false);
    }

    #[test]
    fn what_steers_agents() {
        let steers = |path: &str| steers(&AbsPath::new(path).unwrap());
        assert!(
            steers("/w/AGENTS.md")
                && steers("/w/a/Claude.md")
                && steers("/w/.github/copilot-instructions.md")
        );
        assert!(!steers("/w/agents.md/x") && !steers("/w/README.md"));
    }
}

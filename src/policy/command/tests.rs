//! Commands by the hundred, judged; and texts of any kind.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::policy::shell::{self, Place};
use crate::policy::{Layer, LayerKind};

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

/// Judges on a disk without links.
fn ruled(text: &str, section: &Value) -> Ruled {
    ruled_with(text, section, Free::Nothing)
}

fn ruled_with(text: &str, section: &Value, free: Free) -> Ruled {
    let (cwd, home) = (path("/w/project"), path("/h/someone"));
    let reading = shell::read(text, &Place { cwd: &cwd, home: Some(&home) });
    let rules = Rules::new(vec![Layer::from_config(LayerKind::User, section).unwrap()]);
    let leads = |folder: &str, name: &str| AbsPath::new(folder).ok()?.join(name).ok();
    let roots = [cwd];
    let site = Site { roots: &roots, home: Some(&home), mode: Mode::Ask, free, granted: &[], leads: &leads };
    judge(text, &reading, &rules, &site)
}

/// The commands of a list: each stands behind a line that holds a percent sign alone.
fn list(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.trim_end().split("\n%\n").skip(1)
}

/// Rules that allow programs of every day, and edits.
fn usual() -> Value {
    let programs = "ls pwd cat head tail wc sort uniq cut tr grep rg find echo printf sed awk diff true test xargs date \
                    tree stat file jq base64 dd cd mkdir touch cp mv cargo npm go pytest make";
    let git = ["status", "log", "diff", "show", "add", "commit"];
    let mut rules = serde_json::Map::from_iter([("*".to_owned(), json!("ask"))]);
    let named =
        programs.split_whitespace().map(str::to_owned).chain(git.iter().map(|verb| format!("git {verb}")));
    rules.extend(named.map(|program| (format!("{program} *"), json!("allow"))));
    json!({"bash": rules, "edit": "allow"})
}

#[test]
fn what_is_denied_is_found_wherever_it_hides() {
    let section = json!({"bash": {"*": "allow", "rm *": "deny", "git push *": "deny"}});
    for command in list(include_str!("../../../tests/shell/denied.txt")) {
        let ruled = ruled(command, &section);
        assert!(matches!(ruled, Ruled::Denied(_)), "{command}: {ruled:?}");
    }
}

#[test]
fn what_a_rule_does_not_mean_is_asked() {
    for command in list(include_str!("../../../tests/shell/asked.txt")) {
        let ruled = ruled(command, &usual());
        assert!(!matches!(ruled, Ruled::Allowed(_)), "{command}");
    }
}

#[test]
fn what_a_rule_means_is_allowed() {
    for command in list(include_str!("../../../tests/shell/allowed.txt")) {
        let ruled = ruled(command, &usual());
        assert!(matches!(ruled, Ruled::Allowed(_)), "{command}: {ruled:?}");
    }
}

#[test]
fn without_rules_everything_asks() {
    for command in list(include_str!("../../../tests/shell/allowed.txt")) {
        assert!(matches!(ruled(command, &json!({})), Ruled::Asked { .. }), "{command}");
    }
}

#[test]
fn what_only_reads_needs_no_rule() {
    let allowed = |command: &str, free| matches!(ruled_with(command, &json!({}), free), Ruled::Allowed(_));
    for command in [
        "ls",
        "ls -la src",
        "cat src/main.rs | head -20",
        "wc -l src/*.rs",
        "find . -name '*.rs' | head",
        "grep -n x a.rs",
        "cd src && ls",
        "pwd; date",
        "sed -n 1,5p a",
        "jq .name package.json",
        "test -f a && echo yes",
        "bash -c 'ls'",
        "node --version",
    ] {
        assert!(allowed(command, Free::Reading), "{command}");
        assert!(!allowed(command, Free::Nothing), "{command}");
    }
    for command in ["git status", "git log -3 | cat", "git diff HEAD~1 -- src"] {
        assert!(allowed(command, Free::ReadingAndGit) && !allowed(command, Free::Reading), "{command}");
    }
    for command in [
        "cat .env",
        "cat ../a",
        "cat *",
        "cat src/*.rs",
        "grep -r KEY .",
        "grep -Rn x",
        "rg x",
        "ls > a",
        "sed -i s/a/b/ a",
        "find . -delete",
        "find . -exec cat {} +",
        "find . | xargs cat",
        "cat $F",
        "ls; rm a",
        "git push",
        "xxd a b",
        "xxd -r a",
        "git branch x",
        "git commit -m x",
        "node --version x.js",
        "A=b ls",
        "sed 1e a",
        "./ls",
        "cd .. && ls",
        "echo x | sh",
        "git log --output=a",
        "env",
        "diff -r a b",
    ] {
        assert!(!allowed(command, Free::ReadingAndGit), "{command}");
    }
    let asked = ruled_with("ls", &json!({"bash": {"*": "ask"}}), Free::Reading);
    assert!(matches!(asked, Ruled::Asked { .. }), "a rule of the user comes first");
}

#[test]
fn a_rule_for_the_very_text_allows_what_is_not_understood() {
    let section = json!({"bash": {"python3 -c 'print(1)'": "allow", "ls | wc": "allow", "echo x > .envrc": "allow"}, "edit": "allow"});
    assert!(matches!(ruled("python3 -c 'print(1)'", &section), Ruled::Allowed(_)));
    assert!(matches!(ruled("ls | wc", &section), Ruled::Allowed(_)));
    assert!(matches!(ruled("ls | wc -l", &section), Ruled::Asked { .. }));
    let Ruled::Asked { each_time, .. } = ruled("echo x > .envrc", &section) else { panic!() };
    assert!(each_time, "a protected file is asked about each time");
}

#[test]
fn a_question_says_why() {
    let section = json!({"bash": "allow", "edit": "allow"});
    for (command, why) in [
        ("cat $X", "`$X` may turn out to be an option, or any file."),
        ("rm -rf /", "It removes `/` with all that is in it."),
        ("cd .. && ls", "It runs in `/w`, which is outside the workspace."),
        ("echo x > .git/config", "`/w/project/.git/config` is protected"),
        ("eval \"$X\"", "`eval` runs a text that is known only when it runs."),
        ("ls \u{200b}", "It holds characters that are not seen."),
    ] {
        let Ruled::Asked { reasons, .. } = ruled(command, &section) else { panic!("{command}") };
        assert!(reasons.iter().any(|reason| reason.contains(why)), "{command}: {reasons:?}");
    }
}

/// Texts that are made to be long to read: each ends, and none is allowed without being understood.
#[test]
fn texts_without_measure_end_in_a_question() {
    let section = json!({"bash": {"*": "allow", "rm *": "deny"}});
    let long = |piece: &str| piece.repeat(32_000 / piece.len());
    for piece in [
        "(",
        "{ ",
        "$(",
        "\"$(",
        "`",
        "if ",
        "$((",
        "a|",
        "<",
        ">",
        "<<a ",
        "a=(",
        "[[ ",
        "f(){ ",
        "${a:-",
        "<(",
        "case a in ",
        "for i in a; do ",
        "bash -c '",
        "env ",
        "sudo ",
        "find -exec ",
        "eval ",
        "trap '",
        "cd a || ",
    ] {
        let ruled = ruled(&format!("{}rm x", long(piece)), &section);
        assert!(!matches!(ruled, Ruled::Allowed(_)), "{piece}");
    }
}

proptest! {
    /// Any text can be read, and whatever it hides `rm` in, that is not allowed where bash would run it.
    #[test]
    fn any_text_is_judged(text in "[ a-z'\"$(){};&|<>`\\\\\n*?~=\\[\\]!#-]{0,60}") {
        let section = json!({"bash": {"*": "allow", "rm *": "deny"}});
        let _ = ruled(&text, &section);
        let behind = ruled(&format!("true\nrm x\n{text}"), &section);
        prop_assert!(!matches!(behind, Ruled::Allowed(_)), "{text}");
    }
}

//! The rules of the source as tests: layers, sizes, headers, portability.
//!
//! Each rule is a function from a text to complaints, which say what to do; it is run over the
//! tracked files, and tried on a planted violation, so that none of them can rot into one that
//! never fires.

#![allow(clippy::disallowed_methods, reason = "reads the source, and asks git what is part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which module may name which (`src/README.md`, "Who may name whom"). `path` and `limits` may be
/// named by everyone, and a module by itself. Adding a word is a design decision: the commit says why.
const LAYERS: &[(&str, &[&str])] = &[
    ("path", &[]),
    ("limits", &[]),
    ("text", &[]),
    ("os", &[]),
    ("rpc", &[]),
    ("policy", &["text"]),
    ("workspace", &["text", "os"]),
    ("engine", &["workspace", "policy", "text"]),
    ("providers", &["engine", "os"]),
    ("tools", &["engine", "policy", "workspace", "text"]), // not os: effects go through Access
    ("mcp", &["engine", "policy", "os"]),
    ("store", &["engine", "os", "text"]),
    ("frontends", &["engine", "policy", "workspace", "text", "rpc"]),
    ("config", &["policy"]),
];
/// What a single file may name beyond its folder.
const LAYERS_OF_FILES: &[(&str, &[&str])] = &[
    ("src/engine/access.rs", &["os"]),
    // Its turns are real ones, with the built-in tools.
    ("src/frontends/editor/tests.rs", &["tools"]),
];
/// The files and folders that put the parts together: they may name all.
const ASSEMBLY: &[&str] = &[
    "src/lib.rs",
    "src/main.rs",
    "src/daemon.rs",
    "src/daemon/",
    "src/cli.rs",
    "src/cli/",
    "src/cases.rs",
    "src/cases/",
    "src/bin/",
];
/// Packages that stay behind one folder of `src`, so that their types do not spread.
const PACKAGES: &[(&str, &str)] = &[
    ("quillon_protocol", "src/frontends"),
    ("agent_client_protocol_schema", "src/frontends/acp"),
    ("tower_lsp", "src/frontends"),
    ("reqwest", "src/os"),
    ("rustls", "src/os"),
    ("rustix", "src/os"),
    ("lopdf", "src/workspace"),
    ("notify", "src/os"),
    ("notify_debouncer_mini", "src/os"),
];

/// The most lines a source file may have, without the tests at its foot.
const FILE_LINES_MAX: usize = 400;
/// Longer files, each with its own limit in steps of ten: it may fall and never rise.
const LONG_FILES: &[(&str, usize)] = &[];
/// The roots of the packages: no unsafe code below them.
const ROOTS: &[&str] = &["src/lib.rs", "src/main.rs", "src/bin/quillon-cases.rs"];
/// Test files that may sleep, each with its reason beside it.
const SLEEPERS: &[&str] = &[
    // Looks in short steps whether processes of another program are gone; nobody tells of their end.
    "tests/process.rs",
    "tests/support/commands.rs",
    // The virtual clock passes at once; the times are the scenario.
    "tests/properties.rs",
    "tests/support/fakes.rs",
    // The clock stands still, and moves on once nothing else happens: that is what is waited for.
    "tests/providers/scene.rs",
];
#[test]
fn modules_name_only_what_their_layer_may() {
    assert_clean(&sources(), layers);
    planted(layers, "src/text/edit.rs", "use crate::engine::Event;", "`text` may not name `engine`");
    planted(layers, "src/tools/bash.rs", "use crate::{path::AbsPath, os};", "`tools` may not name `os`");
    planted(layers, "src/policy/rules.rs", "use super::super::workspace::Root;", "may not name `workspace`");
    planted(layers, "src/store.rs", "fn f() {\n    super::tools::all();\n}", "`store` may not name `tools`");
    planted(layers, "src/rpc.rs", "use crate::*;", "name the module");
    planted(layers, "src/engine/turn.rs", "use crate::os::fs;", "`engine` may not name `os`");
    planted(layers, "src/budget.rs", "//! Money.", "has no row in LAYERS");
    planted(layers, "src/engine/turn.rs", "use quillon_protocol::Event;", "stays in src/frontends");
    for (path, text) in [
        ("src/engine/access.rs", "use crate::os::fs;"),
        ("src/engine/turn.rs", "mod tests {\n    use super::super::state::State;\n}"),
        ("src/tools.rs", "// crate::os is not for tools\nmod read;"),
        ("src/daemon.rs", "use crate::{engine, tools, store};"),
    ] {
        assert_eq!(layers(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn sources_are_short_and_say_what_they_are() {
    assert_clean(&sources(), shape);
    let long = format!("//! A noun.\n{}", "fn f() {}\n".repeat(FILE_LINES_MAX));
    planted(shape, "src/a.rs", &long, "401 lines");
    planted(shape, "src/a.rs", "use std::fmt;", "open with one `//!` sentence");
    planted(shape, "src/a.rs", "//! no sentence", "open with one `//!` sentence");
    let tested =
        format!("//! A noun.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "// case\n".repeat(FILE_LINES_MAX));
    assert_eq!(shape("src/a.rs", &tested), Vec::<String>::new(), "tests at the foot do not count");
    planted(|path, text| ratchet(path, text, 510), "src/a.rs", "//! A noun.\n", "lower its number");
    for (path, lines) in LONG_FILES {
        assert!(Path::new(path).exists(), "tests/tidy.rs: LONG_FILES names {path}, which is gone: remove it");
        assert!(*lines > FILE_LINES_MAX, "tests/tidy.rs: {path} is short enough: remove it from LONG_FILES");
    }
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    assert_clean(&sources(), finished);
    planted(finished, "src/a.rs", concat!("fn f() { to", "do!() }"), "write it");
    planted(finished, "src/a.rs", concat!("fn f() { unimple", "mented!() }"), "write it");
    planted(finished, "src/a.rs", concat!("d", "bg!(x);"), "tracing");
    planted(finished, "src/a.rs", concat!("let x = 1; // TO", "DO: more"), "do it, or file it");
    planted(finished, "src/a.rs", concat!("#[igno", "re]\nfn f() {}"), "assert what it does");
    planted(finished, "tests/a.rs", concat!("std::thread::sl", "eep(second);"), "wait for the thing");
    planted(
        finished,
        "src/a.rs",
        concat!("#[cfg(test)]\ntime::sl", "eep(second).await;"),
        "wait for the thing",
    );
    assert_eq!(finished("src/a.rs", concat!("grep(\"// TO", "DO\")")), Vec::<String>::new());
    for root in ROOTS {
        let text = read(root);
        assert!(
            text.contains("\n#![forbid(unsafe_code)]\n"),
            "{root}: put `#![forbid(unsafe_code)]` below the header"
        );
    }
}

#[test]
fn files_are_portable() {
    assert_clean(&tracked(), portable);
    planted(portable, "a.md", concat!("in /ro", "ot/x"), "path of one machine");
    planted(portable, "a.rs", concat!("\"/wo", "rk/main/x\""), "path of one machine");
    planted(portable, "a.sh", concat!("cd=/ho", "me/anna/x"), "path of one machine");
    assert_eq!(portable("a.rs", concat!("\"/ho", "me/user/a\" and src/wo", "rk/b")), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn scripts_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    for path in tracked() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let runs = path.metadata().expect("a tracked file").permissions().mode() & 0o111 != 0;
        let script = text.starts_with("#!/");
        let hint = if script { "chmod +x it" } else { "chmod -x it, or open it with `#!/…`" };
        assert_eq!(script, runs, "{}: {hint}", path.display());
    }
}

fn layers(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let Some(module) = path.strip_prefix("src/") else { return complaints };
    for (package, home) in PACKAGES {
        let named = code_lines(text).any(|(_, line)| line.contains(&format!("{package}::")));
        if named && !path.starts_with(home) {
            complaints.push(format!("{path}: the package {package} stays in {home}"));
        }
    }
    if ASSEMBLY.iter().any(|prefix| path.starts_with(prefix)) {
        return complaints;
    }
    let module = module.split(['/', '.']).next().unwrap_or_default();
    let Some((_, may)) = LAYERS.iter().find(|(name, _)| *name == module) else {
        complaints.push(format!(
            "{path}: `{module}` has no row in LAYERS of tests/tidy.rs: decide where it stands"
        ));
        return complaints;
    };
    let more = LAYERS_OF_FILES.iter().find(|(file, _)| *file == path).map_or(&[][..], |(_, more)| more);
    for (line, name) in named_modules(path, text) {
        let allowed = [module, "path", "limits"].contains(&name.as_str())
            || may.contains(&name.as_str())
            || more.contains(&name.as_str());
        if name == "*" {
            complaints.push(format!("{path}:{line}: name the module instead of taking all"));
        } else if !allowed {
            complaints.push(format!(
                "{path}:{line}: `{module}` may not name `{name}`: move the code, or pass it in from above"
            ));
        }
    }
    complaints
}

/// The modules of the crate that `text` names from the crate's root, each with its line.
fn named_modules(path: &str, text: &str) -> Vec<(usize, String)> {
    let depth = path.trim_start_matches("src/").split('/').count();
    let mut inline_modules: Vec<usize> = Vec::new();
    let mut code = String::new(); // all code, with each way to the root written `crate::`
    let mut starts = Vec::new();
    for (number, line) in code_lines(text) {
        let indent = line.len() - line.trim_start().len();
        if inline_modules.last() == Some(&indent) && line.trim_end() == format!("{:indent$}}}", "") {
            inline_modules.pop();
        }
        let to_root = "super::".repeat(depth + inline_modules.len());
        starts.push((code.len(), number));
        code.push_str(&line.replace(&to_root, "crate::"));
        code.push('\n');
        let opens = line.trim_start().trim_start_matches("pub ").starts_with("mod ") && line.ends_with('{');
        if opens {
            inline_modules.push(indent);
        }
    }
    let mut named = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let line = starts.iter().rev().find(|(start, _)| *start <= at).map_or(0, |(_, number)| *number);
        let rest = &code[at + found.len()..];
        named.extend(first_names(rest).into_iter().map(|name| (line, name)));
    }
    named
}

/// `a::b` gives `a`; `{a::{b, c}, d}` gives `a` and `d`.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(rest.len());
        return vec![rest[..end].to_owned()];
    };
    let mut names = vec![String::new()];
    let mut depth = 0;
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            c if depth == 0 => names.last_mut().expect("never empty").push(c),
            _ => {}
        }
    }
    let first = |name: &String| name.trim().split([':', ' ']).next().unwrap_or_default().to_owned();
    names.iter().map(first).filter(|name| !name.is_empty()).collect()
}

fn shape(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let header: String = text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| format!("{} ", &line[3..]))
        .collect();
    let sentence = header.trim();
    if !sentence.contains(['.', ':', '?']) {
        complaints.push(format!("{path}: open with one `//!` sentence that says what it is"));
    }
    match LONG_FILES.iter().find(|(long, _)| *long == path) {
        Some((_, limit)) => complaints.extend(ratchet(path, text, *limit)),
        None => complaints.extend(too_long(path, text, FILE_LINES_MAX)),
    }
    complaints
}

fn ratchet(path: &str, text: &str, limit: usize) -> Vec<String> {
    if lines_without_tests(text) + 10 < limit {
        return vec![format!("{path} has become shorter: lower its number in LONG_FILES of tests/tidy.rs")];
    }
    too_long(path, text, limit)
}

fn too_long(path: &str, text: &str, limit: usize) -> Vec<String> {
    let lines = lines_without_tests(text);
    if lines <= limit {
        return Vec::new();
    }
    vec![format!(
        "{path}: {lines} lines without its tests, at most {limit}: which noun in it wants its own file?"
    )]
}

fn lines_without_tests(text: &str) -> usize {
    text.lines().take_while(|line| !line.starts_with("#[cfg(") || !line.contains("test")).count()
}

fn finished(path: &str, text: &str) -> Vec<String> {
    let tests_begin = if path.starts_with("tests/") { 0 } else { lines_without_tests(text) };
    let rules = [
        (concat!("to", "do!("), "write it"),
        (concat!("unimple", "mented!("), "write it"),
        (concat!("d", "bg!("), "use tracing, or remove it"),
        (concat!("#[igno", "re"), "assert what it does and say why that is wrong"),
    ];
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut complain = |advice: &str| complaints.push(format!("{path}:{}: {advice}", index + 1));
        rules.iter().filter(|(word, _)| line.contains(word)).for_each(|(_, advice)| complain(advice));
        let comment = comment_of(line);
        if comment.contains(concat!("TO", "DO")) || comment.contains(concat!("FIX", "ME")) {
            complain("do it, or file it, or say why it is so");
        }
        let sleeps = line.contains(concat!("thread::sl", "eep")) || line.contains(concat!("time::sl", "eep"));
        if sleeps && index >= tests_begin && !SLEEPERS.contains(&path) {
            complain("a test does not sleep: wait for the thing");
        }
    }
    complaints
}

/// What stands behind `//` when that is not inside a text.
fn comment_of(line: &str) -> &str {
    let outside = |at: &usize| line[..*at].matches('"').count().is_multiple_of(2);
    line.match_indices("//").map(|(at, _)| at).find(outside).map_or("", |at| &line[at..])
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line)).map(|(number, line)| {
        let comment = comment_of(line).len();
        (number, &line[..line.len() - comment])
    })
}

fn portable(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let bounded =
            |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-./~}".contains(c));
        let found = |prefix: &str, fine: &[&str]| {
            line.match_indices(prefix).any(|(at, _)| {
                bounded(at) && !fine.iter().any(|name| line[at + prefix.len()..].starts_with(name))
            })
        };
        if found(concat!("/ro", "ot/"), &[])
            || found(concat!("/wo", "rk/"), &[])
            || found(concat!("/ho", "me/"), &["user/", "me/", "<"])
        {
            complaints.push(format!("{path}:{}: a path of one machine: write it relative", index + 1));
        }
    }
    complaints
}

fn sources() -> Vec<PathBuf> {
    let ours = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "rs") && !path.starts_with("examples")
    };
    tracked().into_iter().filter(ours).collect()
}

/// Every file that is in the repository or about to be.
fn tracked() -> Vec<PathBuf> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let told = git.output().expect("git is installed");
    let errors = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "tidy asks git which files are ours, so run it in a clone: {errors}");
    let listed = String::from_utf8(told.stdout).expect("paths are UTF-8");
    listed.split_terminator('\0').map(PathBuf::from).filter(|path| path.is_file()).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[track_caller]
fn assert_clean(files: &[PathBuf], rule: impl Fn(&str, &str) -> Vec<String>) {
    assert!(!files.is_empty(), "no file to look at: is this the root of the repository?");
    let read = |path: &PathBuf| std::fs::read_to_string(path).ok(); // what is not text has no rule
    let texts: BTreeMap<String, String> =
        files.iter().filter_map(|path| Some((path.display().to_string(), read(path)?))).collect();
    let complaints: Vec<String> = texts.iter().flat_map(|(path, text)| rule(path, text)).collect();
    assert!(complaints.is_empty(), "{} to repair:\n{}", complaints.len(), complaints.join("\n"));
}

#[track_caller]
fn planted(rule: impl Fn(&str, &str) -> Vec<String>, path: &str, text: &str, expected: &str) {
    let complaints = rule(path, text);
    assert!(complaints.iter().any(|complaint| complaint.contains(expected)), "{text}\ngave {complaints:?}");
}

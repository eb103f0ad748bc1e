//! The documents: what they name exists, and each folder says what it is.

#![allow(clippy::disallowed_methods, reason = "reads the documents, and asks git which there are")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders whose README says what is there, what is not, and where to start.
const FOLDERS: &[&str] = &["src", "protocol", "editors", "tests", "benches", "examples"];
/// The most lines such a README may have.
const README_LINES_MAX: usize = 200;
/// Files of a user's project, which is not this one.
const OTHERS: &[&str] = &["AGENTS.md", "CLAUDE.md"];
/// Endings by which a name in backticks is taken for a path of this repository.
const EXTENSIONS: &[&str] = &["rs", "md", "lua", "sh", "py", "toml", "ts", "txt"];
/// Folders by which it is taken for one without such an ending.
const TOP_FOLDERS: &[&str] = &["src/", "protocol/", "tests/", "editors/", "benches/", "examples/", ".ci/"];

#[test]
fn paths_in_documents_exist() {
    let complaints: Vec<String> =
        documents().iter().flat_map(|path| missing_paths(&path.display().to_string(), &read(path))).collect();
    assert!(complaints.is_empty(), "{} to repair:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn a_path_that_is_not_there_is_found() {
    let check = |document: &str, text: &str, expected: &[&str]| {
        let found = missing_paths(document, text);
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        assert!(found.iter().zip(expected).all(|(found, path)| found.contains(path)), "{text}: {found:?}");
    };
    check("src/README.md", "see `engine/nowhere.rs`", &["engine/nowhere.rs"]);
    check("README.md", "see `tests/nowhere/` or `tests/nowhere`", &["tests/nowhere/", "tests/nowhere"]);
    check("src/README.md", "see `engine/{event,nowhere}.rs`", &["engine/nowhere.rs"]);
    for fine in
        ["`engine/event.rs`", "`tests/tidy.rs`", "`agent/prompt`", "`tools/<name>.rs`", "`~/.x/y.toml`"]
    {
        check("src/README.md", fine, &[]);
    }
}

#[test]
fn each_folder_says_what_it_is() {
    for folder in FOLDERS {
        let readme = format!("{folder}/README.md");
        assert!(Path::new(&readme).exists(), "{readme}: say what is here, what is not, and where to start");
        // That of the protocol is its specification.
        if *folder == "protocol" {
            continue;
        }
        let lines = read(Path::new(&readme)).lines().count();
        assert!(
            lines <= README_LINES_MAX,
            "{readme}: {lines} lines; a README has at most {README_LINES_MAX}"
        );
    }
}

/// Every path in backticks leads somewhere: from the root, from the document's folder or from `src`.
fn missing_paths(document: &str, text: &str) -> Vec<String> {
    let folder = Path::new(document).parent().expect("a file has a folder");
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let named = spans.filter(|span| looks_like_path(span)).flat_map(alternatives);
    let leads =
        |path: &String| [folder, Path::new(""), Path::new("src")].iter().any(|at| at.join(path).exists());
    named
        .filter(|path| !leads(path))
        .map(|path| format!("{document}: there is no {path}: name what is there"))
        .collect()
}

fn looks_like_path(span: &str) -> bool {
    if OTHERS.contains(&span) {
        return false;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./{},".contains(c);
    let extension = Path::new(span).extension().and_then(|extension| extension.to_str());
    let known = extension.is_some_and(|extension| EXTENSIONS.contains(&extension));
    span.chars().all(plain)
        && !span.starts_with('/')
        && span.len() > 3
        && (known || TOP_FOLDERS.iter().any(|top| span.starts_with(top)))
}

/// `a/{b,c}.rs` gives `a/b.rs` and `a/c.rs`.
fn alternatives(span: &str) -> Vec<String> {
    let Some((before, rest)) = span.split_once('{') else { return vec![span.to_owned()] };
    let Some((inner, after)) = rest.split_once('}') else { return vec![span.to_owned()] };
    inner.split(',').map(|name| format!("{before}{name}{after}")).collect()
}

fn documents() -> Vec<PathBuf> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]);
    let told = git.output().expect("git is installed");
    assert!(told.status.success(), "this test asks git which documents are ours: run it in a clone");
    let listed = String::from_utf8(told.stdout).expect("paths are UTF-8");
    listed.split_terminator('\0').map(PathBuf::from).filter(|path| path.is_file()).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

//! A search in a small tree, without the policy of `glob` and `grep`.

mod asked;
mod flags;
mod tree;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use crate::os::fs;
use crate::path::AbsPath;
use crate::workspace::{self, FileError, GlobQuery, Hit, Match, Missed, Order, Role, SearchFor};
use asked::{Asked, Engine, Mode, Output};

/// What ripgrep would say of the case: its exit status, and files, matches or counts.
pub(super) fn answer(case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let held = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = AbsPath::new(held.path()).map_err(|error| error.to_string())?;
    let root = fs::real_path(&root).map_err(|error| error.to_string())?;
    tree::build(case, root.as_path())?;
    let cwd = case.get("cwd").and_then(Value::as_str).unwrap_or_default();
    let cwd = root.join(cwd).map_err(|error| error.to_string())?;
    let expected = match run(case, &cwd)? {
        Some(found) => found,
        None => refused(case)?,
    };
    let mut answer = Map::new();
    answer.insert("expected".into(), expected);
    Ok(answer)
}

/// A refusal has the form of what was asked for.
fn refused(case: &Map<String, Value>) -> Result<Value, String> {
    let names = ["--files", "-l", "--files-with-matches", "--files-without-match"];
    let counts = ["-c", "--count", "--count-matches"];
    let arguments = texts(case, "rg_args")?;
    let mut last = arguments.iter().rev().map(String::as_str);
    let form = last.find(|argument| names.contains(argument) || counts.contains(argument));
    Ok(match form {
        Some(argument) if counts.contains(&argument) => json!({"exit": 2, "counts": {}}),
        Some(_) => json!({"exit": 2, "files": []}),
        None if case.get("kind").and_then(Value::as_str) == Some("files") => json!({"exit": 2, "files": []}),
        None => json!({"exit": 2, "matches": []}),
    })
}

/// None where ripgrep would refuse the arguments.
fn run(case: &Map<String, Value>, cwd: &AbsPath) -> Result<Option<Value>, String> {
    let Some((flags, mut paths)) = flags::parse(&texts(case, "rg_args")?) else { return Ok(None) };
    let Ok(mut asked) = Asked::of(&flags, cwd) else { return Ok(None) };
    paths.extend(texts(case, "paths")?);
    if let Some(pattern) = case.get("pattern").and_then(Value::as_str) {
        asked.query.patterns.push(pattern.to_owned());
    }
    let places = if paths.is_empty() { vec![Place::of("", cwd)?] } else { places(&paths, cwd)? };
    Ok(match asked.mode {
        Mode::Names => names(&asked, &places),
        Mode::Texts => found(&asked, &places),
    })
}

fn texts(case: &Map<String, Value>, name: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{name}` has to be a list of texts");
    match case.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn places(paths: &[String], cwd: &AbsPath) -> Result<Vec<Place>, String> {
    paths.iter().map(|path| Place::of(path, cwd)).collect()
}

/// Where is searched, and how it was named.
struct Place {
    named: String,
    path: AbsPath,
}

impl Place {
    fn of(named: &str, cwd: &AbsPath) -> Result<Self, String> {
        let path = cwd.join(named).map_err(|error| error.to_string())?;
        Ok(Self { named: named.to_owned(), path })
    }

    /// A file as ripgrep writes it: behind the name of the place.
    fn name(&self, file: &AbsPath) -> String {
        let below = file.display_in(&self.path);
        match (self.named.as_str(), below.as_str()) {
            (named, ".") => named.to_owned(),
            ("", below) => below.to_owned(),
            (named, below) if named.ends_with('/') => format!("{named}{below}"),
            (named, below) => format!("{named}/{below}"),
        }
    }
}

/// What is to be said of a search that failed or missed something.
#[derive(Default)]
struct Trouble(bool);

impl Trouble {
    /// A file with `/` behind it is none.
    fn accepts(&mut self, place: &Place) -> bool {
        let is_file = fs::look(&place.path).is_ok_and(|look| look.kind == fs::Kind::File);
        let wrong = is_file && place.named.ends_with('/');
        self.0 |= wrong;
        !wrong
    }

    fn note(&mut self, missed: &Missed) {
        self.0 |= missed.unreadable > 0;
    }

    /// Passes over a place that is not there; anything else ends the search.
    fn of<T>(&mut self, searched: Result<T, FileError>) -> Option<Option<T>> {
        match searched {
            Ok(found) => Some(Some(found)),
            Err(FileError::NotFound { .. } | FileError::Io { .. }) => {
                self.0 = true;
                Some(None)
            }
            Err(_) => None,
        }
    }

    fn exit(&self, asked: &Asked, found: bool) -> u8 {
        match (found, self.0) {
            (true, trouble) if !trouble || asked.output == Output::Quiet => 0,
            (_, true) => 2,
            (_, false) => 1,
        }
    }
}

fn names(asked: &Asked, places: &[Place]) -> Option<Value> {
    let query = GlobQuery { scope: asked.query.scope.clone(), order: Order::Path, max: usize::MAX };
    let (mut files, mut trouble) = (Vec::new(), Trouble::default());
    for place in places {
        if !trouble.accepts(place) {
            continue;
        }
        let Some(found) = trouble.of(workspace::glob_on_disk(&place.path, &query))? else { continue };
        trouble.note(&found.missed);
        files.extend(found.files.iter().map(|file| place.name(file)));
    }
    files.sort();
    let exit = trouble.exit(asked, !files.is_empty());
    if asked.output == Output::Quiet {
        files.clear();
    }
    Some(json!({"exit": exit, "files": files}))
}

fn found(asked: &Asked, places: &[Place]) -> Option<Value> {
    let (mut files, mut trouble) = (Vec::new(), Trouble::default());
    // Where nothing may be found nothing is looked at, not even the pattern.
    let places = if asked.query.max_per_file == Some(0) { &[] } else { places };
    if asked.engine == Engine::Missing && !places.is_empty() {
        return None;
    }
    for place in places {
        if !trouble.accepts(place) {
            continue;
        }
        let Some(grepped) = trouble.of(workspace::grep_on_disk(&place.path, &asked.query))? else { continue };
        trouble.note(&grepped.missed);
        // ripgrep takes it for a mistake when it was not told where to search and finds no file.
        trouble.0 |= grepped.searched == 0 && place.named.is_empty();
        files.extend(grepped.files.into_iter().map(|file| (place.name(&file.path), file)));
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    let without = asked.query.wanted == SearchFor::FilesWithout;
    let any = files.iter().any(|(_, file)| without || file.count > 0);
    let exit = trouble.exit(asked, any);
    if asked.output == Output::Quiet {
        files.clear();
    }
    Some(match asked.query.wanted {
        SearchFor::Lines => {
            let matches: Vec<Value> = files.iter().flat_map(|(name, file)| lines(name, file)).collect();
            json!({"exit": exit, "matches": matches})
        }
        SearchFor::Files | SearchFor::FilesWithout => {
            let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
            json!({"exit": exit, "files": names})
        }
        SearchFor::Counts(_) | SearchFor::Occurrences(_) => {
            let counts: Map<String, Value> =
                files.iter().map(|(name, file)| (name.clone(), file.count.into())).collect();
            json!({"exit": exit, "counts": counts})
        }
    })
}

fn lines<'a>(name: &'a str, file: &'a Match) -> impl Iterator<Item = Value> + use<'a> {
    file.hits.iter().map(move |hit| {
        let mut line = json!({"path": name, "line": hit.line});
        let (key, content) = content(hit);
        line[key] = content.into();
        match hit.role {
            Role::Match => {
                let spans: Vec<[usize; 2]> = hit.spans.iter().map(|span| [span.start, span.end]).collect();
                line["spans"] = json!(spans);
            }
            Role::Context => line["context"] = true.into(),
        }
        line
    })
}

fn content(hit: &Hit) -> (&'static str, String) {
    match str::from_utf8(&hit.bytes) {
        Ok(text) => ("text", text.to_owned()),
        Err(_) => ("bytes", base64::engine::general_purpose::STANDARD.encode(&hit.bytes)),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(case: Value, expected: Value) {
        let Value::Object(fields) = &case else { panic!("{case}") };
        assert_eq!(answer(fields).unwrap()["expected"], expected, "{case}");
    }

    #[test]
    fn names_are_found_as_ripgrep_finds_them() {
        let tree = json!({
            ".gitignore": "*.log\n/out/\n!keep.log\n", "a.log": "", "keep.log": "", "out/a.rs": "", "b.rs": "",
            ".hidden": "", "d/.ignore": "b.rs\n", "d/b.rs": "", "d/c.RS": "", "l": {"symlink": "d"},
        });
        let files = |arguments: &[&str], expected: &[&str]| {
            let exit = i32::from(expected.is_empty());
            let case = json!({"kind": "files", "git": true, "tree": tree, "rg_args": arguments});
            check(case, json!({"exit": exit, "files": expected}));
        };
        files(&["--files"], &["b.rs", "d/c.RS", "keep.log"]);
        files(&["--files", "-g", "*.rs"], &["b.rs", "d/b.rs"]);
        files(&["--files", "--iglob=*.rs", "-g!d/b.rs"], &["b.rs", "d/b.rs", "d/c.RS"]);
        files(&["--files", "-g", "out/**"], &[]);
        files(&["--files", "-t", "rust", "--no-ignore-vcs"], &["b.rs", "out/a.rs"]);
        files(&["--files", "-uuL", "-d1", "-g", "!.*"], &["a.log", "b.rs", "keep.log"]);
        let outside = json!({"kind": "files", "cwd": "d", "paths": ["./", "../a.log"], "rg_args": ["--files"],
            "git": true, "tree": tree});
        check(outside, json!({"exit": 0, "files": ["../a.log", "./c.RS"]}));
        let refused = json!({"kind": "files", "tree": {}, "rg_args": ["--files", "-g", "["]});
        check(refused, json!({"exit": 2, "files": []}));
    }

    #[test]
    fn texts_are_found_as_ripgrep_finds_them() {
        let tree = json!({"a": "one\ntwo\nOne two\n", "b": {"base64": "Y2Fm6SBvbmUK"}, "c": "one\u{0}\n"});
        let grep = |pattern: &str, arguments: &[&str], expected: Value| {
            let case = json!({"kind": "grep", "tree": tree, "pattern": pattern, "rg_args": arguments});
            check(case, expected);
        };
        let one = json!({"path": "a", "line": 1, "text": "one\n", "spans": [[0, 3]]});
        let bytes = json!({"path": "b", "line": 1, "bytes": "Y2Fm6SBvbmUK", "spans": [[5, 8]]});
        grep("one", &[], json!({"exit": 0, "matches": [one, bytes]}));
        let two = json!({"path": "a", "line": 2, "text": "two\n", "context": true});
        grep("^one$", &["-A1"], json!({"exit": 0, "matches": [one, two]}));
        grep("one", &["-ic"], json!({"exit": 0, "counts": {"a": 2, "b": 1}}));
        grep("o", &["--count-matches", "-s"], json!({"exit": 0, "counts": {"a": 3, "b": 1}}));
        grep("two", &["--files-without-match"], json!({"exit": 0, "files": ["b"]}));
        grep("one", &["-la"], json!({"exit": 0, "files": ["a", "b", "c"]}));
        let over = json!({"path": "a", "line": 1, "text": "one\ntwo\n", "spans": [[0, 7]]});
        grep("one.two", &["-U", "--multiline-dotall", "-m1"], json!({"exit": 0, "matches": [over]}));
        grep("one", &["-g", "*.x"], json!({"exit": 2, "matches": []}));
        grep("o(?!n)", &["-l"], json!({"exit": 2, "files": []}));
        grep("none", &[], json!({"exit": 1, "matches": []}));
    }

    /// The shared cases, where they are; the expectation or one of the others given must be met.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "the folder with the cases, and what is in it")]
    fn shared_cases_pass() {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases");
        let folder = std::env::var("QUILLON_CASES").unwrap_or_else(|_| beside.to_owned());
        let Ok(text) = std::fs::read_to_string(format!("{folder}/glob_grep_cases.jsonl")) else { return };
        let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let fits = |answer: &Value, expected: &Value| {
            ["exit", "files", "matches", "counts"].iter().all(|name| answer.get(name) == expected.get(name))
        };
        let passes = |case: &&Value| {
            let answer = Value::Object(answer(case.as_object().unwrap()).unwrap());
            let mut accepted = [&case["expected"], &case["rg15"]].into_iter().filter(|one| !one.is_null());
            accepted.any(|expected| fits(&answer["expected"], expected))
        };
        let failed: Vec<&str> =
            cases.iter().filter(|case| !passes(case)).map(|case| case["id"].as_str().unwrap()).collect();
        assert!(failed.len() * 100 <= cases.len(), "{} of {} failed: {failed:?}", failed.len(), cases.len());
    }
}

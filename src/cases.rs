//! Test cases in, what Quillon makes of them out: one JSON object a line, in order, without a verdict.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

mod always_rules;
mod apply_patch;
mod edit;
mod glob_grep;
mod merge;
mod shell_permissions;
mod sse;

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One replacement in one file.
    Edit,
    /// A patch over several files.
    ApplyPatch,
    /// A three-way merge.
    Merge,
    /// A search in names or contents.
    GlobGrep,
    /// An answer of a model provider; one answer for each way of cutting it.
    Sse,
    /// A shell command, judged by rules.
    ShellPermissions,
    /// What "always" covers.
    AlwaysRules,
}

const KINDS: &[(&str, Kind)] = &[
    ("edit", Kind::Edit),
    ("apply_patch", Kind::ApplyPatch),
    ("merge", Kind::Merge),
    ("glob_grep", Kind::GlobGrep),
    ("sse", Kind::Sse),
    ("shell_permissions", Kind::ShellPermissions),
    ("always_rules", Kind::AlwaysRules),
];

/// `quillon-cases KIND [FILE]`: answers on standard output, everything else on standard error.
///
/// Exit status 0; 1 when a line was no case; 2 when the arguments are wrong or reading failed.
#[allow(clippy::disallowed_methods, reason = "the file with the cases, which whoever calls this has named")]
pub fn main(arguments: Vec<String>) -> ExitCode {
    let kind = arguments.first().and_then(|name| KINDS.iter().find(|(known, _)| known == name));
    let (Some((_, kind)), 1..=2) = (kind, arguments.len()) else {
        let kinds: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
        return failed(&format!("usage: quillon-cases {} [FILE]", kinds.join("|")));
    };
    let answered = match arguments.get(1) {
        Some(file) => {
            File::open(file).and_then(|file| stream(*kind, BufReader::new(file), io::stdout().lock()))
        }
        None => stream(*kind, io::stdin().lock(), io::stdout().lock()),
    };
    match answered {
        Ok(Lines::AllCases) => ExitCode::SUCCESS,
        Ok(Lines::SomeBroken) => ExitCode::FAILURE,
        Err(error) => failed(&format!("quillon-cases: failed to read or answer the cases: {error}")),
    }
}

fn failed(why: &str) -> ExitCode {
    // Standard error may be closed; there is nobody left to tell then.
    let _ = writeln!(io::stderr(), "{why}");
    ExitCode::from(2)
}

/// What the lines were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// Cases.
    AllCases,
    /// One at least was none.
    SomeBroken,
}

/// Answers each line before the next one is read.
fn stream(kind: Kind, mut from: impl BufRead, to: impl Write) -> io::Result<Lines> {
    let mut to = BufWriter::new(to);
    let mut lines = Lines::AllCases;
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answers = answers(kind, &line).unwrap_or_else(|error| {
            lines = Lines::SomeBroken;
            vec![json!({"id": null, "error": error})]
        });
        for answer in answers {
            serde_json::to_writer(&mut to, &answer)?;
            to.write_all(b"\n")?;
        }
    }
    to.flush()?;
    Ok(lines)
}

fn answers(kind: Kind, line: &[u8]) -> Result<Vec<Value>, String> {
    let case: Value = serde_json::from_slice(line).map_err(|error| format!("this is no JSON: {error}"))?;
    let Value::Object(case) = case else { return Err("a case is a JSON object".into()) };
    let Some(Value::String(id)) = case.get("id") else {
        return Err("a case has an `id`, which is a text".into());
    };
    let fields = match kind {
        Kind::Edit => edit::answer(&case).map(|answer| vec![answer]),
        Kind::ApplyPatch => apply_patch::answer(&case).map(|answer| vec![answer]),
        Kind::Merge => merge::answer(&case).map(|answer| vec![answer]),
        Kind::GlobGrep => glob_grep::answer(&case).map(|answer| vec![answer]),
        Kind::Sse => sse::answers(&case),
        Kind::AlwaysRules => always_rules::answer(&case).map(|answer| vec![answer]),
        Kind::ShellPermissions => shell_permissions::answer(&case).map(|answer| vec![answer]),
    };
    let named = |fields: Map<String, Value>| {
        let mut answer = Map::new();
        answer.insert("id".into(), id.as_str().into());
        answer.extend(fields);
        Value::Object(answer)
    };
    let answers = fields.map_err(|error| format!("{id}: {error}"))?;
    Ok(answers.into_iter().map(named).collect())
}

/// A text of the case.
fn text<'a>(case: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    case.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` has to be a text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_case_is_named_and_the_others_are_answered() {
        let cases =
            "{\"id\":\"m\",\"base\":\"a\\n\",\"user\":\"a\\n\",\"agent\":\"b\\n\"}\n\n[]\n{\"id\":\"n\"}\nx";
        let mut out = Vec::new();
        assert_eq!(stream(Kind::Merge, cases.as_bytes(), &mut out).unwrap(), Lines::SomeBroken);
        let out: Vec<Value> =
            String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(out[0], json!({"id": "m", "result": "merged", "merged": "b\n"}));
        for broken in &out[1..] {
            assert!(broken["id"].is_null() && broken["error"].is_string(), "{broken}");
        }
        assert_eq!(out.len(), 4);
    }
}

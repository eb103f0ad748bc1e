//! A patch over a small tree, as `apply_patch` applies it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::limits;
use crate::os::fs::{self, Durability, Kind};
use crate::path::AbsPath;
use crate::text::{Version, ends};
use crate::tools::apply_patch::{self, FaultKind};
use crate::workspace::{Files, NoBuffers, Shown};

/// What came of a patch: nothing to tell, or a kind of error and its words.
type Outcome = Result<(), (FaultKind, String)>;

/// The tree is made anew in a folder of its own, which goes afterwards; all files of it count as seen.
pub(super) fn answer(case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let patch = super::text(case, "patch")?;
    let failed = |error: io::Error| format!("failed to make or read the tree: {error}");
    let folder = fs::fresh_folder("quillon-case-").map_err(failed)?;
    let answered = answer_in(&folder, case, patch);
    fs::remove_folder_all(&folder).map_err(failed)?;
    let (outcome, files) = answered?;
    let mut answer = Map::new();
    answer.insert("result".into(), if outcome.is_ok() { "ok" } else { "error" }.into());
    answer.insert("files_after".into(), json!(files));
    if let Err((kind, message)) = outcome {
        answer.insert("error_kind".into(), kind.word().into());
        answer.insert("message".into(), message.into());
    }
    Ok(answer)
}

fn answer_in(
    folder: &AbsPath,
    case: &Map<String, Value>,
    patch: &str,
) -> Result<(Outcome, BTreeMap<String, String>), String> {
    let failed = |error: io::Error| format!("failed to make or read the tree: {error}");
    // One below, so that `..` leads out of the workspace and still into this folder.
    let root = place(folder, "tree")?;
    fs::create_folders(&root).map_err(failed)?;
    let files = Files::new(root.clone(), vec![root], Arc::new(NoBuffers));
    for (name, text) in named_texts(case)? {
        let path = place(files.cwd(), name)?;
        path.parent().map_or(Ok(()), |parent| fs::create_folders(&parent)).map_err(failed)?;
        fs::replace(&path, text.as_bytes(), Durability::Process).map_err(failed)?;
        files.views().saw(&path, Version::of_text(text), Some(ends::lf(text).into()), Shown::Whole);
    }
    for name in names(case, "dirs")? {
        fs::create_folders(&place(files.cwd(), name)?).map_err(failed)?;
    }
    let outcome = runtime()?.block_on(applied(&files, patch));
    Ok((outcome, tree(files.cwd()).map_err(failed)?))
}

async fn applied(files: &Files, patch: &str) -> Outcome {
    let edits = match apply_patch::planned(patch, files).await {
        Ok(edits) => edits,
        Err(fault) => return Err((fault.kind, fault.to_string())),
    };
    // Nobody is there to be asked about it.
    if let Some(edit) = edits.iter().find(|edit| !edit.path.starts_with(files.cwd())) {
        return Err((FaultKind::OutsideWorkspace, format!("{} lies outside the workspace", edit.path)));
    }
    match files.write(&edits).await {
        Ok(_) => Ok(()),
        Err(error) => Err((FaultKind::Io, error.to_string())),
    }
}

/// One for all cases: making it takes longer than a case.
fn runtime() -> Result<&'static Runtime, String> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| Builder::new_current_thread().build());
    made.as_ref().map_err(|error| format!("failed to start the runtime: {error}"))
}

/// A path of the case, which has to stay in the folder.
fn place(folder: &AbsPath, name: &str) -> Result<AbsPath, String> {
    let path = folder.join(name).map_err(|error| format!("`{name}`: {error}"))?;
    if path.starts_with(folder) { Ok(path) } else { Err(format!("`{name}` leads out of the tree")) }
}

fn named_texts<'a>(case: &'a Map<String, Value>) -> Result<Vec<(&'a str, &'a str)>, String> {
    let Some(files) = case.get("files").and_then(Value::as_object) else {
        return Err("`files` has to be an object".into());
    };
    let text =
        |name: &str, value: &'a Value| value.as_str().ok_or_else(|| format!("`{name}` has to be a text"));
    files.iter().map(|(name, value)| Ok((name.as_str(), text(name, value)?))).collect()
}

fn names<'a>(case: &'a Map<String, Value>, field: &str) -> Result<Vec<&'a str>, String> {
    let wrong = || format!("`{field}` has to be a list of texts");
    match case.get(field) {
        None => Ok(Vec::new()),
        Some(Value::Array(names)) => names.iter().map(|name| name.as_str().ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}

/// All files below a folder.
fn tree(root: &AbsPath) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::list(&folder, limits::LISTED_ENTRIES_MAX)?.entries {
            let path = folder.join(&entry.name).map_err(io::Error::other)?;
            match entry.kind {
                Kind::Folder => folders.push(path),
                Kind::File | Kind::Link | Kind::Other => {
                    let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
                    files.insert(path.display_in(root), text);
                }
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(case: Value) -> Result<Value, String> {
        answer(case.as_object().unwrap()).map(Value::Object)
    }

    #[test]
    fn the_tree_is_told_after_a_patch_and_after_an_error() {
        let patch = "*** Begin Patch\n*** Update File: a\n*** Move to: b/c\n@@\n-x\n+y\n*** End Patch";
        let case = json!({"files": {"a": "x\n", "d": ""}, "dirs": ["e"], "patch": patch});
        assert_eq!(answered(case).unwrap(), json!({"result": "ok", "files_after": {"b/c": "y\n", "d": ""}}));
        let error = answered(json!({"files": {"b/c": "x"}, "patch": patch})).unwrap();
        assert_eq!(error["error_kind"], "file_not_found");
        assert_eq!(error["files_after"], json!({"b/c": "x"}));
        for (files, patch) in [
            (json!({"a": "x\n"}), "*** Begin Patch\n*** Add File: ../out\n+x\n*** End Patch"),
            (
                json!({"a": "x\n"}),
                "*** Begin Patch\n*** Update File: a\n*** Move to: ../out\n@@\n-x\n*** End Patch",
            ),
        ] {
            let error = answered(json!({"files": files, "patch": patch})).unwrap();
            assert_eq!(error["error_kind"], "outside_workspace");
            assert_eq!(error["files_after"], files);
        }
        assert!(answered(json!({"files": {"../a": ""}, "patch": ""})).unwrap_err().contains("leads out"));
        assert!(answered(json!({"files": {}})).is_err());
    }

    /// Whether an answer is what is expected, or one of what is accepted besides. After an error the
    /// files are as they were, where nothing else is said.
    fn passes(case: &Value, answer: &Value) -> bool {
        let accepted = case["accept"].as_array().into_iter().flatten();
        std::iter::once(case).chain(accepted).any(|expected| {
            let otherwise =
                if expected["expected"] == "error" { &case["files"] } else { &case["files_after"] };
            let files = expected.get("files_after").unwrap_or(otherwise);
            expected["expected"] == answer["result"] && *files == answer["files_after"]
        })
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the cases are outside of the repository")]
    fn shared_cases() {
        let folder = std::env::var_os("QUILLON_CASES").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
            std::path::PathBuf::from,
        );
        let Ok(cases) = std::fs::read_to_string(folder.join("apply_patch_cases.jsonl")) else { return };
        let (mut failed, mut kinds, mut policy) = (Vec::new(), 0, 0);
        for case in cases.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            let answer = answered(case.clone()).unwrap();
            let kept_all = answer["files_after"] == case["files"];
            match (passes(&case, &answer), case["tier"] == "policy") {
                (true, _) => {}
                (false, true) if kept_all => policy += 1,
                (false, _) => failed.push(format!("{}: {answer}", case["id"])),
            }
            let other_kind = answer.get("error_kind") != case.get("error_kind");
            kinds += usize::from(answer["result"] == "error" && other_kind);
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        assert_eq!((policy, kinds), (0, 0), "refusals in policy, and errors of another kind");
    }
}

//! The files of a case in a temporary folder.

#![allow(clippy::disallowed_methods, reason = "builds the tree of a case, links among it")]

use std::fs;
use std::path::Path;

use base64::Engine;
use serde_json::{Map, Value};

/// Makes what the case says stands there.
pub(super) fn build(case: &Map<String, Value>, folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the tree cannot be made: {error}");
    if case.get("git") == Some(&Value::Bool(true)) {
        fs::create_dir(folder.join(".git")).map_err(failed)?;
    }
    let Some(tree) = case.get("tree").and_then(Value::as_object) else {
        return Err("`tree` has to be an object".into());
    };
    for (name, what) in tree {
        let path = folder.join(name);
        if !path.starts_with(folder) || name.split('/').any(|part| part == "..") {
            return Err(format!("{name} lies outside the tree"));
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        make(&path, what).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

fn make(path: &Path, what: &Value) -> Result<(), String> {
    let text = |name: &str| what.get(name).and_then(Value::as_str);
    let done = if let Value::String(content) = what {
        fs::write(path, content)
    } else if let Some(target) = text("symlink") {
        link(target, path)
    } else if let Some(coded) = text("base64") {
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(coded).map_err(|error| error.to_string())?;
        fs::write(path, bytes)
    } else if let Some(part) = text("repeat") {
        let count = what.get("count").and_then(Value::as_u64).unwrap_or(1);
        let count = usize::try_from(count).map_err(|error| error.to_string())?;
        fs::write(path, part.repeat(count) + text("tail").unwrap_or_default())
    } else if what.get("dir") == Some(&Value::Bool(true)) {
        fs::create_dir_all(path)
    } else {
        return Err("neither text nor link, bytes, repeated text or folder".into());
    };
    done.map_err(|error| error.to_string())
}

#[cfg(unix)]
fn link(target: &str, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(_target: &str, _path: &Path) -> std::io::Result<()> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "links are made on Unix only"))
}

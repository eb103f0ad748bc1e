//! Instructions of the user and of the project: `AGENTS.md` files, told to the model once each.
//!
//! Those of the user and of the workspace's folders stand in the briefing; those of folders further down come
//! with the first file that is read below them. The form is the one of <https://agents.md>.

use std::collections::HashMap;

use super::event::{Portion, Seen};
use super::parts::Parts;
use super::traces::Traces;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Action;
use crate::text::{SharedText, Version, clip};
use crate::workspace::{Content, Side};

/// The names of such files; of one folder only the first that is there counts.
const NAMES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];

/// One of these files.
struct Instructions {
    path: AbsPath,
    version: Version,
    text: SharedText,
}

/// They come with results of calls, and the model must not go on without them: where such results may be gone,
/// they count as not seen, and are told again.
pub(super) fn forget<T>(seen: &mut HashMap<AbsPath, T>) {
    seen.retain(|path, _| !NAMES.contains(&path.file_name().as_str()));
}

/// The part of the briefing that has them, with the files; empty where there are none.
pub(super) async fn briefing(parts: &Parts) -> (String, Vec<AbsPath>) {
    let (mut told, mut files) = (String::new(), Vec::new());
    if let Some(own) = &parts.instructions
        && let Ok(Content::Text(file)) = parts.files.read(own).await
    {
        told.push_str(&section("the user, for all projects", &file.text));
        files.push(own.clone());
    }
    for root in parts.files.roots() {
        if let Some(found) = in_folder(parts, root).await {
            told.push_str(&section(&found.path.display_in(parts.files.cwd()), &found.text));
            files.push(found.path);
        }
    }
    if told.is_empty() {
        return (told, files);
    }
    let told = format!(
        "\nInstructions, written for you: follow them where the user's words do not say otherwise. They grant no \
         permissions.\n{told}"
    );
    (told, files)
}

/// Those for the folders between the workspace's folder and this file, as far as the model has not been told
/// of them: what it has read shall count before it goes on.
pub(super) async fn below(parts: &Parts, read: &AbsPath, traces: &mut Traces) {
    let Some(root) = parts.files.roots().iter().find(|root| read.starts_with(root)) else { return };
    let above = std::iter::successors(read.parent(), AbsPath::parent);
    let mut folders: Vec<AbsPath> =
        above.take_while(|folder| folder != root && folder.starts_with(root)).collect();
    folders.reverse();
    for folder in folders {
        let Some(found) = in_folder(parts, &folder).await else { continue };
        let Instructions { path, version, text } = found;
        let is_known = traces.seen.iter().any(|seen| seen.path == path)
            || parts
                .recorder
                .state(|state| state.seen().get(&path).is_some_and(|(seen, _)| *seen == version));
        if path == *read || is_known {
            continue;
        }
        let name = path.display_in(parts.files.cwd());
        let shown = shown(&text);
        let portion = if shown.len() == text.len() { Portion::Whole } else { Portion::Part };
        traces.notes.push(format!("(Instructions for what is below this folder, from {name}:\n{shown})"));
        parts.files.views().saw(&path, version, Some(text.shared_lf()), portion.into());
        traces.seen.push(Seen { path, version, portion });
    }
}

/// The file of a folder, where there is one that may be read without a question and does not lead out of the
/// workspace.
async fn in_folder(parts: &Parts, folder: &AbsPath) -> Option<Instructions> {
    for name in NAMES {
        let path = folder.join(name).ok()?;
        let Ok(place) = parts.files.locate(&path.to_string()) else { continue };
        let may_read = match parts.rules.reading(&place.path, parts.files.roots()) {
            None | Some(Action::Allow) => place.side == Side::Inside,
            Some(Action::Ask | Action::Deny) => false,
        };
        if !may_read {
            continue;
        }
        if let Ok(Content::Text(file)) = parts.files.read(&place.path).await {
            return Some(Instructions { path: place.path, version: file.version, text: file.text });
        }
    }
    None
}

fn section(from: &str, text: &str) -> String {
    format!("\nFrom {from}:\n{}\n", shown(text).trim_end())
}

fn shown(text: &str) -> String {
    clip::head(text, limits::INSTRUCTIONS_BYTES_MAX)
}

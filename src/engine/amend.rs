//! An edit that the user changed before allowing it: their texts in the place of the proposed ones.

use super::event::AmendedFile;
use super::preview;
use super::recorder::Recorder;
use super::tool::ToolError;
use crate::limits;
use crate::policy::Intent;
use crate::text::{Change, Edit, Version, clip, diff, ends};

/// What is to be done instead, and what the model is told of it.
///
/// Nothing where the user's texts leave the files as they are. The edits are bound to the same
/// versions, so what was decided of the files still holds.
pub(super) fn amended(
    recorder: &Recorder,
    intent: &Intent,
    files: &[AmendedFile],
) -> Result<Option<(Intent, String)>, ToolError> {
    let Intent::Write { edits } = intent else {
        return Err(ToolError::new("only an edit can be changed before it is allowed"));
    };
    let (mut changed, mut told) = (Vec::new(), String::new());
    for (edit, proposed) in edits.iter().zip(preview::changes(recorder, intent)) {
        let Some(file) = files.iter().find(|file| file.path == edit.path) else {
            changed.push(edit.clone());
            continue;
        };
        let text = ends::lf(&file.text);
        told.push_str(&diff::unified(&edit.path.to_string(), proposed.new.as_deref(), Some(&text)));
        let change = match (&edit.change, &edit.base, &proposed.old) {
            // Its line ends and rights are those of the file that is moved.
            (Change::Moved { from, text: moved }, _, _) => {
                let theirs = diff::splices(&ends::lf(moved), &text);
                Change::Moved { from: from.clone(), text: ends::splice(moved, &theirs) }
            }
            (_, Version::Absent, _) | (_, _, None) => Change::Whole(file.text.clone()),
            (_, Version::Text(_), Some(old)) if **old == *text => continue,
            (_, Version::Text(_), Some(old)) => Change::Splices(diff::splices(old, &text)),
        };
        changed.push(Edit { path: edit.path.clone(), base: edit.base, change });
    }
    if changed.is_empty() {
        return Ok(None);
    }
    let told = format!(
        "The user changed the proposed text before allowing it. From your text to theirs:\n{}",
        clip::head(&told, limits::AMENDED_DIFF_BYTES_MAX)
    );
    Ok(Some((Intent::Write { edits: changed }, told)))
}

//! Text that an editor has and the disk has not: a command sees the disk, so the user and the model hear of it.

use super::parts::Parts;
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Intent;

/// What becomes of unsaved text before a command.
#[derive(Debug, Default)]
pub(super) struct Unsaved(Vec<AbsPath>);

impl Unsaved {
    /// What a command would not see, for the question whether it may run: what the editor is not going to
    /// save before it.
    pub(super) async fn before(parts: &Parts, intent: &Intent) -> Option<String> {
        let Intent::Run { .. } = intent else { return None };
        let buffers = parts.files.buffers();
        let mut unsaved = Vec::new();
        for path in of_workspace(parts).await {
            if !(buffers.can_save() && is_changed(parts, &path)) {
                unsaved.push(path);
            }
        }
        let names = Self(unsaved).names(parts)?;
        Some(format!("Not saved in the editor, so the command does not see that text: {names}."))
    }

    /// Has the editor save what the session has changed; gives what a command does not see then. What the user
    /// alone has typed is the user's to save.
    pub(super) async fn after_saving(parts: &Parts) -> Self {
        let changed = parts.recorder.state(|state| state.touches().paths().to_vec());
        let answers = parts.files.buffers().save(&changed).await;
        let failed = changed.into_iter().zip(answers).filter(|(_, answer)| matches!(answer, Some(Err(_))));
        let mut unsaved: Vec<AbsPath> = failed.map(|(path, _)| path).collect();
        let others = of_workspace(parts).await.into_iter().filter(|path| !is_changed(parts, path));
        unsaved.extend(others);
        Self(unsaved)
    }

    /// For the model, with the command's output.
    pub(super) fn for_model(&self, parts: &Parts) -> Option<String> {
        let names = self.names(parts)?;
        Some(format!("(unsaved in the editor, so the command did not see it: {names})"))
    }

    fn names(&self, parts: &Parts) -> Option<String> {
        let shown = self.0.iter().take(limits::UNSAVED_FILES_NAMED_MAX);
        let names: Vec<String> = shown.map(|path| path.display_in(parts.files.cwd())).collect();
        let more = match self.0.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!names.is_empty()).then(|| names.join(", ") + &more)
    }
}

/// The open files of the workspace of which the editor has another text than the disk, or the disk none.
async fn of_workspace(parts: &Parts) -> Vec<AbsPath> {
    let files = &parts.files;
    let mut open = files.buffers().open();
    open.retain(|path| files.roots().iter().any(|root| path.starts_with(root)));
    open.sort_unstable();
    let mut unsaved = Vec::new();
    for path in open {
        if files.is_unsaved(&path).await {
            unsaved.push(path);
        }
    }
    unsaved
}

fn is_changed(parts: &Parts, path: &AbsPath) -> bool {
    parts.recorder.state(|state| state.touches().has(path))
}

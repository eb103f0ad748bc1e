//! What a formatter made of an edit when the editor saved it, in the same breath.

use super::{EditorBuffers, Planned, Said, view};
use crate::engine::{Formatted, Marks};
use crate::limits;
use crate::text::{Hash, ends};

impl EditorBuffers {
    /// Tells the sessions what a formatter made of what was written, once its text is here.
    pub(super) async fn tell_formatted(&self, one: &Planned<'_>, said: &Said, marks: &Marks) {
        let (Some(host), Some(wanted)) = (self.host.upgrade(), &said.formatted) else { return };
        let before = one.wanted();
        if !is_of(said.hash.as_ref(), &before) {
            return;
        }
        let mut changes = self.documents.watch();
        let saved = async {
            loop {
                changes.mark_unchanged();
                let (documents, path) = (self.documents.clone(), one.write.path.clone());
                let found = tokio::task::spawn_blocking(move || documents.saved_text(&path)).await;
                let text = found.ok().flatten().map(|text| view(&text));
                if let Some(text) = text.filter(|text| is_of(Some(wanted), text)) {
                    return Some(text);
                }
                changes.changed().await.ok()?;
            }
        };
        // Of an editor that does not say what it saved, nobody knows what a formatter did.
        if let Ok(Some(after)) = tokio::time::timeout(limits::EDITOR_CHANGE_WAIT, saved).await {
            let (path, after) = (one.write.path.clone(), after.into());
            host.formatted(&Formatted { path, before: before.into(), after }, marks);
        }
    }
}

impl Planned<'_> {
    /// The text that is to stand there, as versions name it.
    fn wanted(&self) -> String {
        let new = &*self.write.new;
        ends::lf(new.strip_prefix('\u{feff}').unwrap_or(new)).into_owned()
    }
}

fn is_of(hash: Option<&String>, text: &str) -> bool {
    hash.is_some_and(|hash| *hash == Hash::of(text.as_bytes()).to_string())
}

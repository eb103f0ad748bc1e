//! What a formatter made of an edit when the editor saved it, in the same breath.

use super::{EditorBuffers, Planned, Said, view};
use crate::engine::{Formatted, Marks};
use crate::limits;
use crate::text::{Hash, SharedText, ends};

impl EditorBuffers {
    /// Tells the sessions what a formatter made of what was written, once its text is here.
    pub(super) async fn tell_formatted(
        &self,
        one: &Planned<'_>,
        said: &Said,
        marks: &Marks,
    ) -> Option<SharedText> {
        let (host, wanted) = (self.host.upgrade()?, said.formatted.as_ref()?);
        let before = one.wanted();
        if !is_of(said.hash.as_ref(), &before) {
            return None;
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
        let after = tokio::time::timeout(limits::EDITOR_CHANGE_WAIT, saved).await.ok().flatten()?;
        let (path, text) = (one.write.path.clone(), SharedText::from(after.as_str()));
        host.formatted(&Formatted { path, before: before.into(), after: after.into() }, marks);
        Some(text)
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

//! What the model knows of a file after its edit: what others changed in it, and what the editor made of it.

use super::super::preview::FileChange;
use super::super::rebase::{self, Extent};
use super::Access;
use crate::path::AbsPath;
use crate::text::{Change, Edit, SharedText, Version};
use crate::workspace::{Shown, View, Written};

impl Access<'_> {
    /// Notes what the model knows of a file that was written, and tells it what it did not know.
    pub(super) async fn wrote(&self, edit: &Edit, change: FileChange, written: &Written) {
        let files = &self.turn.parts.files;
        files.views().succeeded(&edit.path);
        let view = files.views().of(&edit.path);
        let knew = match &view {
            Some(View { shown: Shown::Whole, .. }) => Shown::Whole,
            Some(_) | None => Shown::Lines(Vec::new()),
        };
        let first_base = || self.traces().first_bases.get(&edit.path).map(|base| (*base, None));
        let known = view.map(|view| (view.version, view.text)).or_else(first_base);
        let shown = match &edit.change {
            Change::Whole(_) | Change::Delete => Shown::Whole,
            Change::Splices(_) | Change::Moved { .. } => knew,
        };
        let knows = match (known, &edit.change) {
            (_, Change::Whole(_) | Change::Moved { .. } | Change::Delete) => Extent::Whole,
            (Some((version, _)), Change::Splices(_)) if version == edit.base => Extent::Whole,
            (Some((version, text)), Change::Splices(_)) => {
                let present = change.old.unwrap_or_else(|| "".into());
                self.tell_change(&edit.path, version, text, present).await
            }
            // It knows the lines around the edit, which it is shown.
            (None, Change::Splices(_)) => Extent::Whole,
        };
        let knows = match self.tell_what_became_of_it(written, change.new.as_ref()) {
            Extent::Whole => knows,
            Extent::Beginning => Extent::Beginning,
        };
        if knows == Extent::Whole {
            let (version, text) = match &written.took.formatted {
                Some(text) => (text.version(), Some(text.clone())),
                None => (written.version, change.new),
            };
            self.saw(&written.path, version, text, shown);
        }
    }

    /// Tells the model what the editor did with an edit beside taking it; says whether it knows the whole of it
    /// then.
    fn tell_what_became_of_it(&self, written: &Written, new: Option<&SharedText>) -> Extent {
        let name = written.path.display_in(self.cwd());
        if let Some(why) = &written.took.unsaved {
            self.traces().notes.push(format!(
                "Note: the editor has this edit of {name} and failed to save it ({why}), so the disk has the text \
                 before it; commands see that one"
            ));
        }
        let (Some(formatted), Some(new)) = (&written.took.formatted, new) else { return Extent::Whole };
        let (changes, extent) = rebase::told(&name, new, formatted);
        let then = match extent {
            Extent::Whole => "",
            Extent::Beginning => "Read it before you rely on the rest",
        };
        let note =
            format!("Note: when {name} was saved, the editor formatted it, which changed:\n{changes}{then}");
        self.traces().notes.push(note.trim_end().to_owned());
        extent
    }

    /// Tells the model what changed in a file since it knew it, however its own change went.
    async fn tell_change(
        &self,
        path: &AbsPath,
        known: Version,
        text: Option<SharedText>,
        present: SharedText,
    ) -> Extent {
        let (recorder, name) = (self.turn.parts.recorder.clone(), path.display_in(self.cwd()));
        let compare = {
            let name = name.clone();
            move || {
                let kept = || match known {
                    Version::Absent => Some("".into()),
                    Version::Text(hash) => rebase::kept_text(&recorder, hash).map(SharedText::from),
                };
                let old = text.or_else(kept)?;
                Some(rebase::told(&name, &old, &present))
            }
        };
        let told = self.turn.parts.tasks.spawn_blocking(compare).await.ok().flatten();
        let begins = format!("Note: {name} had changed since you last saw it, and not by you. Your change");
        let (note, portion) = match told {
            Some((changes, Extent::Whole)) => (
                format!(
                    "{begins} was merged into its present text, which also has these changes:\n{changes}"
                ),
                Extent::Whole,
            ),
            Some((changes, Extent::Beginning)) => (
                format!(
                    "{begins} was merged into its present text, which also has these changes:\n{changes}Read it \
                     before you rely on the rest"
                ),
                Extent::Beginning,
            ),
            None => (
                format!(
                    "{begins} was merged into its present text. Read it before you rely on what you knew"
                ),
                Extent::Beginning,
            ),
        };
        self.traces().notes.push(note.trim_end().to_owned());
        portion
    }
}

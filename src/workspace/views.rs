//! What the model has seen of each file: which text, and how often an edit of it failed since.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits;
use crate::path::AbsPath;
use crate::text::Version;

/// The model's view of the files of one session.
#[derive(Debug, Default)]
pub struct Views(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    files: HashMap<AbsPath, View>,
    /// How many edits of files that it has not seen failed in a row.
    unseen: HashMap<AbsPath, u32>,
    /// Counts views, so that the text seen longest ago goes first.
    clock: u64,
    /// How many bytes the texts have together.
    bytes: usize,
}

/// What the model has seen of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The text it saw last, or which it wrote itself.
    pub version: Version,
    /// That text with LF line ends and without byte-order mark, while there is room for it.
    pub text: Option<Arc<str>>,
    /// How many edits of the file failed in a row.
    pub failures: u32,
    at: u64,
}

impl Views {
    /// The model sees this text of the file: it was given it, or it wrote it.
    pub fn saw(&self, path: &AbsPath, version: Version, text: Option<Arc<str>>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clock += 1;
        seen.bytes += text.as_ref().map_or(0, |text| text.len());
        let view = View { version, text, failures: 0, at: seen.clock };
        seen.unseen.remove(path);
        let before = seen.files.insert(path.clone(), view);
        seen.bytes -= before.and_then(|view| view.text).map_or(0, |text| text.len());
        seen.drop_oldest();
    }

    /// An edit of the file failed. Gives how many did so in a row.
    pub fn failed(&self, path: &AbsPath) -> u32 {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = &mut *seen;
        let failures = match seen.files.get_mut(path) {
            Some(view) => &mut view.failures,
            None => seen.unseen.entry(path.clone()).or_default(),
        };
        *failures += 1;
        *failures
    }

    /// An edit of the file was made.
    pub fn succeeded(&self, path: &AbsPath) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = seen.files.get_mut(path) {
            view.failures = 0;
        }
    }

    /// What the model has seen of the file.
    pub fn of(&self, path: &AbsPath) -> Option<View> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).files.get(path).cloned()
    }
}

impl Seen {
    /// Keeps the texts within their bound; the versions stay.
    fn drop_oldest(&mut self) {
        while self.bytes > limits::SEEN_TEXTS_BYTES_MAX {
            let oldest =
                self.files.values_mut().filter(|view| view.text.is_some()).min_by_key(|view| view.at);
            let Some(view) = oldest else { return };
            self.bytes -= view.text.take().map_or(0, |text| text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_view_counts_and_old_texts_go_first() {
        let views = Views::default();
        let path = |name: &str| AbsPath::new(format!("/w/{name}")).unwrap();
        let text: Arc<str> = "x".repeat(limits::SEEN_TEXTS_BYTES_MAX / 2).into();
        let version = Version::of_text(&text);
        for name in ["a", "b", "a", "c"] {
            views.saw(&path(name), version, Some(text.clone()));
        }
        let kept = |name: &str| views.of(&path(name)).unwrap().text.is_some();
        assert_eq!((kept("a"), kept("b"), kept("c")), (true, false, true));
        assert_eq!(views.of(&path("b")).unwrap().version, version);
        assert_eq!((views.failed(&path("a")), views.failed(&path("a")), views.failed(&path("d"))), (1, 2, 1));
        views.succeeded(&path("a"));
        assert_eq!(views.failed(&path("a")), 1);
        views.saw(&path("a"), version, None);
        assert_eq!(views.of(&path("a")).unwrap().failures, 0);
        assert_eq!((views.of(&path("d")), views.failed(&path("d"))), (None, 2));
    }
}

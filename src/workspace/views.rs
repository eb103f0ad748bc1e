//! What the model has seen of each file: which text, and how often an edit of it failed since.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::limits;
use crate::path::AbsPath;
use crate::text::{SharedText, Version};

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
    pub text: Option<SharedText>,
    /// How much of that text it was shown.
    pub shown: Shown,
    /// How many edits of the file failed in a row.
    pub failures: u32,
    at: u64,
}

/// How much of a text was shown to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// All of it.
    Whole,
    /// These lines, counted from 1, in order and apart from each other.
    Lines(Vec<Range<u64>>),
}

impl Shown {
    /// These lines of a text which has so many in all; none of them shown in part only.
    pub fn lines(lines: Range<u64>, total: u64) -> Self {
        Self::Lines(vec![lines]).or_whole(total)
    }

    /// These lines and those, of a text which has so many in all.
    fn joined(self, other: Self, total: u64) -> Self {
        let (Self::Lines(mut all), Self::Lines(others)) = (self, other) else { return Self::Whole };
        all.extend(others);
        all.sort_unstable_by_key(|lines| lines.start);
        let mut joined: Vec<Range<u64>> = Vec::with_capacity(all.len());
        for lines in all {
            match joined.last_mut() {
                Some(last) if lines.start <= last.end => last.end = last.end.max(lines.end),
                Some(_) | None => joined.push(lines),
            }
        }
        Self::Lines(joined).or_whole(total)
    }

    fn or_whole(self, total: u64) -> Self {
        match self {
            Self::Lines(lines) if matches!(&*lines, [all] if all.start <= 1 && all.end > total) => {
                Self::Whole
            }
            other @ (Self::Whole | Self::Lines(_)) => other,
        }
    }
}

impl Views {
    /// The model sees this text of the file, or so much of it: it was given it, or it wrote it. Gives how
    /// much it has been shown of this text in all.
    pub fn saw(&self, path: &AbsPath, version: Version, text: Option<SharedText>, shown: Shown) -> Shown {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.files.get(path).filter(|view| view.version == version);
        let shown = match (before, &text) {
            (Some(before), Some(text)) => before.shown.clone().joined(shown, lines_of(text)),
            (Some(View { shown: Shown::Whole, .. }), None) => Shown::Whole,
            (Some(_) | None, _) => shown,
        };
        // One that there is no room for must not drive out all others.
        let text = text.filter(|text| text.len() <= limits::SEEN_TEXTS_BYTES_MAX);
        seen.clock += 1;
        seen.bytes += text.as_ref().map_or(0, |text| text.len());
        let view = View { version, text, shown: shown.clone(), failures: 0, at: seen.clock };
        seen.unseen.remove(path);
        let before = seen.files.insert(path.clone(), view);
        seen.bytes -= before.and_then(|view| view.text).map_or(0, |text| text.len());
        seen.drop_oldest();
        shown
    }

    /// The model has seen nothing of what was shown to it before.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
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

fn lines_of(text: &str) -> u64 {
    text.lines().count() as u64
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
        let text: SharedText = "x".repeat(limits::SEEN_TEXTS_BYTES_MAX / 2).into();
        let version = Version::of_text(&text);
        for name in ["a", "b", "a", "c"] {
            views.saw(&path(name), version, Some(text.clone()), Shown::Whole);
        }
        let kept = |name: &str| views.of(&path(name)).unwrap().text.is_some();
        assert_eq!((kept("a"), kept("b"), kept("c")), (true, false, true));
        assert_eq!(views.of(&path("b")).unwrap().version, version);
        assert_eq!((views.failed(&path("a")), views.failed(&path("a")), views.failed(&path("d"))), (1, 2, 1));
        views.succeeded(&path("a"));
        assert_eq!(views.failed(&path("a")), 1);
        let huge = "x".repeat(limits::SEEN_TEXTS_BYTES_MAX + 1);
        views.saw(&path("d"), version, Some(huge.into()), Shown::Whole);
        assert!(views.of(&path("d")).unwrap().text.is_none() && kept("c"));
        views.saw(&path("a"), version, None, Shown::Whole);
        assert_eq!(views.of(&path("a")).unwrap().failures, 0);
        assert_eq!((views.of(&path("e")), views.failed(&path("e"))), (None, 1));
    }

    #[test]
    fn parts_make_a_whole_only_of_one_text() {
        let views = Views::default();
        let path = AbsPath::new("/w/a").unwrap();
        let text: SharedText = "1\n2\n3\n4\n".into();
        let part = |from, to| Shown::Lines(std::iter::once(from..to).collect());
        let saw = |text: &SharedText, lines: Range<u64>| {
            views.saw(&path, Version::of_text(text), Some(text.clone()), Shown::lines(lines, lines_of(text)))
        };
        assert_eq!(saw(&text, 1..3), part(1, 3));
        assert_eq!(saw(&text, 4..5), Shown::Lines(vec![1..3, 4..5]));
        assert_eq!(saw(&text, 2..4), Shown::Whole);
        assert_eq!(saw(&text, 1..2), Shown::Whole, "what was seen stays seen");
        assert_eq!(saw(&"1\n2\n".into(), 1..2), part(1, 2), "of another text nothing was");
        assert_eq!(saw(&"".into(), 1..1), Shown::Whole);
    }
}

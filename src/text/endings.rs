//! `Endings`: which lines of a text end with CRLF, beside the text with LF alone.

use std::ops::Range;

use super::{diff, ends};

/// The line ends of a text: by them the text with LF line ends becomes the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endings {
    /// Of each line whether it ends with CRLF, up to the last that does.
    crlf: Vec<bool>,
}

impl Endings {
    /// Those of a text.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        if memchr::memmem::find(bytes, b"\r\n").is_none() {
            return Self::default();
        }
        let crlf = memchr::memchr_iter(b'\n', bytes).map(|at| bytes[..at].ends_with(b"\r")).collect();
        Self { crlf }.cut()
    }

    /// Those of a view whose lines all end alike, as this line does.
    fn all(line: bool, view: &str) -> Self {
        match line {
            true => Self { crlf: vec![true; memchr::memchr_iter(b'\n', view.as_bytes()).count()] },
            false => Self::default(),
        }
    }

    /// The ends that another view gets where only its differences from this one are put into the text.
    pub fn carried(&self, view: &str, other: &str) -> Self {
        match self.uniform(view) {
            Some(line) => Self::all(line, other),
            None => Self::of(&ends::splice(&self.on(view), &diff::splices(view, other))),
        }
    }

    /// How all lines of this view end: with CRLF or not; none where they differ.
    pub fn uniform(&self, view: &str) -> Option<bool> {
        if self.is_lf() {
            return Some(false);
        }
        let lines = memchr::memchr_iter(b'\n', view.as_bytes()).count();
        (self.crlf.len() == lines && self.crlf.iter().all(|crlf| *crlf)).then_some(true)
    }

    /// Whether all lines end with LF.
    pub fn is_lf(&self) -> bool {
        self.crlf.is_empty()
    }

    /// The text with these ends; `view` has LF.
    pub fn on(&self, view: &str) -> String {
        let mut text = String::with_capacity(view.len() + self.crlf.len());
        for (number, line) in view.split_inclusive('\n').enumerate() {
            match line.strip_suffix('\n') {
                Some(words) if self.has(number) => {
                    text.push_str(words);
                    text.push_str("\r\n");
                }
                Some(_) | None => text.push_str(line),
            }
        }
        text
    }

    /// With the ends of lines of `other` in the place of some of these; the parts are in order.
    pub fn with_lines(&self, other: &Self, parts: &[(Range<u32>, Range<u32>)]) -> Self {
        let mut crlf = Vec::with_capacity(self.crlf.len());
        let mut done = 0;
        for (old, new) in parts {
            crlf.extend((done..old.start).map(|line| self.has(line as usize)));
            crlf.extend(new.clone().map(|line| other.has(line as usize)));
            done = old.end;
        }
        crlf.extend(self.crlf.iter().skip(done as usize));
        Self { crlf }.cut()
    }

    /// These after somebody has changed ends of lines: `before` became `after`, in a text of which the
    /// unchanged lines are `kept` (their numbers before and after, and here, where they are here).
    ///
    /// Who gives all lines the same ends means those that are only here, too.
    pub fn following(
        &self,
        view: &str,
        (before, after): (&Self, &Self),
        text: &str,
        kept: impl Iterator<Item = (u32, u32, Option<u32>)>,
    ) -> Self {
        let mut changed = false;
        let mut followed = self.clone();
        for (old, new, here) in kept {
            if before.has(old as usize) == after.has(new as usize) {
                continue;
            }
            changed = true;
            if let Some(here) = here {
                followed.set(here as usize, after.has(new as usize));
            }
        }
        match after.uniform(text) {
            Some(line) if changed => Self::all(line, view),
            Some(_) | None => followed.cut(),
        }
    }

    fn has(&self, line: usize) -> bool {
        self.crlf.get(line).copied().unwrap_or(false)
    }

    fn set(&mut self, line: usize, crlf: bool) {
        if self.crlf.len() <= line {
            self.crlf.resize(line + 1, false);
        }
        self.crlf[line] = crlf;
    }

    /// In the one form that such ends have.
    fn cut(mut self) -> Self {
        let len = self.crlf.iter().rposition(|crlf| *crlf).map_or(0, |last| last + 1);
        self.crlf.truncate(len);
        self
    }
}

/// Whether some lines of a text end with CRLF and some with LF.
pub fn is_mixed(text: &str) -> bool {
    uniform(text).is_none()
}

/// Whether all lines of both texts end alike.
pub fn are_alike(one: &str, other: &str) -> bool {
    uniform(one).is_some_and(|line| uniform(other) == Some(line))
}

/// How all lines of a text end: with CRLF or not; none where they differ.
fn uniform(text: &str) -> Option<bool> {
    let bytes = text.as_bytes();
    if memchr::memmem::find(bytes, b"\r\n").is_none() {
        return Some(false);
    }
    memchr::memchr_iter(b'\n', bytes).all(|at| bytes[..at].ends_with(b"\r")).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::super::ends;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_keep_and_change_their_ends() {
        let mixed = Endings::of("a\r\nb\nc\r\nd\n");
        assert_eq!(mixed.on("1\n2\n3\n4\n5"), "1\r\n2\n3\r\n4\n5");
        assert_eq!(
            mixed.with_lines(&Endings::of("x\n"), &[(0..1, 0..1), (1..1, 0..1)]).on("1\n2\n3\n4\n"),
            "1\n2\n3\n4\r\n"
        );
        assert_eq!(mixed.with_lines(&Endings::default(), &[(0..3, 0..0)]), Endings::default());
        assert_eq!(
            (is_mixed("a\r\nb"), is_mixed("a\r\nb\n"), is_mixed("a\nb\n"), is_mixed("a\rb\n")),
            (false, true, false, false)
        );
        assert_eq!(Endings::of("a\r\n").carried("a\n", "a\nb\n"), Endings::of("a\r\nb\r\n"));
        assert_eq!(mixed.carried("a\nb\nc\nd\n", "a\nc\nx\nd\n").on("a\nc\nx\nd\n"), "a\r\nc\r\nx\r\nd\n");
        assert!(are_alike("a\r\n", "b\r\nc\r\n") && are_alike("a", "b\n"));
        assert!(!are_alike("a\r\n", "b\n") && !are_alike("a\r\nb\n", "a\r\nb\n"));
    }

    proptest! {
        #[test]
        fn the_text_is_its_view_with_its_ends(text in "([ab\r]|\r\n|\n){0,20}") {
            prop_assert_eq!(Endings::of(&text).on(&ends::lf(&text)), text);
        }
    }
}

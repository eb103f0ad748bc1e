//! `SharedText`: a text that several hold, with what was found out about it once.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::edit::{self, Hash, Splice, Version};
use super::endings::{self, Endings};
use super::ends;

/// A text; cheap to clone. What takes a pass over all of it is computed once, when it is first wanted.
#[derive(Clone)]
pub struct SharedText(Arc<Held>);

struct Held {
    text: String,
    version: OnceLock<Version>,
    shape: OnceLock<Shape>,
}

/// What stands between a text and its view with LF line ends and without byte-order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Nothing, and it has no CR either.
    NoCr,
    /// Nothing: its CRs are characters.
    Plain,
    /// CRLFs or a mark.
    Other,
}

impl SharedText {
    /// Which text it is.
    pub fn version(&self) -> Version {
        *self.0.version.get_or_init(|| match self.shape() {
            Shape::NoCr | Shape::Plain => Version::Text(Hash::of(self.as_bytes())),
            Shape::Other => Version::of_text(self),
        })
    }

    /// How its lines end.
    pub fn endings(&self) -> Endings {
        match self.shape() {
            Shape::NoCr | Shape::Plain => Endings::default(),
            Shape::Other => Endings::of(self),
        }
    }

    /// Whether some of its lines end with CRLF and some with LF.
    pub fn has_mixed_ends(&self) -> bool {
        match self.shape() {
            Shape::NoCr | Shape::Plain => false,
            Shape::Other => endings::is_mixed(self),
        }
    }

    /// Whether it is its LF view, and these splices leave it so.
    pub fn stays_its_view(&self, splices: &[Splice]) -> bool {
        let is_plain = |splice: &Splice| Shape::of(&splice.text) == Shape::NoCr;
        self.shape() == Shape::NoCr && splices.iter().all(is_plain)
    }

    /// The text with LF line ends and without byte-order mark.
    pub fn lf(&self) -> Cow<'_, str> {
        match self.shape() {
            Shape::NoCr | Shape::Plain => Cow::Borrowed(self),
            Shape::Other => ends::lf(self),
        }
    }

    /// The same, to be held.
    pub fn shared_lf(&self) -> Self {
        match self.shape() {
            Shape::NoCr | Shape::Plain => self.clone(),
            Shape::Other => ends::lf(self).into(),
        }
    }

    /// Splices of the LF view put into the text, as [`ends::splice`] does.
    pub fn spliced(&self, splices: &[Splice]) -> Self {
        if !self.stays_its_view(splices) {
            return ends::splice(self, splices).into();
        }
        let held = Held {
            text: edit::spliced(self, splices),
            version: OnceLock::new(),
            shape: OnceLock::from(Shape::NoCr),
        };
        Self(Arc::new(held))
    }

    fn shape(&self) -> Shape {
        *self.0.shape.get_or_init(|| Shape::of(self))
    }
}

impl Shape {
    fn of(text: &str) -> Self {
        if ends::unmarked(text).len() < text.len() {
            return Self::Other;
        }
        match memchr::memchr(b'\r', text.as_bytes()) {
            None => Self::NoCr,
            Some(_) if matches!(ends::lf(text), Cow::Borrowed(_)) => Self::Plain,
            Some(_) => Self::Other,
        }
    }
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        Self(Arc::new(Held { text, version: OnceLock::new(), shape: OnceLock::new() }))
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Cow<'_, str>> for SharedText {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}

impl PartialEq for SharedText {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.text == other.0.text
    }
}

impl Eq for SharedText {}

impl fmt::Debug for SharedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.text, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_knows_what_a_pass_over_it_tells(
            text in "(\u{feff}){0,2}([abä]|\r\n|\r|\n){0,20}", at in 0..20usize, length in 0..6usize, put in "(\u{feff})?([xy]|\r|\n){0,4}"
        ) {
            let shared = SharedText::from(&*text);
            let view = ends::lf(&text);
            prop_assert_eq!(shared.version(), Version::Text(Hash::of(view.as_bytes())));
            prop_assert_eq!(&*shared.lf(), &*view);
            prop_assert_eq!(&*shared.shared_lf(), &*view);
            prop_assert_eq!(shared.endings(), Endings::of(&text));
            prop_assert_eq!(shared.has_mixed_ends(), endings::is_mixed(&text));
            let start = view.floor_char_boundary(at);
            let end = view.ceil_char_boundary(start + length);
            let splices = [Splice { start, end, text: put }];
            let after = shared.spliced(&splices);
            prop_assert_eq!(&*after, &ends::splice(&text, &splices));
            prop_assert_eq!(after.version(), Version::of_text(&after));
        }
    }
}

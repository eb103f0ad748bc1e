//! `Story`: how a file came to be what it is, told so that some of its changes can be taken out.

mod telling;

use std::ops::Range;
use std::sync::Arc;

use super::event::What;
pub use super::held::Body;
use super::held::Held;
use super::raw::Raw;
use super::touch::Touch;
use crate::text::{Endings, Hash, Hunk, Lineage, Splice};
pub(super) use telling::{Start, Whose, tell};

/// A file as it is, and as it would be without some changes ("ours").
#[derive(Debug, Clone)]
pub struct Story {
    base: Body,
    now: Body,
    /// How the lines of both end, where that is known.
    base_ends: Option<Endings>,
    now_ends: Option<Endings>,
    /// Where both are texts.
    lineage: Option<Lineage>,
    /// The blob with the file's own bytes as they were before the first of our changes.
    bytes: Option<Hash>,
    modes: Option<(u32, u32)>,
    /// The last permission bits that are known of it before a change of ours.
    mode: Option<u32>,
    /// How many folders came with the file that we made.
    bare: u32,
    form: Raw,
    /// The sum of the bytes that stand there.
    now_raw: Option<Hash>,
    /// Whether something is ours.
    made: bool,
    /// Whether nobody knows what we made of it, so that what they changed since cannot be told from that.
    unsure: bool,
    /// Whether the user has changed the whole of what we made.
    touched_whole: bool,
    /// Whether something is ours.
    acted: bool,
}

impl Story {
    /// That of a place of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            base: Body::Unknown,
            now: Body::Unknown,
            base_ends: None,
            now_ends: None,
            lineage: None,
            bytes: None,
            modes: None,
            mode: None,
            bare: 0,
            form: Raw::Mixed,
            now_raw: None,
            made: false,
            acted: false,
            unsure: false,
            touched_whole: false,
        }
    }

    /// The file without our changes.
    pub fn base(&self) -> &Body {
        &self.base
    }

    /// The file.
    pub fn now(&self) -> &Body {
        &self.now
    }

    /// The permission bits before our changes and after, where they differ.
    pub fn modes(&self) -> Option<(u32, u32)> {
        self.modes.filter(|(before, after)| before != after)
    }

    /// The permission bits that a file is to have which comes back.
    pub fn mode(&self) -> Option<u32> {
        self.modes.map(|(before, _)| before).or(self.mode)
    }

    /// How many folders came with the file that we made.
    pub fn bare(&self) -> u32 {
        self.bare
    }

    /// Whether something is to be looked at, or to go back.
    pub fn is_open(&self) -> bool {
        let same = match (&self.base, &self.now) {
            (Body::Unknown, Body::Unknown) => !self.made,
            (base, now) => base == now,
        };
        !same || self.modes().is_some() || self.has_other_form()
    }

    /// Whether the words are the same, and how the file holds them is not.
    pub fn has_other_form(&self) -> bool {
        self.base.is_same(&self.now) && self.first_bytes().is_some()
    }

    /// The blob with the file's own bytes before our changes, where these alone have changed it.
    pub fn first_bytes(&self) -> Option<Hash> {
        self.form.first(self.now_raw)
    }

    /// Whether nobody can tell our changes from theirs.
    pub fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// How the lines of the file without our changes end, where that is known.
    pub fn base_ends(&self) -> Option<&Endings> {
        self.base_ends.as_ref()
    }

    /// How the lines of the file end, where that is known.
    pub fn now_ends(&self) -> Option<&Endings> {
        self.now_ends.as_ref()
    }

    /// The file, with the sum of its bytes.
    pub fn held(&self) -> Held {
        Held { body: self.now.clone(), raw: self.now_raw, ends: self.now_ends.clone() }
    }

    /// Our changes of the text.
    pub fn hunks(&self) -> Vec<Hunk> {
        self.lineage.as_ref().map(Lineage::hunks).unwrap_or_default()
    }

    /// Whether somebody else has changed something inside of this change.
    pub fn is_mixed(&self, hunk: &Hunk) -> bool {
        self.lineage.as_ref().is_some_and(|lineage| lineage.is_mixed(hunk))
    }

    /// Whether somebody else has changed something inside of what we made as a whole.
    pub fn is_touched(&self) -> bool {
        self.touched_whole || self.hunks().iter().any(|hunk| self.is_mixed(hunk))
    }

    /// The old and the new lines of a change.
    pub fn lines(&self, hunk: &Hunk) -> (&str, &str) {
        match (&self.base, &self.now) {
            (Body::Text(base), Body::Text(now)) => (lines_of(base, &hunk.old), lines_of(now, &hunk.new)),
            _ => ("", ""),
        }
    }

    /// The splices of the text which take changes back.
    pub fn undoing(&self, hunks: &[Hunk]) -> Vec<Splice> {
        self.lineage.as_ref().map(|lineage| lineage.undoing(hunks)).unwrap_or_default()
    }

    /// The text without these changes, with the line ends that its lines have or had; none where all of
    /// them end alike, or that is not known.
    pub fn without(&self, hunks: &[Hunk]) -> Option<String> {
        self.lineage.as_ref().and_then(|lineage| lineage.without(hunks))
    }

    /// How the lines of the base with these changes in it end, where that is known.
    pub fn ends_keeping(&self, hunks: &[Hunk]) -> Option<Endings> {
        match &self.lineage {
            Some(lineage) => lineage.ends_keeping(hunks),
            None => self.now_ends.clone(),
        }
    }

    /// The base with these changes in it.
    pub fn keeping(&self, hunks: &[Hunk]) -> Body {
        match &self.lineage {
            Some(lineage) => Body::Text(lineage.keeping(hunks).into()),
            None => self.now.clone(),
        }
    }

    /// The blob with the base's own bytes, where they were kept.
    pub fn bytes(&self) -> Option<Hash> {
        self.bytes
    }

    /// The lines that both have written, but for those in some changes.
    pub fn mixed_but_in(&self, hunks: &[Hunk]) -> Vec<Range<u32>> {
        self.lineage.as_ref().map(|lineage| lineage.mixed_but_in(hunks)).unwrap_or_default()
    }

    fn match_texts(&mut self, mixed: Vec<Range<u32>>) {
        self.lineage = match (&self.base, &self.now) {
            (Body::Text(base), Body::Text(now)) => {
                let lineage = Lineage::settled(base.clone(), now.clone(), mixed);
                Some(lineage.with_ends(self.base_ends.clone(), self.now_ends.clone()))
            }
            _ => None,
        };
    }

    /// Whether the file without our changes, or what we made of it, is not kept any more.
    fn is_lost(&self) -> bool {
        matches!(self.base, Body::Unknown) || matches!(self.now, Body::Unknown)
    }

    /// Remembers what only our first change can tell.
    fn note(&mut self, touch: &Touch) {
        if self.base.is_same(&self.now)
            && let What::Text { bytes: Some(bytes), .. } | What::Other { bytes } = &touch.before.what
        {
            self.bytes = Some(*bytes);
        }
        if let (Some(before), Some(after)) = (touch.before.mode, touch.after.mode) {
            self.modes = Some((self.modes.map_or(before, |(first, _)| first), after));
        }
        self.mode = touch.before.mode.or(self.mode);
        self.bare = self.bare.max(touch.before.bare);
        self.form = self.form.ours(touch);
        self.made = true;
    }

    /// With how its lines end, where that is not known: as what stands there would have them.
    fn with_ends(&self, held: Held) -> Held {
        match (&self.now, &self.now_ends, &held) {
            (Body::Text(now), Some(known), Held { body: Body::Text(text), ends: None, .. }) => {
                Held { ends: Some(known.carried(now, text)), ..held }
            }
            _ => held,
        }
    }

    fn ours(&mut self, held: Held) {
        let Held { body, ends, .. } = self.with_ends(held);
        self.acted = true;
        match (&mut self.lineage, &body) {
            (Some(lineage), Body::Text(text)) => {
                lineage.ours(text.clone(), ends.clone());
                (self.now, self.now_ends) = (body, ends);
            }
            _ => {
                (self.now, self.now_ends) = (body, ends);
                self.match_texts(Vec::new());
            }
        }
    }

    /// Follows what others have made of a text; false where there is none.
    fn follow(
        &mut self,
        body: &Body,
        ends: Option<&Endings>,
        made: impl FnOnce(&mut Lineage, Arc<str>, Option<Endings>),
    ) -> bool {
        let (Some(lineage), Body::Text(text)) = (&mut self.lineage, body) else { return false };
        let before = (lineage.base().clone(), lineage.base_ends().cloned());
        made(lineage, text.clone(), ends.cloned());
        let base = (lineage.base().clone(), lineage.base_ends().cloned());
        if base != before {
            self.bytes = None;
        }
        (self.base, self.base_ends) = (Body::Text(base.0), base.1);
        true
    }

    /// A formatter went over it: what it changed in ours stays ours, anything else is theirs.
    fn formatted(&mut self, held: Held) {
        self.went_over(held, Lineage::formatted);
    }

    /// They have taken changes of ours back: what is left of these stays ours.
    fn taken_back(&mut self, held: Held) {
        self.went_over(held, Lineage::taken_back);
    }

    fn went_over(&mut self, held: Held, made: impl FnOnce(&mut Lineage, Arc<str>, Option<Endings>)) {
        let Held { body, ends, .. } = self.with_ends(held);
        // Which bytes were written nobody has seen.
        self.form = self.form.theirs();
        let is_made =
            self.base == Body::Absent && matches!((&self.now, &body), (Body::Text(_), Body::Text(_)));
        if is_made || self.follow(&body, ends.as_ref(), made) {
            (self.now, self.now_ends) = (body, ends);
        } else {
            self.theirs(Held { body, raw: None, ends });
        }
    }

    fn theirs(&mut self, held: Held) {
        let Held { body, ends, .. } = self.with_ends(held);
        if body == self.now {
            return self.their_ends(body, ends);
        }
        let lost = self.acted && self.is_lost();
        self.form = self.form.theirs();
        if self.made && self.now == Body::Unknown {
            (self.now, self.now_ends, self.unsure) = (body, ends, true);
            return;
        }
        match &body {
            _ if self.follow(&body, ends.as_ref(), Lineage::theirs) => {
                (self.now, self.now_ends) = (body, ends)
            }
            // They went on with a file that we made.
            Body::Text(_) if self.base == Body::Absent && matches!(self.now, Body::Text(_)) => {
                self.touched_whole = true;
                (self.now, self.now_ends) = (body, ends);
            }
            // What stood there is lost, so what they did cannot be told from what we did.
            Body::Text(_) | Body::Other(_) if lost => {
                self.touched_whole = true;
                (self.now, self.now_ends) = (body, ends);
                self.match_texts(Vec::new());
            }
            // They put something else where we had removed or changed something: both have made that.
            Body::Text(_) | Body::Other(_) | Body::Link(_) | Body::Unknown if self.stands_instead(&body) => {
                self.touched_whole = true;
                let lines = match &body {
                    Body::Text(text) => text.split_inclusive('\n').count(),
                    Body::Absent | Body::Other(_) | Body::Link(_) | Body::Unknown => 0,
                };
                (self.now, self.now_ends) = (body, ends);
                let all = 0..u32::try_from(lines).unwrap_or(u32::MAX);
                self.match_texts(std::iter::once(all).collect());
            }
            // What they removed, brought back or replaced as a whole is theirs.
            _ => {
                (self.base, self.base_ends) = (body.clone(), ends.clone());
                (self.now, self.now_ends) = (body, ends);
                self.acted = false;
                (self.modes, self.mode, self.bytes) = (None, None, None);
                (self.made, self.form) = (false, Raw::Untouched);
                self.match_texts(Vec::new());
            }
        }
    }

    /// Whether this is neither what stood there before us nor what we made of that.
    fn stands_instead(&self, body: &Body) -> bool {
        let ours = self.acted && self.base != Body::Absent && !self.base.is_same(&self.now);
        ours && !body.is_same(&self.base)
    }

    /// They have left the words as they were.
    fn their_ends(&mut self, body: Body, ends: Option<Endings>) {
        if ends.is_some() && ends != self.now_ends {
            self.follow(&body, ends.as_ref(), Lineage::theirs);
            (self.now, self.now_ends) = (body, ends);
        }
    }
}

/// The lines of a text, as a slice of it.
pub fn lines_of<'a>(text: &'a str, lines: &Range<u32>) -> &'a str {
    let at = |line: u32| match line {
        0 => 0,
        _ => {
            let nth = usize::try_from(line - 1).unwrap_or(usize::MAX);
            text.match_indices('\n').nth(nth).map_or(text.len(), |(at, _)| at + 1)
        }
    };
    &text[at(lines.start)..at(lines.end)]
}

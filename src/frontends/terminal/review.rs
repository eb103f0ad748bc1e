//! What the agent has changed, to look at in the terminal, to keep and to undo.

use std::ops::Range;

use super::console::{Console, Tone};
use super::{Ending, Format, show};
use crate::engine::{Body, Decided, Mixed, Review, Session, Verdict};
use crate::frontends::changes::{self, name};
use crate::frontends::convert;
use crate::frontends::verdicts::{self, Words};
use crate::limits;
use crate::path::AbsPath;

/// What diffs say behind a line without an end.
const NO_LINE_END: &str = "\\ No newline at end of file";

const WORDS: Words = Words {
    look: |name| format!("quillon review {name}"),
    undo: |name| format!("quillon review undo {name} --hunk N"),
    before: |name| Some(format!("`quillon review {name} --before`")),
    name: str::to_owned,
};

/// Changes to decide about.
pub struct Wanted<'a> {
    /// What becomes of them.
    pub verdict: Verdict,
    /// In this file alone.
    pub path: Option<&'a AbsPath>,
    /// These hunks of it alone, each by its number or by the beginning of its name.
    pub hunks: &'a [String],
    /// How the user names the session, to take it back; empty for the last one of the folder.
    pub again: String,
}

/// Shows what is to be looked at: the files with their hunks, or one file in full.
pub async fn review(
    session: &Session,
    path: Option<&AbsPath>,
    console: &mut Console,
    format: Format,
) -> Result<Ending, String> {
    let reviews = open(session, path).await?;
    if reviews.is_empty() && format == Format::Text {
        console.show(Tone::Plain, "nothing to look at");
    }
    for review in &reviews {
        match (format, path) {
            (Format::Json, _) => {
                let line = serde_json::to_string(&convert::review(review));
                console.json(&line.map_err(|error| error.to_string())?);
            }
            (Format::Text, Some(_)) => in_full(session, review, console),
            (Format::Text, None) => in_lines(session, review, console),
        }
    }
    if path.is_none() {
        overlooked(session, console);
    }
    Ok(Ending::Finished)
}

/// What commands did and nobody can list: the list of files is not all of it.
fn overlooked(session: &Session, console: &mut Console) {
    let mut told: Vec<String> =
        session.state(|state| state.touches().overlooked().iter().map(|one| one.text.clone()).collect());
    told.dedup();
    let from = told.len().saturating_sub(limits::OVERLOOKED_TOLD_MAX);
    for text in &told[from..] {
        console.note(Tone::Plain, text);
    }
}

/// Writes out a file as it was before the changes.
pub async fn before(session: &Session, path: &AbsPath, console: &mut Console) -> Result<Ending, String> {
    let name = name(session, path);
    // Also where nothing is to be looked at, as what the agent had changed has gone since.
    let before = session.before(path).await.map_err(|refused| refused.to_string())?;
    match before.ok_or_else(|| format!("there is nothing to look at in {name}"))? {
        Body::Text(text) => console.bytes(text.as_bytes()),
        Body::Other(hash) => {
            let kept = session.recorder().fetch(&hash);
            console.bytes(&kept.map_err(|error| format!("what {name} was is not kept any more: {error}"))?);
        }
        Body::Link(target) => return Err(format!("{name} was a link to {target}")),
        Body::Absent => return Err(format!("{name} was not there before")),
        Body::Unknown => return Err(format!("nobody knows what {name} was before")),
    }
    Ok(Ending::Finished)
}

/// Keeps or undoes changes. What the user has typed in goes only where a hunk was named.
pub async fn decide(session: &Session, wanted: &Wanted<'_>, console: &mut Console) -> Result<Ending, String> {
    let mut plans = Vec::new();
    for review in open(session, wanted.path).await? {
        plans.push(verdicts::plan(session, &review, wanted.verdict, wanted.hunks, &WORDS)?);
    }
    if plans.is_empty() {
        return Err("there is nothing to look at".to_owned());
    }
    let (mut ending, mut undone) = (Ending::Finished, Vec::new());
    for plan in plans {
        let decided = session.decide(&plan.decisions).await.map_err(|refused| refused.to_string())?;
        undone.extend(decided.restore);
        match decided.each.into_iter().find(|decided| *decided != Decided::Done) {
            None if plan.decisions.is_empty() => {}
            None => console.show(Tone::Plain, &plan.done),
            Some(Decided::Failed(why)) => {
                console.complain(&why);
                ending = Ending::Failed;
            }
            Some(Decided::Stale | Decided::Done) => {
                console.complain(&format!("{} has changed meanwhile; look at it again", plan.name));
                ending = Ending::Failed;
            }
        }
        if let Some(why) = plan.left {
            console.note(Tone::Warning, &format!("{}: {why}", plan.name));
            ending = if ending == Ending::Finished { Ending::Partly } else { ending };
        }
    }
    let left = session.reviews().await.map_err(|refused| refused.to_string())?;
    // The hunks that are left have other numbers.
    for review in left.iter().filter(|review| !wanted.hunks.is_empty() && wanted.path == Some(&review.path)) {
        in_lines(session, review, console);
    }
    let left = match left.len() {
        0 => "nothing is left to look at".to_owned(),
        many => format!("{} left to look at: `quillon review`", changes::count(many, "file")),
    };
    console.hint(&left);
    // The last one first, as each is made on what those before it have left.
    for restore in undone.iter().rev() {
        console.hint(&format!("to take this back: `quillon undo{} --restore {restore}`", wanted.again));
    }
    Ok(ending)
}

/// What is to be looked at: of one file, or of all.
async fn open(session: &Session, path: Option<&AbsPath>) -> Result<Vec<Review>, String> {
    let Some(path) = path else {
        return session.reviews().await.map_err(|refused| refused.to_string());
    };
    let review = session.review(path).await.map_err(|refused| refused.to_string())?;
    match review.filter(Review::is_open) {
        Some(review) => Ok(vec![review]),
        None => Err(format!("there is nothing to look at in {}", name(session, path))),
    }
}

fn in_lines(session: &Session, review: &Review, console: &mut Console) {
    console.show(Tone::Strong, &format!("{}: {}", name(session, &review.path), changes::about(review)));
    for (index, hunk) in review.hunks.iter().enumerate() {
        let tone = if hunk.mixed == Mixed::Yes { Tone::Warning } else { Tone::Plain };
        console.show(tone, &format!("  {}  {}", index + 1, changes::hunk(review, hunk)));
    }
}

/// The diff of a file, with a heading for each hunk by which it can be decided.
fn in_full(session: &Session, review: &Review, console: &mut Console) {
    let name = name(session, &review.path);
    console.show(Tone::Strong, &format!("{name}: {}", changes::about(review)));
    if review.hunks.is_empty() {
        for line in changes::difference(&name, &review.baseline, &review.current).lines() {
            console.show(show::tone(line), line);
        }
    }
    let Body::Text(text) = &review.current else { return };
    let lines: Vec<&str> = text.lines().collect();
    let line_of = |number: u32| usize::try_from(number).unwrap_or(usize::MAX).min(lines.len());
    let mut shown = 0;
    for (index, one) in review.hunks.iter().enumerate() {
        let (start, end) = (line_of(one.hunk.new.start), line_of(one.hunk.new.end));
        let next = review.hunks.get(index + 1).map_or(lines.len(), |next| line_of(next.hunk.new.start));
        let id = &one.id[..limits::HUNK_NAME_CHARS.min(one.id.len())];
        let mixed = if one.mixed == Mixed::Yes { ", you have typed in it" } else { "" };
        let heading = format!("@@ hunk {} at line {}, {id}{mixed} @@", index + 1, start + 1);
        console.show(Tone::Place, &heading);
        let (old, new) = review.lines(&one.hunk);
        let before = start.saturating_sub(limits::DIFF_CONTEXT_LINES).max(shown);
        shown = (end + limits::DIFF_CONTEXT_LINES).min(next);
        let context = |range: Range<usize>| lines[range].iter().map(|line| format!(" {line}"));
        let changed = signed('-', old).chain(signed('+', new));
        for line in context(before..start).chain(changed).chain(context(end..shown)) {
            console.show(show::tone(&line), &line);
        }
    }
}

/// Lines as a diff has them, with a word where the last one has no end.
fn signed(sign: char, text: &str) -> impl Iterator<Item = String> {
    let unended = (!text.is_empty() && !text.ends_with('\n')).then(|| NO_LINE_END.to_owned());
    text.lines().map(move |line| format!("{sign}{line}")).chain(unended)
}

//! What the agent has changed, to look at in the terminal, to keep and to undo.

use std::ops::Range;

use super::console::{Console, Tone};
use super::{Ending, Format, show};
use crate::engine::{Body, Decided, Decision, Mixed, Review, ReviewHunk, ReviewOf, Session, Stand, Verdict};
use crate::frontends::changes::{self, name};
use crate::frontends::convert;
use crate::limits;
use crate::path::AbsPath;

/// What diffs say behind a line without an end.
const NO_LINE_END: &str = "\\ No newline at end of file";

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
    Ok(Ending::Finished)
}

/// Keeps or undoes changes. What the user has typed in goes only where a hunk was named.
pub async fn decide(session: &Session, wanted: &Wanted<'_>, console: &mut Console) -> Result<Ending, String> {
    let mut plans = Vec::new();
    for review in open(session, wanted.path).await? {
        plans.push(plan(session, &review, wanted)?);
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

/// What is done about one file.
struct Plan {
    name: String,
    decisions: Vec<Decision>,
    /// What is said when it is done.
    done: String,
    /// What stays, and why.
    left: Option<String>,
}

fn plan(session: &Session, review: &Review, wanted: &Wanted<'_>) -> Result<Plan, String> {
    let name = name(session, &review.path);
    let word = match wanted.verdict {
        Verdict::Keep => "kept",
        Verdict::Undo => "undone",
    };
    let decisions = |of: Vec<ReviewOf>| {
        let one = |of| Decision {
            path: review.path.clone(),
            version: review.version(),
            of,
            verdict: wanted.verdict,
        };
        of.into_iter().map(one).collect()
    };
    if !wanted.hunks.is_empty() {
        let (of, names) = named(review, &name, wanted.hunks)?;
        let done = format!("{word}: {} of {name}", names.join(", "));
        return Ok(Plan { decisions: decisions(of), done, left: None, name });
    }
    let (mixed, sure): (Vec<_>, Vec<_>) =
        review.hunks.iter().enumerate().partition(|(_, hunk)| hunk.mixed == Mixed::Yes);
    let numbers: Vec<String> = mixed.iter().map(|(index, _)| (index + 1).to_string()).collect();
    let whole = format!("{word}: {name}");
    Ok(match wanted.verdict {
        Verdict::Undo if went_on(session, review) => Plan {
            left: Some(
                "it was changed since the agent made it, so it stays; delete it yourself if it is to go"
                    .to_owned(),
            ),
            decisions: Vec::new(),
            done: String::new(),
            name,
        },
        Verdict::Undo if !mixed.is_empty() => Plan {
            decisions: decisions(sure.iter().map(|(_, hunk)| ReviewOf::Hunk(hunk.id.clone())).collect()),
            done: format!("{word}: {} of {name}", changes::count(sure.len(), "hunk")),
            left: Some(format!(
                "you have typed in hunk {}, which stays; `quillon review undo {name} --hunk N` takes your own \
                 words away too",
                numbers.join(", ")
            )),
            name,
        },
        Verdict::Keep | Verdict::Undo => {
            Plan { decisions: decisions(vec![ReviewOf::File]), done: whole, left: None, name }
        }
    })
}

/// The hunks that were named, in their order, and how to call them.
fn named(review: &Review, name: &str, hunks: &[String]) -> Result<(Vec<ReviewOf>, Vec<String>), String> {
    let mut found = Vec::new();
    for word in hunks {
        found.push(find(&review.hunks, word).ok_or_else(|| match review.hunks.len() {
            0 => format!("{name} has no hunks; it is kept or undone as a whole"),
            _ => format!("{name} has no hunk `{word}` (any more); look again: `quillon review {name}`"),
        })?);
    }
    found.sort_unstable();
    found.dedup();
    let of = found.iter().map(|index| ReviewOf::Hunk(review.hunks[*index].id.clone())).collect();
    Ok((of, found.iter().map(|index| format!("hunk {}", index + 1)).collect()))
}

/// The hunk of this number, or the only one whose name begins so.
fn find(hunks: &[ReviewHunk], word: &str) -> Option<usize> {
    if let Some(index) = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1))
        && index < hunks.len()
    {
        return Some(index);
    }
    let mut fitting = hunks.iter().enumerate().filter(|(_, hunk)| hunk.id.starts_with(word));
    match (fitting.next(), fitting.next()) {
        (Some((index, _)), None) if word.len() >= limits::HUNK_NAME_CHARS => Some(index),
        _ => None,
    }
}

/// Whether the user has changed a file since that the agent has made. There are no hunks that could
/// tell.
fn went_on(session: &Session, review: &Review) -> bool {
    let (Body::Absent, Some(version)) = (&review.baseline, review.version()) else { return false };
    let touches = session.state(|state| state.touches().of(&review.path));
    let between = touches.windows(2).any(|pair| !pair[0].after.same_content(&pair[1].before));
    let now = Stand::of_version(version, None);
    between || touches.last().is_some_and(|last| !last.after.same_content(&now))
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

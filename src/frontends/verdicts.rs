//! What a verdict in words does: which decisions it makes about a file, and how to tell it.

use super::changes::{self, name};
use crate::engine::{Body, Decision, Mixed, Review, ReviewHunk, ReviewOf, Session, Stand, Verdict};
use crate::limits;

/// How the user of a front end says things about a file of this name.
pub struct Words {
    /// Shows its changes again.
    pub look: fn(&str) -> String,
    /// Undoes a single hunk of it.
    pub undo: fn(&str) -> String,
    /// Gives the file as it was before, where there is a way.
    pub before: fn(&str) -> Option<String>,
    /// Sets the name off from the words around it.
    pub name: fn(&str) -> String,
}

/// What is done about one file.
pub struct Plan {
    /// The file as a person reads it.
    pub name: String,
    /// To be given to the session; none where all of it stays.
    pub decisions: Vec<Decision>,
    /// What is said when it is done.
    pub done: String,
    /// What stays, and why.
    pub left: Option<String>,
}

/// What the verdict does to a file: to all of it, or to these hunks, each by its number or by the beginning of
/// its name. What the user has typed in goes only where a hunk was named.
pub fn plan(
    session: &Session,
    review: &Review,
    verdict: Verdict,
    hunks: &[String],
    words: &Words,
) -> Result<Plan, String> {
    let name = name(session, &review.path);
    let shown = (words.name)(&name);
    let word = match verdict {
        Verdict::Keep => "kept",
        Verdict::Undo => "undone",
    };
    let decisions = |of: Vec<ReviewOf>| {
        let one = |of| Decision { path: review.path.clone(), version: review.version(), of, verdict };
        of.into_iter().map(one).collect()
    };
    if !hunks.is_empty() {
        let (of, names) = named(review, &name, hunks, words)?;
        let done = format!("{word}: {} of {shown}", names.join(", "));
        return Ok(Plan { decisions: decisions(of), done, left: None, name });
    }
    let (mixed, sure): (Vec<_>, Vec<_>) =
        review.hunks.iter().enumerate().partition(|(_, hunk)| hunk.mixed == Mixed::Yes);
    let numbers: Vec<String> = mixed.iter().map(|(index, _)| (index + 1).to_string()).collect();
    let whole = format!("{word}: {shown}");
    Ok(match verdict {
        Verdict::Undo if went_on(session, review) => Plan {
            left: Some(
                "it was changed since the agent made it, so it stays; delete it yourself if it is to go"
                    .to_owned(),
            ),
            decisions: Vec::new(),
            done: String::new(),
            name,
        },
        Verdict::Undo if is_replaced(review) => Plan {
            left: Some(format!(
                "something else was put in its place since, which stays{}",
                (words.before)(&name).map_or_else(String::new, |how| format!("; {how} has what it was"))
            )),
            decisions: Vec::new(),
            done: String::new(),
            name,
        },
        Verdict::Undo if !mixed.is_empty() => Plan {
            decisions: decisions(sure.iter().map(|(_, hunk)| ReviewOf::Hunk(hunk.id.clone())).collect()),
            done: format!("{word}: {} of {shown}", changes::count(sure.len(), "hunk")),
            left: Some(format!(
                "you have typed in hunk {}, which stays; `{}` takes your own words away too",
                numbers.join(", "),
                (words.undo)(&name)
            )),
            name,
        },
        Verdict::Keep | Verdict::Undo => {
            Plan { decisions: decisions(vec![ReviewOf::File]), done: whole, left: None, name }
        }
    })
}

/// The hunks that were named, in their order, and how to call them.
fn named(
    review: &Review,
    name: &str,
    hunks: &[String],
    words: &Words,
) -> Result<(Vec<ReviewOf>, Vec<String>), String> {
    let mut found = Vec::new();
    for word in hunks {
        found.push(find(&review.hunks, word).ok_or_else(|| match review.hunks.len() {
            0 => format!("{} has no hunks; it is kept or undone as a whole", (words.name)(name)),
            _ => format!(
                "{} has no hunk `{word}` (any more); look again: `{}`",
                (words.name)(name),
                (words.look)(name)
            ),
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

/// Whether something without lines stands where the agent has changed or removed a file.
fn is_replaced(review: &Review) -> bool {
    review.mixed == Mixed::Yes && review.hunks.is_empty() && review.baseline != Body::Absent
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

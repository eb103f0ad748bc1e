//! `/keep` and `/undo` of files and hunks: what the user has looked at, decided in words.

use super::session::Attached;
use crate::engine::{Decided, Review, Verdict};
use crate::frontends::changes;
use crate::frontends::convert::uri;
use crate::frontends::verdicts::{self, Plan, Words};

const WORDS: Words = Words {
    look: |_| "/review".to_owned(),
    undo: |name| format!("/undo {name} N"),
    before: |_| None,
    name: |name| format!("`{name}`"),
};

/// Whether all of these words can be hunks: numbers, or names as far as a review shows them.
pub(super) fn is_hunks(words: &str) -> bool {
    words.split_whitespace().all(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether this is the name of a file without blanks, and hunks behind it.
pub(super) fn is_file_and_hunks(words: &str) -> bool {
    words.split_once(char::is_whitespace).is_some_and(|(_, hunks)| is_hunks(hunks))
}

/// Keeps or undoes what is to be looked at: all, of a file, or of hunks of it; says in words what is so then.
pub(super) async fn say(attached: &Attached, verdict: Verdict, of: Option<&str>) -> String {
    decide(attached, verdict, of).await.unwrap_or_else(|why| why)
}

async fn decide(attached: &Attached, verdict: Verdict, of: Option<&str>) -> Result<String, String> {
    let session = &attached.session;
    let mut reviews = session.reviews().await.map_err(|refused| refused.to_string())?;
    let mut hunks = Vec::new();
    if let Some(of) = of {
        (reviews, hunks) = named(attached, reviews, of);
    }
    if reviews.is_empty() {
        let place = of.map(|of| format!(" in `{of}`")).unwrap_or_default();
        return Err(match (verdict, of) {
            (Verdict::Undo, Some(of)) => format!(
                "There is no turn `{of}`, and nothing to look at in a file of that name; `/checkpoints` lists \
                 the turns, `/review` the files."
            ),
            (Verdict::Keep | Verdict::Undo, _) => format!("There is nothing to look at{place}."),
        });
    }
    let plans: Result<Vec<Plan>, String> =
        reviews.iter().map(|review| verdicts::plan(session, review, verdict, &hunks, &WORDS)).collect();
    let mut lines = Vec::new();
    for plan in plans? {
        let decided = session.decide(&plan.decisions).await.map_err(|refused| refused.to_string())?;
        match decided.each.into_iter().find(|decided| *decided != Decided::Done) {
            None if plan.decisions.is_empty() => {}
            None => lines.push(capitalized(&plan.done)),
            Some(Decided::Failed(why)) => lines.push(format!("`{}`: {why}", plan.name)),
            Some(Decided::Stale | Decided::Done) => {
                lines.push(format!("`{}` has changed meanwhile; look at it again", plan.name));
            }
        }
        lines.extend(plan.left.map(|why| format!("`{}`: {why}", plan.name)));
        lines.extend(decided.restore.map(|restore| format!("`/undo {restore}` takes this back.")));
    }
    Ok(lines.join("\n\n"))
}

/// The review that is meant, and the hunks of it. The name of a file may have blanks and numbers in it.
fn named(attached: &Attached, reviews: Vec<Review>, of: &str) -> (Vec<Review>, Vec<String>) {
    let words: Vec<&str> = of.split(' ').collect();
    for count in (1..=words.len()).rev() {
        let (file, hunks) = (words[..count].join(" "), &words[count..]);
        if !is_hunks(&hunks.join(" ")) {
            break;
        }
        if let Some(review) = reviews.iter().find(|review| is_called(attached, review, file.trim_end())) {
            let hunks = hunks.iter().filter(|hunk| !hunk.is_empty()).map(|hunk| (*hunk).to_owned());
            return (vec![review.clone()], hunks.collect());
        }
    }
    (Vec::new(), Vec::new())
}

/// As a line of its own begins.
fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Whether the user means this file: by its name in the session, its path or its address.
fn is_called(attached: &Attached, review: &Review, file: &str) -> bool {
    let client = attached.places.for_client(&review.path);
    let given = uri::path(file);
    [&review.path, &client].into_iter().any(|path| given.as_ref() == Some(path) || path.to_string() == file)
        || changes::name(&attached.session, &review.path) == file.trim_start_matches("./")
}

//! The user's part of a transcript that looks at changes and goes back.

use std::path::Path;

use quillon::engine::{
    Body, Covers, Decided, Decision, Form, Mixed, RestoreOf, RestoredTo, Review, ReviewOf, Session, TurnId,
    Verdict,
};
use quillon::path::AbsPath;

/// Does one line; gives what is to be seen.
pub async fn line(session: &Session, root: &str, word: &str, rest: &str) -> Vec<String> {
    let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    match word {
        "review" => review(session, root).await,
        "keep" => decide(session, root, &words, Verdict::Keep).await,
        "undo" => decide(session, root, &words, Verdict::Undo).await,
        "preview" => preview(session, root, &target(words[0])).await,
        "last-edit" => {
            let last = session.state(|state| state.touches().last_edit().cloned());
            vec![format!("= the last edit is {}", last.map_or("none".into(), |call| call.0))]
        }
        "restore" => restore(session, root, target(words[0]), words[1]).await,
        "checkpoints" => {
            let points = session.checkpoints().unwrap().into_iter();
            let alone = |covers| if covers == Covers::Files { ", which alone can go back" } else { "" };
            points
                .map(|point| {
                    let (turn, files, alone) = (point.turn, point.files, alone(point.covers));
                    format!("= checkpoint {turn}: {files} files{alone}")
                })
                .collect()
        }
        other => panic!("the user's script has no word `{other}`"),
    }
}

fn target(word: &str) -> RestoredTo {
    match word.chars().next() {
        Some('r') => RestoredTo::Undone(word.into()),
        Some('c') => RestoredTo::Without(word.into()),
        _ => RestoredTo::Before(word.into()),
    }
}

fn path(root: &str, name: &str) -> AbsPath {
    AbsPath::new(Path::new(root).join(name)).unwrap()
}

fn name(root: &str, path: &AbsPath) -> String {
    path.to_string().trim_start_matches(root).trim_start_matches('/').to_owned()
}

async fn review(session: &Session, root: &str) -> Vec<String> {
    let reviews = session.reviews().await.unwrap();
    if reviews.is_empty() {
        return vec!["= nothing to look at".into()];
    }
    let lines = |review: &Review| {
        let file = name(root, &review.path);
        let mut lines: Vec<String> = review
            .hunks
            .iter()
            .map(|hunk| {
                let (old, new) = review.lines(&hunk.hunk);
                let mixed = if hunk.mixed == Mixed::Yes { " (mixed)" } else { "" };
                format!("= hunk of {file} at {}: {old:?} -> {new:?}{mixed}", hunk.hunk.new.start + 1)
            })
            .collect();
        if lines.is_empty() {
            let form = if review.form == Form::Other { " (other form)" } else { "" };
            let (old, new) = (body(&review.baseline), body(&review.current));
            lines.push(format!("= {file}: {old} -> {new}{form}"));
        }
        lines
    };
    reviews.iter().flat_map(lines).collect()
}

fn body(body: &Body) -> String {
    match body {
        Body::Absent => "nothing".into(),
        Body::Text(text) => format!("{text:?}"),
        Body::Other(_) => "bytes".into(),
        Body::Link(text) => format!("a link to {text}"),
        Body::Unknown => "unknown".into(),
    }
}

/// `FILE`, `FILE N,N` (hunks, counted from 1), `FILE tN` (a turn), `all`.
async fn decide(session: &Session, root: &str, words: &[&str], verdict: Verdict) -> Vec<String> {
    let reviews = session.reviews().await.unwrap();
    let decisions: Vec<Decision> = match words {
        ["all"] => reviews
            .iter()
            .map(|review| Decision { path: review.path.clone(), version: None, of: ReviewOf::File, verdict })
            .collect(),
        [file, rest @ ..] => {
            let path = path(root, file);
            let seen = reviews.iter().find(|review| review.path == path).and_then(Review::version);
            let hunk = |number: &str| {
                let review = reviews.iter().find(|review| review.path == path).unwrap();
                ReviewOf::Hunk(review.hunks[number.parse::<usize>().unwrap() - 1].id.clone())
            };
            let all = match rest.first() {
                None => vec![ReviewOf::File],
                Some(turn) if turn.starts_with('t') => vec![ReviewOf::Turn(TurnId((*turn).into()))],
                Some(numbers) => numbers.split(',').map(hunk).collect(),
            };
            let decision = |of| Decision { path: path.clone(), version: seen, of, verdict };
            all.into_iter().map(decision).collect()
        }
        [] => panic!("`{verdict:?}` of what?"),
    };
    let decided = session.decide(&decisions).await.unwrap();
    let told = |decided: &Decided| match decided {
        Decided::Done => format!("= {verdict:?}: done"),
        Decided::Stale => format!("= {verdict:?}: stale"),
        Decided::Failed(why) => format!("= {verdict:?}: failed: {}", why.replace(root, "")),
    };
    let restore = decided.restore.iter().map(|restore| format!("= to take it back: {restore}"));
    decided.each.iter().map(told).chain(restore).collect()
}

async fn preview(session: &Session, root: &str, to: &RestoredTo) -> Vec<String> {
    match session.preview(to).await.unwrap() {
        Ok(planned) => planned
            .iter()
            .map(|one| {
                let left = one.left.as_ref().map(|why| format!("; stays: {why}")).unwrap_or_default();
                format!(
                    "= would make of {}: {} -> {}{left}",
                    name(root, &one.path),
                    body(&one.now),
                    body(&one.then)
                )
            })
            .collect(),
        Err(error) => vec![format!("= no way back: {error}")],
    }
}

async fn restore(session: &Session, root: &str, to: RestoredTo, what: &str) -> Vec<String> {
    let what = match what {
        "files" => RestoreOf::Files,
        "conversation" => RestoreOf::Conversation,
        "both" => RestoreOf::Both,
        other => panic!("nothing is called `{other}`"),
    };
    match session.restore(to, what).await.unwrap() {
        Ok(restored) => {
            let files: Vec<String> = restored.files.iter().map(|path| name(root, path)).collect();
            let mut lines = vec![format!("= {} went back: {}", restored.restore, files.join(", "))];
            lines.extend(
                restored.left.iter().map(|(path, why)| format!("= {} stays: {why}", name(root, path))),
            );
            lines
        }
        Err(error) => vec![format!("= no way back: {error}")],
    }
}

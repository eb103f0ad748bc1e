//! `Heads`: changes that the user has committed need not be looked at any more.
//!
//! Only a commit that came after the change says so: an agent can also bring back what was committed
//! before. So the heads are noted before it changes anything, kept with each change, and looked at whenever
//! it matters: a commit that was made while no process ran counts as well.

use std::collections::HashMap;

use super::gates::OurTurn;
use super::parts::Parts;
use super::review::{self, Review};
use super::story::Body;
use crate::path::AbsPath;
use crate::text::Hash;
use crate::workspace::{Committed, Head, Repository};

/// Where the repositories stood when they were looked at last.
#[derive(Debug, Default)]
pub struct Heads(tokio::sync::Mutex<HashMap<Repository, Head>>);

impl Heads {
    /// The sum of the head that a file's repository had when it was looked at last.
    pub(super) async fn of(&self, path: &AbsPath) -> Option<Hash> {
        let heads = self.0.lock().await;
        let around = heads.iter().filter(|(repository, _)| path.starts_with(repository.worktree()));
        let nearest =
            around.max_by_key(|(repository, _)| repository.worktree().as_path().components().count());
        nearest.map(|(_, head)| head.sum())
    }
}

/// Settles as kept what was committed since the last look; `more` are files that are to be changed now.
pub(super) async fn look(parts: &Parts, more: &[AbsPath]) {
    look_but(parts, more, &[]).await;
}

/// The same after a command which changed some files. These are not settled: it may have brought back
/// what was committed, or have moved the head to it.
pub(super) async fn look_after(parts: &Parts, changed: &[AbsPath]) {
    look_but(parts, changed, changed).await;
}

async fn look_but(parts: &Parts, more: &[AbsPath], but: &[AbsPath]) {
    let mut paths = parts.recorder.state(|state| state.touches().paths().to_vec());
    paths.extend_from_slice(more);
    if paths.is_empty() {
        return;
    }
    // Held over all of it: whoever asks meanwhile is answered with what comes of it.
    let mut heads = parts.heads.0.lock().await;
    for (repository, mut held) in Repository::of_files(paths).await {
        let head = repository.head().await;
        let before = heads.insert(repository.clone(), head.clone());
        let before_again = before.clone();
        match before {
            Some(before) if before == head => continue,
            Some(_) => held.retain(|path| !but.contains(path)),
            // The first look of this process.
            None => parts.recorder.state(|state| {
                let then = |path: &AbsPath| state.touches().last(path).and_then(|touch| touch.head);
                held.retain(|path| then(path).is_some_and(|then| then != head.sum()));
            }),
        }
        // Who writes may wait for the heads, so nobody who writes is waited for: the next look finds it.
        if settle(parts, &repository, &held).await == Looked::InPart {
            match before_again {
                Some(before) => heads.insert(repository, before),
                None => heads.remove(&repository),
            };
        }
    }
}

/// How far files were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    /// All of them.
    Whole,
    /// All but those that are just being written: the next look finds them.
    InPart,
}

/// Settles those of these files whose present content the head has.
async fn settle(parts: &Parts, repository: &Repository, held: &[AbsPath]) -> Looked {
    let mut held = held.to_vec();
    held.sort_unstable();
    held.dedup();
    let mut looked = Looked::Whole;
    let mut open: Vec<(Review, OurTurn)> = Vec::new();
    for path in held {
        let Some(our_turn) = parts.gates.try_enter(&path) else {
            looked = Looked::InPart;
            continue;
        };
        if let Some(review) = review::file(parts, &path).await
            && !review.baseline.is_same(&review.current)
        {
            open.push((review, our_turn));
        }
    }
    if open.is_empty() {
        return looked;
    }
    let paths: Vec<AbsPath> = open.iter().map(|(review, _)| review.path.clone()).collect();
    for ((review, our_turn), (_, committed)) in
        open.iter().zip(repository.committed(&parts.files, &paths).await)
    {
        if has(&committed, &review.current)
            && let Err(error) = review::keep_all(parts, review, our_turn).await
        {
            tracing::warn!("failed to settle {}, which was committed: {}", review.path, error.0);
        }
    }
    looked
}

/// Whether a commit has this content. That it has no such file says nothing: it may never have had it.
fn has(committed: &Committed, current: &Body) -> bool {
    match (committed, current) {
        (Committed::Bytes(_), Body::Text(text)) => committed.lf_text().as_deref() == Some(&**text),
        (Committed::Bytes(bytes), Body::Other(hash)) => Hash::of(bytes) == *hash,
        (Committed::Bytes(_), Body::Absent | Body::Link(_) | Body::Unknown) => false,
        (Committed::Absent | Committed::Unknown, _) => false,
    }
}

//! What others do to the files that a session has to do with: it hears of it, looks, and shows it.
//!
//! Nothing is begun before the session knows a file. Nothing relies on it either: reviews, views and
//! rules are computed from what stands there when they are used; this tells when that is another thing.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::commits;
use super::event::{Event, Outcome, Seq, What};
use super::held;
use super::parts::Parts;
use super::ruling::{self, When};
use super::story::Body;
use crate::limits;
use crate::path::AbsPath;
use crate::text::Hash;
use crate::workspace::{Lookout, News, Repository, View};

/// Known files of which it was told that they changed, until the model hears of it.
#[derive(Debug, Default)]
pub struct Stale(Mutex<HashSet<AbsPath>>);

impl Stale {
    fn add(&self, path: AbsPath) {
        let mut stale = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stale.len() < limits::OUTSIDE_WAITING_MAX {
            stale.insert(path);
        }
    }

    fn take(&self) -> Vec<AbsPath> {
        let stale = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut stale: Vec<AbsPath> = stale.into_iter().collect();
        stale.sort_unstable();
        stale
    }
}

/// Watches until it is dropped, or the session cannot record any more. What the session has done by now is
/// done before it watches; what it does from here on is not, however late this is first polled.
pub(super) fn run(parts: Arc<Parts>) -> impl Future<Output = ()> {
    let begun = parts.recorder.state(|state| state.seq());
    watch(parts, begun)
}

async fn watch(parts: Arc<Parts>, begun: Seq) {
    let Some(outside) = &parts.outside else { return };
    let mut wakes = parts.recorder.wakes();
    let mut eyes = Eyes { after: begun, ..Eyes::default() };
    let mut lookout: Option<Arc<Lookout>> = None;
    loop {
        wakes.mark_unchanged();
        if parts.recorder.halted().is_some() {
            return;
        }
        if let Some((mut touched, mut known)) = eyes.learn(&parts).await {
            let asking = lookout.get_or_insert_with(|| Arc::new(outside.lookout())).clone();
            loop {
                let (asking, folders) = (asking.clone(), eyes.folders());
                // It may end with the program, which watches nothing any more.
                let _asked = parts.tasks.spawn_blocking(move || asking.ask(folders)).await;
                // That may have taken a while, in which the session went on.
                let (more_touched, more_known) = eyes.take(&parts);
                let wider = eyes.widen(&parts, &more_touched, &more_known).await;
                touched.extend(more_touched);
                known.extend(more_known);
                if wider == Wider::No {
                    break;
                }
            }
            // What changed before that is not told.
            known.into_iter().for_each(|path| parts.stale.add(path));
            eyes.look_at(&parts, touched).await;
        }
        let news = async {
            match &lookout {
                Some(lookout) => lookout.news().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            woken = wakes.changed() => if woken.is_err() { return },
            news = news => if eyes.look(&parts, &news).await.is_none() { return },
        }
    }
}

/// The files that changed since the model has seen them, as words for it; nothing where it knows.
pub(super) async fn note(parts: &Parts) -> Option<String> {
    parts.files.bring_back_late().await;
    let mut names = Vec::new();
    for path in parts.stale.take() {
        if let Some(view) = parts.files.views().of(&path)
            && is_stale(parts, &path, &view).await
        {
            names.push(path.display_in(parts.files.cwd()));
        }
    }
    let more = names.len().saturating_sub(limits::STALE_FILES_NAMED_MAX);
    names.truncate(limits::STALE_FILES_NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| {
        format!(
            "Changed since you have seen them, not by your edits: {}{more}. \
                 What you know of them is old; read them again before you rely on it.",
            names.join(", ")
        )
    })
}

async fn is_stale(parts: &Parts, path: &AbsPath, view: &View) -> bool {
    match held::current(parts, path).await.body.version() {
        Some(version) => version != view.version,
        None => true,
    }
}

/// What a session looks at.
#[derive(Default)]
struct Eyes {
    /// The last fact that was taken in.
    after: Seq,
    /// Whether what was before the first of them was.
    has_begun: bool,
    /// The folders of files that the session has touched or shown to the model.
    of_files: HashSet<AbsPath>,
    /// The folders of touched files, whose repositories are known.
    of_touched: HashSet<AbsPath>,
    repositories: Vec<Repository>,
    /// Where the heads of the repositories are.
    heads: HashSet<AbsPath>,
    /// Where the rules are.
    rules: Vec<AbsPath>,
    /// What was seen last of a touched file, and the change of ours behind which that was.
    seen: HashMap<AbsPath, (Seq, Content)>,
}

/// Whether there are other folders to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wider {
    Yes,
    No,
}

/// Which content a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Absent,
    Text(Hash),
    Other(Hash),
    Unknown,
}

impl Eyes {
    /// Takes in what happened since the last look. Where there are other folders to watch, gives the files
    /// that may have changed before that: touched and known ones that are new here.
    async fn learn(&mut self, parts: &Parts) -> Option<(Vec<AbsPath>, Vec<AbsPath>)> {
        let (mut touched, mut known) = self.take(parts);
        let mut before = Vec::new();
        if !self.has_begun {
            self.has_begun = true;
            // What the model saw long ago is looked at when it is used; its folders are watched.
            (touched, before) = parts
                .recorder
                .state(|state| (state.touches().paths().to_vec(), state.seen().keys().cloned().collect()));
        }
        known.retain(|path| path.parent().is_some_and(|folder| !self.of_files.contains(&folder)));
        touched.retain(|path| path.parent().is_some_and(|folder| !self.of_touched.contains(&folder)));
        match self.widen(parts, &touched, &[&known[..], &before].concat()).await {
            Wider::No => None,
            Wider::Yes => Some((touched, known)),
        }
    }

    /// The files that were touched, and those that were shown to the model, since the last look.
    fn take(&mut self, parts: &Parts) -> (Vec<AbsPath>, Vec<AbsPath>) {
        let (mut touched, mut known) = (Vec::new(), Vec::new());
        while let Ok(facts) = parts.recorder.facts(self.after, limits::FACTS_PER_PAGE_MAX)
            && let Some(last) = facts.last()
        {
            self.after = last.seq;
            facts.iter().for_each(|fact| take_in(&fact.event, &mut touched, &mut known));
        }
        (touched, known)
    }

    /// Looks into the folders of these files too from here on.
    async fn widen(&mut self, parts: &Parts, touched: &[AbsPath], known: &[AbsPath]) -> Wider {
        let before = (self.of_touched.len(), self.of_files.len());
        self.of_touched.extend(touched.iter().filter_map(AbsPath::parent));
        self.of_files.extend(touched.iter().chain(known).filter_map(AbsPath::parent));
        if before == (self.of_touched.len(), self.of_files.len()) {
            return Wider::No;
        }
        self.rules = parts.rules.files();
        for (repository, _) in Repository::of_files(touched.to_vec()).await {
            if !self.repositories.contains(&repository) {
                self.repositories.push(repository);
            }
        }
        self.find_heads().await;
        Wider::Yes
    }

    async fn find_heads(&mut self) {
        let mut heads = HashSet::new();
        for repository in &self.repositories {
            heads.extend(repository.head_places().await);
        }
        self.heads = heads;
    }

    fn folders(&self) -> HashSet<AbsPath> {
        let mut folders = self.of_files.clone();
        folders.extend(self.heads.iter().chain(&self.rules).filter_map(AbsPath::parent));
        folders
    }

    /// Looks at what may have changed. None: the session cannot record any more.
    async fn look(&mut self, parts: &Arc<Parts>, news: &News) -> Option<()> {
        if self.rules.iter().any(|path| news.tells_of(path)) {
            ruling::refresh(parts, When::Between).await.ok()?;
        }
        if self.heads.iter().any(|path| news.tells_of(path)) {
            commits::look(parts, &[]).await;
            // The head may be another branch, whose place is another one.
            self.find_heads().await;
        }
        let (touched, known) = parts.recorder.state(|state| {
            let told = |path: &&AbsPath| news.tells_of(path);
            let touched: Vec<AbsPath> = state.touches().paths().iter().filter(told).cloned().collect();
            let known: Vec<AbsPath> = state.seen().keys().filter(told).cloned().collect();
            (touched, known)
        });
        known.into_iter().for_each(|path| parts.stale.add(path));
        self.look_at(parts, touched).await;
        Some(())
    }

    /// Looks at touched files, and shows which are changed.
    async fn look_at(&mut self, parts: &Parts, touched: Vec<AbsPath>) {
        let mut changed = Vec::new();
        for path in touched {
            if self.is_changed(parts, &path).await {
                changed.push(path);
            }
        }
        if !changed.is_empty() {
            parts.recorder.show_changed(changed);
        }
    }

    /// Whether something else stands in a touched file than the session made of it, and than was seen.
    async fn is_changed(&mut self, parts: &Parts, path: &AbsPath) -> bool {
        // Not in the middle of a change of our own.
        let _our_turn = parts.gates.enter([path]).await;
        let Some((seq, made)) = parts.recorder.state(|state| {
            let last = state.touches().last(path)?;
            Some((last.seq, Content::of_what(&last.after.what)))
        }) else {
            return false;
        };
        let stands = Content::of_body(&held::current(parts, path).await.body);
        let before = self.seen.insert(path.clone(), (seq, stands));
        let expected = before.filter(|(behind, _)| *behind == seq).map_or(made, |(_, content)| content);
        stands != expected || stands == Content::Unknown
    }
}

impl Content {
    fn of_what(what: &What) -> Self {
        match what {
            What::Absent => Self::Absent,
            What::Text { text, .. } => Self::Text(*text),
            What::Other { bytes } => Self::Other(*bytes),
            What::Link { text } => Self::Other(Hash::of(text.as_bytes())),
            What::Unknown => Self::Unknown,
        }
    }

    fn of_body(body: &Body) -> Self {
        match body {
            Body::Absent => Self::Absent,
            Body::Text(text) => Self::Text(Hash::of(text.as_bytes())),
            Body::Other(bytes) => Self::Other(*bytes),
            Body::Link(text) => Self::Other(Hash::of(text.as_bytes())),
            Body::Unknown => Self::Unknown,
        }
    }
}

/// The files that a fact brings into the session.
fn take_in(event: &Event, touched: &mut Vec<AbsPath>, known: &mut Vec<AbsPath>) {
    match event {
        Event::Touched { edit, .. } => touched.push(edit.path.clone()),
        Event::Found { path, .. } => touched.push(path.clone()),
        Event::CallEnded { outcome: Outcome::Done(output), .. } => {
            known.extend(output.seen.iter().map(|seen| seen.path.clone()));
        }
        _ => {}
    }
}

//! No change of the agent's is lost from sight while the user keeps and undoes others.
//!
//! The real engine, tools and disk: an agent edits a file line by line, and at the same time somebody
//! keeps and undoes what is there to be looked at.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares files and may fail")]

#[path = "support/shared.rs"]
mod shared;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use proptest::prelude::*;
use serde_json::json;

use quillon::engine::journal::MemoryJournals;
use quillon::engine::model::{Finish, Message, Request, Wanted};
use quillon::engine::{
    Activity, Block, Decided, Decision, Deliver, Event, Host, Mode, Model, ModelError, ModelEvent, ModelName,
    Models, NewSession, Outcome, PromptId, Review, ReviewOf, Seq, Session, Verdict,
};
use quillon::path::AbsPath;
use quillon::workspace::NoBuffers;
use shared::shared;

const LINES: usize = 16;

/// One decision of the user.
#[derive(Debug, Clone)]
struct Choice {
    which: usize,
    verdict: Verdict,
    of: Of,
    /// Whether it is bound to the text that was seen.
    bound: bool,
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Hunk,
    File,
}

fn choices() -> impl Strategy<Value = Choice> {
    let verdict = prop_oneof![2 => Just(Verdict::Keep), 1 => Just(Verdict::Undo)];
    let of = prop_oneof![6 => Just(Of::Hunk), 1 => Just(Of::File)];
    (0..LINES, verdict, of, any::<bool>()).prop_map(|(which, verdict, of, bound)| Choice {
        which,
        verdict,
        of,
        bound,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn each_edit_is_in_the_end_open_or_kept_or_undone(
        order in Just((0..LINES).collect::<Vec<_>>()).prop_shuffle(),
        choices in prop::collection::vec(choices(), 1..12),
    ) {
        run(async {
            let text: String = (0..LINES).map(|line| format!("line {line}.\n")).collect();
            let stage = Stage::new(&text, order.iter().map(|line| edit(&format!("line {line}."), &format!("edit {line}."))));
            let session = stage.begin().await;
            let mut decided = HashSet::new();
            let mut choices = choices.iter().cycle();
            while session.activity() != Activity::Idle {
                let review = session.review(&stage.path).await.unwrap();
                if let Some(review) = review.filter(Review::is_open) {
                    stage.decide(&session, &review, choices.next().unwrap(), &mut decided).await;
                }
                tokio::task::yield_now().await;
            }
            let open = session.review(&stage.path).await.unwrap();
            let open: HashSet<String> = open.iter().flat_map(lines_of).collect();
            let now = stage.text();
            // An edit that meets an undo in the line beside it may fail; the model hears of that.
            for line in made(&session).into_iter().map(|call| order[call - 1]) {
                let edit = format!("edit {line}.");
                let kept = decided.contains(&(Verdict::Keep, edit.clone()));
                let undone = decided.contains(&(Verdict::Undo, edit.clone()));
                match now.contains(&edit) {
                    true => assert!(open.contains(&edit) || kept, "{edit} is there, and nobody has looked at it"),
                    false => assert!(undone, "{edit} is gone, and nobody has undone it"),
                }
            }
            stage.host.shutdown().await;
        });
    }
}

#[test]
fn a_repeated_undo_takes_nothing_else_back() {
    run(async {
        let stage = Stage::new("x\n1\nx\n2\nx\n3\n", [edit_all("x", "y")]);
        let session = stage.begin().await;
        stage.rest(&session).await;
        let review = session.review(&stage.path).await.unwrap().unwrap();
        let ids: Vec<String> = review.hunks.iter().map(|hunk| hunk.id.clone()).collect();
        let undo = async |id: &String| {
            let of = ReviewOf::Hunk(id.clone());
            let decision = Decision { path: stage.path.clone(), version: None, of, verdict: Verdict::Undo };
            session.decide(&[decision]).await.unwrap().each.remove(0)
        };
        assert_eq!(undo(&ids[0]).await, Decided::Done);
        assert_eq!(undo(&ids[0]).await, Decided::Stale);
        assert_eq!(stage.text(), "x\n1\ny\n2\ny\n3\n");
        assert_eq!(undo(&ids[1]).await, Decided::Done);
        assert_eq!(stage.text(), "x\n1\nx\n2\ny\n3\n");
        stage.host.shutdown().await;
    });
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

/// The numbers of the calls that have made their edit.
fn made(session: &Session) -> Vec<usize> {
    let facts = session.recorder().facts(Seq(0), usize::MAX).unwrap();
    let made = facts.iter().filter_map(|fact| match &*fact.event {
        Event::CallEnded { call, outcome: Outcome::Done(_) } => call.0.strip_prefix('c')?.parse().ok(),
        _ => None,
    });
    made.collect()
}

fn lines_of(review: &Review) -> Vec<String> {
    let new = review.hunks.iter().map(|hunk| review.lines(&hunk.hunk).1);
    new.flat_map(str::lines).map(str::to_owned).collect()
}

fn edit(old: &str, new: &str) -> serde_json::Value {
    json!({"file_path": FILE, "old_string": old, "new_string": new})
}

fn edit_all(old: &str, new: &str) -> serde_json::Value {
    json!({"file_path": FILE, "old_string": old, "new_string": new, "replace_all": true})
}

const FILE: &str = "a.txt";

/// A folder with one file, and an agent that makes one edit a step.
struct Stage {
    folder: tempfile::TempDir,
    path: AbsPath,
    host: Arc<Host>,
}

impl Stage {
    fn new(text: &str, edits: impl IntoIterator<Item = serde_json::Value>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::write(root.join(FILE), text).unwrap();
        let path = AbsPath::new(root.join(FILE)).unwrap();
        let edits: Arc<[serde_json::Value]> = edits.into_iter().collect();
        let host = Host::new(shared(Arc::new(MemoryJournals::default()), Arc::new(Editing(edits))));
        Self { folder, path, host }
    }

    /// The agent begins.
    async fn begin(&self) -> Session {
        let root = Path::new(self.folder.path()).canonicalize().unwrap();
        let new = NewSession {
            cwd: AbsPath::new(root).unwrap(),
            roots: Vec::new(),
            model: Some(ModelName("m".into())),
            mode: Mode::Edit,
            buffers: Arc::new(NoBuffers),
        };
        let session = self.host.create(new).await.unwrap();
        let content = vec![Block::Text { text: "go".into() }];
        session.prompt(PromptId("p1".into()), content, Deliver::Next).await.unwrap();
        session
    }

    async fn rest(&self, session: &Session) {
        let mut reader = session.reader(Seq(0));
        while session.activity() != Activity::Idle {
            reader.next().await.unwrap();
        }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path.as_path()).unwrap()
    }

    /// Decides as is chosen, and notes the lines on which that was done.
    async fn decide(
        &self,
        session: &Session,
        review: &Review,
        choice: &Choice,
        decided: &mut HashSet<(Verdict, String)>,
    ) {
        let hunk = &review.hunks[choice.which % review.hunks.len()];
        // A decision on a file goes by the text that was seen: else it is one on whatever stands there.
        let (of, lines, version) = match choice.of {
            Of::File => (ReviewOf::File, lines_of(review), review.version()),
            Of::Hunk => {
                let lines = review.lines(&hunk.hunk).1.lines().map(str::to_owned).collect();
                (ReviewOf::Hunk(hunk.id.clone()), lines, review.version().filter(|_| choice.bound))
            }
        };
        let decision = Decision { path: self.path.clone(), version, of, verdict: choice.verdict };
        match session.decide(&[decision]).await.unwrap().each.remove(0) {
            Decided::Done => decided.extend(lines.into_iter().map(|line| (choice.verdict, line))),
            Decided::Stale | Decided::Failed(_) => {}
        }
    }
}

/// A model that calls `edit` with one after another of these.
#[derive(Clone)]
struct Editing(Arc<[serde_json::Value]>);

impl Models for Editing {
    fn find(&self, _: &ModelName) -> Result<Arc<dyn Model>, String> {
        Ok(Arc::new(self.clone()))
    }
    fn default(&self) -> Result<ModelName, String> {
        Ok(ModelName("m".into()))
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

impl Model for Editing {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let made = request.messages.iter().filter(|message| matches!(message, Message::Results(_))).count();
        let call = self.0.get(made).map(|input| ModelEvent::CallReady {
            index: 0,
            call: Wanted::new(made.to_string(), "edit".into(), input.clone()),
        });
        stream::iter(call.into_iter().chain([ModelEvent::Done(Finish::Complete)]).map(Ok)).boxed()
    }
}

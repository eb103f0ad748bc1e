//! Every byte is as before when what an agent changed is taken back, in files with all kinds of line ends.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares files and may fail")]

#[path = "support/shared.rs"]
mod shared;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use proptest::prelude::*;
use serde_json::{Value, json};

use quillon::engine::journal::MemoryJournals;
use quillon::engine::model::{Finish, Request, Wanted};
use quillon::engine::{
    Block, Decided, Decision, Deliver, Event, Formatted, Host, Mode, Model, ModelError, ModelEvent,
    ModelName, Models, NewSession, Outcome, PromptId, RestoreOf, RestoredTo, ReviewOf, Seq, Session, Update,
    Verdict,
};
use quillon::path::AbsPath;
use quillon::text::ends;
use quillon::workspace::NoBuffers;
use shared::shared;

/// How it is taken back.
#[derive(Debug, Clone)]
enum Back {
    /// The file at once.
    File,
    /// One hunk after another; which of them is a share of their number.
    Hunks(Vec<f64>),
    /// To before the turn, there again, and back once more.
    Restore,
}

/// When a formatter goes over the agent's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Formats {
    Never,
    BeforeTyping,
    AfterTyping,
}

#[derive(Debug, Clone)]
struct Case {
    mark: &'static str,
    start: String,
    /// What the agent makes of it, one text after another, with LF.
    made: Vec<String>,
    /// A line that the user puts on top in the end.
    typed: Option<&'static str>,
    formats: Formats,
    back: Back,
}

fn cases() -> impl Strategy<Value = Case> {
    let back = prop_oneof![
        Just(Back::File),
        prop::collection::vec(0.0..1.0, 8).prop_map(Back::Hunks),
        Just(Back::Restore),
    ];
    (
        prop_oneof![3 => Just(""), 1 => Just("\u{feff}")],
        "([abc](\r\n|\n)){1,9}[abc]?",
        prop::collection::vec("([abcde]\n){1,9}[abcde]?", 1..4),
        prop_oneof![2 => Just(None), 1 => Just(Some("mine\n")), 1 => Just(Some("mine\r\n"))],
        prop_oneof![2 => Just(Formats::Never), 1 => Just(Formats::BeforeTyping), 1 => Just(Formats::AfterTyping)],
        back,
    )
        .prop_map(|(mark, start, made, typed, formats, back)| Case { mark, start, made, typed, formats, back })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_is_as_before(case in cases()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let played = async { tokio::time::timeout(Duration::from_secs(60), play(&case)).await };
        runtime.block_on(played).expect("it comes to its end");
    }
}

async fn play(case: &Case) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let file = root.join("a.txt");
    std::fs::write(&file, format!("{}{}", case.mark, case.start)).unwrap();
    let mut texts = vec![ends::lf(&case.start).into_owned()];
    for made in &case.made {
        if *made != texts[texts.len() - 1] {
            texts.push(made.clone());
        }
    }
    if texts.len() > 1 && texts[0] == texts[texts.len() - 1] {
        // Line ends alone are no change that is looked at.
        texts.push(format!("{}and\n", texts[0]));
    }
    let edits = texts.windows(2).map(|pair| edit(&pair[0], &pair[1])).collect();
    let host = host(vec![edits]);
    let session = session(&host, &root).await;
    work(&session, 1).await;
    assert_eq!(ends::lf(&std::fs::read_to_string(&file).unwrap()), texts[texts.len() - 1]);
    let typed = case.typed.unwrap_or_default();
    let with_mine = |text: &str| format!("{}{typed}{text}", case.mark);
    let path = AbsPath::new(&file).unwrap();
    if case.formats == Formats::BeforeTyping {
        format(&host, &path);
    }
    if case.typed.is_some() {
        let stands = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, with_mine(stands.trim_start_matches('\u{feff}'))).unwrap();
    }
    if case.formats == Formats::AfterTyping {
        format(&host, &path);
    }
    back(&session, &path, &case.back).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), with_mine(&case.start));
    host.shutdown().await;
}

/// What is kept first leaves the line ends of the rest as they are known.
#[tokio::test]
async fn what_is_left_of_a_review_has_its_ends() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let file = root.join("a.txt");
    std::fs::write(&file, "a\r\nb\nc\r\nd\n").unwrap();
    let host = host(vec![vec![edit("b\n", ""), edit("d\n", "")]]);
    let session = session(&host, &root).await;
    work(&session, 1).await;
    let path = AbsPath::new(&file).unwrap();
    let first = session.review(&path).await.unwrap().unwrap().hunks[0].id.clone();
    let kept =
        Decision { path: path.clone(), version: None, of: ReviewOf::Hunk(first), verdict: Verdict::Keep };
    assert_eq!(session.decide(&[kept]).await.unwrap().each, [Decided::Done]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\r\nc\r\n");
    back(&session, &path, &Back::File).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\r\nc\r\nd\n");
    host.shutdown().await;
}

/// What the agent removed comes back with the line ends that it had, also behind what the user typed.
#[tokio::test]
async fn a_file_that_went_comes_back_with_its_ends() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let file = root.join("a.txt");
    std::fs::write(&file, "a\r\nb\nc\r\n").unwrap();
    let patch = "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n";
    let removes = vec![("read", json!({"file_path": "a.txt"})), ("apply_patch", json!({"input": patch}))];
    let host = host(vec![vec![edit("b\n", "")], removes]);
    let session = session(&host, &root).await;
    work(&session, 1).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\r\nc\r\n");
    std::fs::write(&file, "mine\na\r\nc\r\n").unwrap();
    work(&session, 2).await;
    assert!(!file.exists());
    back(&session, &AbsPath::new(&file).unwrap(), &Back::File).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine\na\r\nb\nc\r\n");
    host.shutdown().await;
}

/// Saves the file as a formatter makes it, which changes lines that only the agent has.
fn format(host: &Host, path: &AbsPath) {
    let marks = host.marks(path);
    let before = std::fs::read_to_string(path).unwrap();
    let formatted = |line: &str| match line.trim_end() {
        words @ ("d" | "e") => line.replace(words, &format!("{words};")),
        _ => line.to_owned(),
    };
    let after: String = before.split_inclusive('\n').map(formatted).collect();
    std::fs::write(path, &after).unwrap();
    let view = |text: &str| -> Arc<str> { ends::lf(text).into() };
    let (before, after) = (view(&before), view(&after));
    if before != after {
        host.formatted(&Formatted { path: path.clone(), before, after }, &marks);
    }
}

async fn back(session: &Session, file: &AbsPath, how: &Back) {
    match how {
        Back::Restore => {
            let to = RestoredTo::Before("t1".into());
            if session.checkpoints().unwrap()[0].files == 0 {
                return;
            }
            let first = session.restore(to.clone(), RestoreOf::Files).await.unwrap().unwrap();
            session.restore(RestoredTo::Undone(first.restore), RestoreOf::Files).await.unwrap().unwrap();
            session.restore(to, RestoreOf::Files).await.unwrap().unwrap();
        }
        Back::File => {
            let decision =
                Decision { path: file.clone(), version: None, of: ReviewOf::File, verdict: Verdict::Undo };
            if session.review(file).await.unwrap().is_some() {
                assert_eq!(session.decide(&[decision]).await.unwrap().each, [Decided::Done]);
            }
        }
        Back::Hunks(shares) => {
            let mut shares = shares.iter().cycle();
            while let Some(review) = session.review(file).await.unwrap().filter(|review| review.is_open()) {
                let at = (shares.next().unwrap() * review.hunks.len() as f64) as usize;
                let of = ReviewOf::Hunk(review.hunks[at].id.clone());
                let decision = Decision { path: file.clone(), version: None, of, verdict: Verdict::Undo };
                assert_eq!(session.decide(&[decision]).await.unwrap().each, [Decided::Done]);
            }
        }
    }
}

async fn session(host: &Arc<Host>, root: &Path) -> Session {
    let new = NewSession {
        cwd: AbsPath::new(root).unwrap(),
        roots: Vec::new(),
        model: None,
        mode: Mode::Edit,
        buffers: Arc::new(NoBuffers),
    };
    host.create(new).await.unwrap()
}

/// Lets the agent do all that it is to do in this turn, the first of which is 1.
async fn work(session: &Session, turn: usize) {
    let mut reader = session.reader(Seq(0));
    let content = vec![Block::Text { text: "go".into() }];
    session.prompt(PromptId(format!("p{turn}")), content, Deliver::Next).await.unwrap();
    let mut ended = 0;
    while ended < turn {
        for update in reader.next().await.expect("the session goes on") {
            let Update::Fact(fact) = update else { continue };
            match &*fact.event {
                Event::TurnEnded { .. } => ended += 1,
                Event::CallEnded { outcome, .. } => {
                    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}")
                }
                _ => {}
            }
        }
    }
}

/// A tool and its input.
type Call = (&'static str, Value);

fn edit(old: &str, new: &str) -> Call {
    ("edit", json!({"file_path": "a.txt", "old_string": old, "new_string": new}))
}

/// A model that makes these calls, one after another; none ends a turn.
#[derive(Clone)]
struct Doer(Arc<Mutex<VecDeque<Option<Call>>>>);

impl Models for Doer {
    fn find(&self, _: &ModelName) -> Result<Arc<dyn Model>, String> {
        Ok(Arc::new(self.clone()))
    }
    fn default(&self) -> Result<ModelName, String> {
        Ok(ModelName("doer".into()))
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

impl Model for Doer {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, _: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let mut events = Vec::new();
        if let Some(Some((tool, input))) = self.0.lock().unwrap().pop_front() {
            let call = Wanted::new("1".to_owned(), tool.into(), input);
            events.push(ModelEvent::CallReady { index: 0, call });
        }
        events.push(ModelEvent::Done(Finish::Complete));
        stream::iter(events.into_iter().map(Ok)).boxed()
    }
}

/// A host with a model that makes these calls, turn by turn.
fn host(turns: Vec<Vec<Call>>) -> Arc<Host> {
    let calls = turns.into_iter().flat_map(|calls| calls.into_iter().map(Some).chain([None])).collect();
    Host::new(shared(Arc::new(MemoryJournals::default()), Arc::new(Doer(Arc::new(Mutex::new(calls))))))
}

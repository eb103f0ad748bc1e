//! Every byte is as before when what an agent changed is taken back, in files with all kinds of line ends.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares files and may fail")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use proptest::prelude::*;
use serde_json::json;

use quillon::engine::journal::MemoryJournals;
use quillon::engine::model::{Finish, Request};
use quillon::engine::{
    Block, Decided, Decision, Deliver, Event, Formatted, Host, Mode, Model, ModelError, ModelEvent,
    ModelName, Models, NewSession, Outcome, PromptId, RestoreOf, RestoredTo, ReviewOf, Ruling, Seq, Session,
    SessionId, Shared, Toolbox, Update, Verdict,
};
use quillon::path::AbsPath;
use quillon::text::ends;
use quillon::workspace::NoBuffers;

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
    let edits = texts.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    let host = host(edits);
    let new = NewSession {
        cwd: AbsPath::new(&root).unwrap(),
        roots: Vec::new(),
        model: None,
        mode: Mode::Edit,
        buffers: Arc::new(NoBuffers),
    };
    let session = host.create(new).await.unwrap();
    work(&session).await;
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

/// Lets the agent do all that it is to do.
async fn work(session: &Session) {
    let mut reader = session.reader(Seq(0));
    let content = vec![Block::Text { text: "go".into() }];
    session.prompt(PromptId("p1".into()), content, Deliver::Next).await.unwrap();
    loop {
        for update in reader.next().await.expect("the session goes on") {
            let Update::Fact(fact) = update else { continue };
            match &*fact.event {
                Event::TurnEnded { .. } => return,
                Event::CallEnded { outcome, .. } => {
                    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}")
                }
                _ => {}
            }
        }
    }
}

/// A model that edits `a.txt` as a whole, one text after another.
#[derive(Clone)]
struct Doer(Arc<Mutex<VecDeque<(String, String)>>>);

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
    fn stream(&self, _: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let mut events = Vec::new();
        if let Some((old, new)) = self.0.lock().unwrap().pop_front() {
            let input = json!({"file_path": "a.txt", "old_string": old, "new_string": new});
            let (tool, provider_id) = ("edit".into(), "1".to_owned());
            events.push(ModelEvent::CallReady { index: 0, provider_id, tool, input });
        }
        events.push(ModelEvent::Done(Finish::Complete));
        stream::iter(events.into_iter().map(Ok)).boxed()
    }
}

fn host(edits: VecDeque<(String, String)>) -> Arc<Host> {
    Host::new(Shared {
        journals: Arc::new(MemoryJournals::default()),
        models: Arc::new(Doer(Arc::new(Mutex::new(edits)))),
        toolbox: Arc::new(Toolbox::new(quillon::tools::built_in())),
        rules: Arc::new(|_| Ruling::default()),
        outside: None,
        clock: Arc::new(|| "now".to_owned()),
        ids: Arc::new(|| SessionId("s1".into())),
        modes: Arc::new(|_, mode| mode),
        environment: Arc::new(String::new),
    })
}

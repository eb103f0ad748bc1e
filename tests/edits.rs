//! Nothing that a person types is lost, whatever agents, editors, formatters and other programs do at
//! the same time.
//!
//! Random interleavings on the real engine, tools and disk: two people type, save, format, reload and
//! close in two editors, other programs change files, and the agent of each of the two edits the same
//! files. The disk and all buffers must at every moment be what a model says.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares files and may fail")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/shared.rs"]
mod shared;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use proptest::prelude::*;
use serde_json::json;

use quillon::engine::journal::MemoryJournals;
use quillon::engine::model::{Finish, Message, Request, Wanted};
use quillon::engine::{
    Activity, Answer, Block, Deliver, Event, Host, Mode, Model, ModelError, ModelEvent, ModelName, Models,
    NewSession, Outcome, PromptId, Reader, Seq, Session, SessionId, Shared, Update,
};
use quillon::path::AbsPath;
use shared::shared;

use desk::{Desk, Does, Editor, FILES};

/// One thing after another.
#[derive(Debug, Clone)]
enum Happens {
    Does(Does),
    /// The agent of one of the two is asked to change a key of a file.
    Asks(usize, usize, usize),
    /// The question of that agent is answered.
    Answers(usize, Answer),
}

#[derive(Debug, Clone)]
struct Story {
    modes: [Mode; 2],
    happens: Vec<Happens>,
    /// What happens whenever an agent comes to an editor, the last one first.
    between: Vec<Option<Does>>,
}

fn does() -> impl Strategy<Value = Does> {
    let (who, file) = (0..2usize, 0..FILES.len());
    let words = prop_oneof![Just("‹#›"), Just("‹#›\n"), Just("\n"), Just("  "), Just("ü# ")];
    let place = (who.clone(), file.clone());
    prop_oneof![
        6 => (place.clone(), 0.0..1.0, words).prop_map(|((who, file), at, text)| Does::Types(who, file, at, text)),
        2 => (place.clone(), 0.0..1.0, 1..9usize).prop_map(|((who, file), at, count)| Does::Removes(who, file, at, count)),
        4 => place.clone().prop_map(|(who, file)| Does::Tells(who, file)),
        2 => place.clone().prop_map(|(who, file)| Does::Saves(who, file)),
        1 => place.clone().prop_map(|(who, file)| Does::Formats(who, file)),
        1 => place.clone().prop_map(|(who, file)| Does::Reloads(who, file)),
        3 => place.clone().prop_map(|(who, file)| Does::Opens(who, file)),
        1 => place.prop_map(|(who, file)| Does::Closes(who, file)),
        1 => file.prop_map(Does::Another),
    ]
}

fn stories() -> impl Strategy<Value = Story> {
    let mode = || prop_oneof![3 => Just(Mode::Ask), 1 => Just(Mode::Edit)];
    let answer = prop_oneof![5 => Just(Answer::Once), 1 => Just(Answer::No { note: None })];
    let happens = prop_oneof![
        5 => does().prop_map(Happens::Does),
        3 => (0..2usize, 0..FILES.len(), 0..9usize).prop_map(|(who, file, key)| Happens::Asks(who, file, key)),
        3 => (0..2usize, answer).prop_map(|(who, answer)| Happens::Answers(who, answer)),
    ];
    let between = prop::collection::vec(prop::option::weighted(0.4, does()), 0..40);
    ([mode(), mode()], prop::collection::vec(happens, 1..40), between)
        .prop_map(|(modes, happens, between)| Story { modes, happens, between })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_was_typed_is_lost(story in stories()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let played = async { tokio::time::timeout(Duration::from_secs(3_600), play(story)).await };
        runtime.block_on(played).expect("it comes to its end");
    }
}

async fn play(story: Story) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let desk = Arc::new(Mutex::new(Desk::new(root.clone(), story.between)));
    let host = host(&desk);
    let mut agents = Vec::new();
    for (who, mode) in story.modes.into_iter().enumerate() {
        let new = NewSession {
            cwd: AbsPath::new(&root).unwrap(),
            roots: Vec::new(),
            model: Some(ModelName(who.to_string())),
            mode,
            buffers: Arc::new(Editor { desk: desk.clone(), who }),
        };
        let session = host.create(new).await.unwrap();
        let reader = session.reader(Seq(0));
        agents.push(Agent { who, desk: desk.clone(), session, reader, prompts: 0 });
    }
    for happens in story.happens {
        match happens {
            Happens::Does(does) => desk.lock().unwrap().happens(&does),
            Happens::Asks(who, file, key) => agents[who].ask(file, key).await,
            Happens::Answers(who, answer) => agents[who].answer(answer).await,
        }
    }
    for agent in &mut agents {
        while agent.session.activity() == Activity::Waiting {
            agent.answer(Answer::Once).await;
        }
    }
    desk.lock().unwrap().look_at_the_disk();
    host.shutdown().await;
}

/// A session with the one who sits at its editor.
struct Agent {
    who: usize,
    desk: Arc<Mutex<Desk>>,
    session: Session,
    reader: Reader,
    prompts: usize,
}

impl Agent {
    async fn ask(&mut self, file: usize, key: usize) {
        if self.session.activity() != Activity::Idle {
            return;
        }
        self.desk.lock().unwrap().asks(self.who, file, key);
        self.prompts += 1;
        let content = vec![Block::Text { text: "do it".into() }];
        let prompt = PromptId(format!("p{}", self.prompts));
        self.session.prompt(prompt, content, Deliver::Next).await.unwrap();
        self.rest().await;
    }

    async fn answer(&mut self, answer: Answer) {
        let open = self.session.state(|state| state.questions().first().map(|open| open.id.clone()));
        if let Some(question) = open {
            self.session.answer(&question, answer, "user".into()).unwrap();
            self.rest().await;
        }
    }

    /// Waits until the turn is over or a question stands.
    async fn rest(&mut self) {
        loop {
            for update in self.reader.next().await.expect("the session goes on") {
                let Update::Fact(fact) = update else { continue };
                match &*fact.event {
                    Event::Asked { .. } | Event::TurnEnded { .. } => return,
                    Event::CallEnded { outcome, .. } => {
                        let (done, said) = match outcome {
                            Outcome::Done(output) => (true, output.text.as_str()),
                            Outcome::Failed(why) => (false, why.as_str()),
                            Outcome::Denied { reason } => (false, reason.as_str()),
                            Outcome::Cancelled | Outcome::Interrupted => panic!("nobody cancelled"),
                        };
                        self.desk.lock().unwrap().ended(self.who, done, said);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The models of both agents: they call `edit` with their task, and say that this is all.
#[derive(Clone)]
struct Doers(Arc<Mutex<Desk>>);

/// One of them.
struct Doer {
    desk: Arc<Mutex<Desk>>,
    who: usize,
}

impl Models for Doers {
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        Ok(Arc::new(Doer { desk: self.0.clone(), who: name.0.parse().unwrap() }))
    }
    fn default(&self) -> Result<ModelName, String> {
        Ok(ModelName("0".into()))
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

impl Model for Doer {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let mut events = Vec::new();
        if matches!(request.messages.last(), Some(Message::User(_))) {
            let task = self.desk.lock().unwrap().tasks[self.who].clone().unwrap();
            let input =
                json!({"file_path": FILES[task.file], "old_string": task.old, "new_string": task.new});
            let (tool, provider_id) = ("edit".into(), "1".to_owned());
            events.push(ModelEvent::CallReady { index: 0, call: Wanted::new(provider_id, tool, input) });
        }
        events.push(ModelEvent::Done(Finish::Complete));
        stream::iter(events.into_iter().map(Ok)).boxed()
    }
}

fn host(desk: &Arc<Mutex<Desk>>) -> Arc<Host> {
    let sessions = AtomicUsize::new(0);
    Host::new(Shared {
        ids: Arc::new(move || SessionId(format!("s{}", sessions.fetch_add(1, Ordering::Relaxed)))),
        ..shared(Arc::new(MemoryJournals::default()), Arc::new(Doers(desk.clone())))
    })
}

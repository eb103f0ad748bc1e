//! A session with a scripted model: one turn edits one file, with journal, checkpoint and all.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use futures::stream::BoxStream;
use quillon::engine::model::{Finish, Request, Wanted};
use quillon::engine::{
    Block, Deliver, Event, Host, Mode, Model, ModelError, ModelEvent, ModelName, Models, NewSession, Outcome,
    PromptId, Reader, Seq, Session, SessionId, Shared, ToolName, Toolbox, Update,
};
use quillon::path::AbsPath;
use quillon::policy::Rules;
use quillon::store::DiskJournals;
use quillon::workspace::NoBuffers;
use serde_json::{Value, json};

/// A session in a folder.
pub struct Desk {
    script: Script,
    session: Session,
    reader: Reader,
    prompts: AtomicU32,
    /// Ends with it.
    _host: Arc<Host>,
}

#[derive(Clone)]
struct Script(Arc<Mutex<VecDeque<Vec<ModelEvent>>>>);

impl Model for Script {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, _: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let events = self.0.lock().unwrap().pop_front().unwrap();
        futures::stream::iter(events.into_iter().map(Ok)).boxed()
    }
}

impl Models for Script {
    fn find(&self, _: &ModelName) -> Result<Arc<dyn Model>, String> {
        Ok(Arc::new(self.clone()))
    }
    fn default(&self) -> Result<ModelName, String> {
        Ok("script".into())
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

/// A host with this model, whose sessions are kept below `state`.
pub fn host(models: Arc<dyn Models>, state: &Path) -> Arc<Host> {
    let state = AbsPath::new(state.canonicalize().unwrap()).unwrap();
    Host::new(Shared {
        journals: Arc::new(DiskJournals::new(&state).unwrap()),
        models,
        toolbox: Arc::new(Toolbox::new(quillon::tools::built_in())),
        rules: Arc::new(|_: &AbsPath| Arc::new(Rules::new(Vec::new())).into()),
        clock: Arc::new(|| "2026-01-01T00:00:00.000Z".to_owned()),
        ids: Arc::new(|| SessionId("s1".into())),
        modes: Arc::new(|_, mode| mode),
        environment: Arc::new(String::new),
        variables: Arc::new(Vec::new),
        outside: None,
        turns: Default::default(),
        instructions: None,
    })
}

/// Nothing: no model is asked.
pub fn no_models() -> Arc<dyn Models> {
    Arc::new(Script(Arc::default()))
}

impl Desk {
    /// A session in this folder, kept below `state`.
    pub async fn new(folder: &Path, state: &Path) -> Self {
        let script = Script(Arc::default());
        let host = host(Arc::new(script.clone()), state);
        let new = NewSession {
            cwd: AbsPath::new(folder.canonicalize().unwrap()).unwrap(),
            roots: Vec::new(),
            model: None,
            mode: Mode::Edit,
            buffers: Arc::new(NoBuffers),
        };
        let session = host.create(new).await.unwrap();
        let reader = session.reader(Seq(0));
        Self { script, session, reader, prompts: AtomicU32::new(0), _host: host }
    }

    /// Has the model call `edit`, and waits for the end of the turn.
    pub async fn edit(&mut self, input: Value) {
        let tool = ToolName("edit".into());
        let ready =
            ModelEvent::CallReady { index: 0, call: Wanted::new("1".to_owned(), tool.clone(), input) };
        let calls = vec![ModelEvent::CallBegan { index: 0, tool }, ready, ModelEvent::Done(Finish::Complete)];
        let says = vec![ModelEvent::Text("Done.".into()), ModelEvent::Done(Finish::Complete)];
        self.script.0.lock().unwrap().extend([calls, says]);
        let prompt = PromptId(format!("p{}", self.prompts.fetch_add(1, Ordering::Relaxed)));
        let content = vec![Block::Text { text: "Edit it.".into() }];
        self.session.prompt(prompt, content, Deliver::Next).await.unwrap();
        while let Some(updates) = self.reader.next().await {
            for update in updates {
                match update {
                    Update::Fact(fact) => match &*fact.event {
                        Event::TurnEnded { .. } => return,
                        Event::CallEnded { outcome, .. } => {
                            assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
                        }
                        _ => {}
                    },
                    Update::Delta(_) => {}
                    Update::Halted(why) => panic!("{why}"),
                }
            }
        }
        panic!("the session ended");
    }

    /// What the model is to ask for: a line in the place of another.
    pub fn replacement(file: &str, old: &str, new: &str) -> Value {
        json!({"file_path": file, "old_string": old, "new_string": new})
    }
}

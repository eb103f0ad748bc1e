//! A session whose model says what a test gives it.

use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use quillon::engine::event::{RoomFor, Stop};
use quillon::engine::journal::MemoryJournals;
use quillon::engine::model::Request;
use quillon::engine::reader::Reader;
use quillon::engine::{Block, Deliver, Event, Host, Mode, NewSession, PromptId, Seq, Session, Update};
use quillon::path::AbsPath;
use quillon::workspace::NoBuffers;

use super::player::{Player, Says};
use super::shared::shared;

/// A session with a player.
pub struct Scene {
    pub folder: TempDir,
    pub player: Player,
    pub journals: Arc<MemoryJournals>,
    pub host: Arc<Host>,
    pub session: Session,
    prompts: usize,
}

impl Scene {
    pub async fn new(window: Option<u64>, says: Vec<Says>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let player = Player {
            window,
            says: Arc::new(Mutex::new(says.into())),
            asked: Arc::new(Mutex::new(Vec::new())),
        };
        let journals = Arc::new(MemoryJournals::default());
        let host = host(&player, &journals);
        let root = AbsPath::new(folder.path().canonicalize().unwrap()).unwrap();
        let buffers = Arc::new(NoBuffers);
        let new = NewSession { roots: Vec::new(), cwd: root, model: None, mode: Mode::Edit, buffers };
        let session = host.create(new).await.unwrap();
        Self { folder, player, journals, host, session, prompts: 0 }
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// One turn; gives how it stopped.
    pub async fn turn(&mut self, words: &str) -> Stop {
        let mut reader = self.session.reader(self.session.state(|state| state.seq()));
        self.prompt(words).await;
        end(&mut reader).await
    }

    pub async fn prompt(&mut self, words: &str) {
        self.prompts += 1;
        let prompt = PromptId(format!("p{}", self.prompts));
        let content = vec![Block::Text { text: words.to_owned() }];
        self.session.prompt(prompt, content, Deliver::Next).await.unwrap();
    }

    /// The facts by which room was made: why, up to where, and the summary.
    pub fn made(&self) -> Vec<(RoomFor, u64, Option<String>)> {
        let facts = self.session.recorder().facts(Seq(0), 10_000).unwrap();
        let made = facts.iter().filter_map(|fact| match &*fact.event {
            Event::Compacted { upto, summary, why, before, after, .. } => {
                assert!(after < before, "{after} of {before}");
                Some((*why, *upto, summary.as_ref().map(|summary| summary.text.clone())))
            }
            _ => None,
        });
        made.collect()
    }

    pub fn notices(&self) -> Vec<String> {
        let facts = self.session.recorder().facts(Seq(0), 10_000).unwrap();
        let notices = facts.iter().filter_map(|fact| match &*fact.event {
            Event::Noticed { text, .. } => Some(text.clone()),
            _ => None,
        });
        notices.collect()
    }

    pub fn asked(&self) -> Vec<Request> {
        self.player.asked.lock().unwrap().clone()
    }
}

/// How the turn ends that runs.
pub async fn end(reader: &mut Reader) -> Stop {
    loop {
        for update in reader.next().await.expect("the session goes on") {
            if let Update::Fact(fact) = update
                && let Event::TurnEnded { stop, .. } = &*fact.event
            {
                return stop.clone();
            }
        }
    }
}

pub fn host(player: &Player, journals: &Arc<MemoryJournals>) -> Arc<Host> {
    Host::new(shared(journals.clone(), Arc::new(player.clone())))
}

//! A session with a model on a server of ours: the real engine, tools, codecs and HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quillon::engine::event::Stop;
use quillon::engine::journal::{MemoryJournal, MemoryJournals, Recorded};
use quillon::engine::model::{self, Message};

use quillon::engine::{
    Answer, Block, Command, Deliver, Delta, Event, Host, Journal, Mode, ModelName, NewSession, PromptId,
    Reader, Seq, Session, SessionId, Setting, Update,
};
use quillon::path::AbsPath;
use quillon::providers::Providers;
use quillon::providers::servers::{NothingSet, Servers};
use quillon::text::Hash;
use quillon::workspace::NoBuffers;
use serde_json::Value;
use tempfile::TempDir;

use super::loopback::{Loopback, Request};
use super::rules::{self, Ledger};
use super::shared::shared;
use super::wire::{KEY, Said, Stream, Wire};

/// An image of one pixel.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa75\x81\x84\0\0\0\0IEND\xaeB`\x82";

/// How a turn went.
#[derive(Debug)]
pub struct Went {
    pub stop: Stop,
    /// The attempts after the first: how long was waited before each, in milliseconds, and why.
    pub retries: Vec<(u64, String)>,
}

pub struct Scene {
    pub wire: Wire,
    pub server: Loopback,
    pub session: Session,
    /// What the server has given out in this format, and in others.
    pub given: Ledger,
    others: Vec<(Wire, Ledger)>,
    folder: TempDir,
    models: Arc<Providers>,
    host: Arc<Host>,
    journals: Arc<MemoryJournals>,
    /// The bytes of images that were kept beside the journal.
    kept: HashMap<Hash, Arc<[u8]>>,
    answers: usize,
    prompts: usize,
}

impl Scene {
    pub async fn new(wire: Wire) -> Self {
        let server = Loopback::start(Vec::new()).await;
        let done = done(wire);
        server.otherwise(done.answer());
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a.txt", "one\ntwo\n"), ("b.txt", "three\n"), ("big.txt", "a line of it\n")] {
            let times = if name == "big.txt" { 400 } else { 1 };
            std::fs::write(folder.path().join(name), text.repeat(times)).unwrap();
        }
        std::fs::write(folder.path().join("c.png"), PNG).unwrap();
        let models = Arc::new(models(wire, &server.url(""), KEY));
        let journals = Arc::new(MemoryJournals::default());
        let host = host(&models, &journals);
        let cwd = AbsPath::new(folder.path().canonicalize().unwrap()).unwrap();
        let buffers = Arc::new(NoBuffers);
        let new = NewSession { roots: Vec::new(), cwd, model: None, mode: Mode::Edit, buffers };
        let session = host.create(new).await.unwrap();
        let (given, answers, prompts) = (done.due, 0, 0);
        Self {
            wire,
            server,
            session,
            given,
            others: Vec::new(),
            folder,
            models,
            host,
            journals,
            kept: HashMap::new(),
            answers,
            prompts,
        }
    }

    /// The next answer of the session, noted as given out.
    pub fn stream(&mut self, said: &Said) -> Stream {
        self.answers += 1;
        let mut said = said.clone();
        if !said.thought.is_empty() {
            // No two thoughts are the same, so that each can be told from the others.
            said.thought.push_str(&format!(" ({})", self.answers));
        }
        let stream = self.wire.stream(&said, self.answers);
        self.given.add(&stream.due);
        stream
    }

    /// The model will say this, one after the other.
    pub fn says(&mut self, all: &[Said]) {
        for said in all {
            let answer = self.stream(said).answer();
            self.server.answers([answer]);
        }
    }

    pub async fn turn(&mut self, words: &str) -> Went {
        let mut reader = self.reader();
        self.prompt(words).await;
        end(&mut reader).await
    }

    /// The words of the last message.
    pub fn last_words(&self) -> String {
        self.session.state(|state| match state.history().last() {
            Some(Message::Assistant(reply)) => reply.text(),
            other => panic!("{other:?}"),
        })
    }

    /// The server ends; gives where it was.
    pub async fn leave_server(&mut self) -> String {
        let gone = std::mem::replace(&mut self.server, Loopback::start(Vec::new()).await);
        gone.close().await.trim_end_matches('/').to_owned()
    }

    /// The user says no to what is asked.
    pub fn refuse(&self, why: &str) {
        let open = self.session.state(|state| state.questions()[0].id.clone());
        self.session.answer(&open, Answer::No { note: Some(why.to_owned()) }, "user".into()).unwrap();
    }

    pub fn reader(&self) -> Reader {
        self.session.reader(self.session.state(|state| state.seq()))
    }

    pub async fn prompt(&mut self, words: &str) {
        self.prompt_as(words, Deliver::Next).await;
    }

    pub async fn prompt_as(&mut self, words: &str, deliver: Deliver) {
        self.prompts += 1;
        let prompt = PromptId(format!("p{}", self.prompts));
        let content = vec![Block::Text { text: words.to_owned() }];
        self.session.prompt(prompt, content, deliver).await.unwrap();
    }

    pub async fn mode(&self, mode: Mode) {
        self.session.send(Command::Configure { setting: Setting::Mode(mode) }).await.unwrap();
    }

    /// From here on a model is asked that speaks this format.
    pub async fn switch(&mut self, wire: Wire) {
        let setting = Setting::Model(ModelName(wire.model()));
        self.session.send(Command::Configure { setting }).await.unwrap();
        let given = match self.others.iter().position(|(known, _)| *known == wire) {
            Some(at) => self.others.swap_remove(at).1,
            None => done(wire).due,
        };
        self.others.push((self.wire, std::mem::replace(&mut self.given, given)));
        self.wire = wire;
        self.server.otherwise(done(wire).answer());
    }

    /// The bodies of the requests since this was last asked, each of which must be right.
    #[track_caller]
    pub fn asked(&mut self) -> Vec<Vec<u8>> {
        let asked = self.server.requests();
        asked.iter().for_each(|request| self.check(request));
        asked.into_iter().map(|request| request.body).collect()
    }

    #[track_caller]
    fn check(&self, request: &Request) {
        assert_eq!(request.line, self.wire.line());
        let (name, value) = self.wire.key();
        assert_eq!(request.header(name), Some(value.as_str()));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        rules::assert_valid(self.wire, &body, &self.given);
    }

    pub fn facts(&self) -> Vec<Recorded> {
        self.session.recorder().facts(Seq(0), usize::MAX).unwrap()
    }

    /// The program ends at once when these facts were written, and is started again.
    pub async fn crash(&mut self, facts: &[Recorded]) {
        let mut journal = MemoryJournal::with(facts.to_vec());
        let old = self.journals.journal(&self.session.id);
        let history = self.session.state(|state| state.history().to_vec());
        for media in history.iter().flat_map(|message| message.media()) {
            self.kept.entry(media.hash).or_insert_with(|| old.fetch(&media.hash).unwrap());
        }
        for (hash, bytes) in &self.kept {
            journal.keep(hash, bytes).unwrap();
        }
        let journals = Arc::new(MemoryJournals::default());
        journals.insert(&self.session.id, &journal);
        // Another process would have no connection left, and know nothing of the server.
        self.models = Arc::new(models(self.wire, &self.server.url(""), KEY));
        self.host = host(&self.models, &journals);
        self.session = self.host.open(&self.session.id, Arc::new(NoBuffers)).await.unwrap();
        self.journals = journals;
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

/// The models of a server that speaks all formats, this one first.
pub fn models(wire: Wire, address: &str, key: &str) -> Providers {
    let read = Arc::new(|_: &AbsPath| Ok(None));
    let named = Wire::ALL.map(|wire| (wire.provider(), wire.server(address, key))).into();
    let servers = Servers { named, model: Some(wire.model()), ..Servers::default() };
    Providers::new(servers, Arc::new(NothingSet), None, None, read)
}

fn host(models: &Arc<Providers>, journals: &Arc<MemoryJournals>) -> Arc<Host> {
    Host::new(shared(journals.clone(), models.clone()))
}

/// Follows a turn to its end; the waits between attempts pass at once.
pub async fn end(reader: &mut Reader) -> Went {
    let mut retries = Vec::new();
    loop {
        for update in reader.next().await.expect("the session goes on") {
            match update {
                Update::Delta(Delta::Retrying { wait_ms, why, .. }) => {
                    retries.push((wait_ms, why));
                    pass(Duration::from_millis(wait_ms)).await;
                }
                Update::Fact(fact) => {
                    if let Event::TurnEnded { stop, .. } = &*fact.event {
                        return Went { stop: stop.clone(), retries };
                    }
                }
                Update::Delta(_) | Update::Halted(_) => {}
            }
        }
    }
}

/// Lets this much time pass at once.
pub async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time + Duration::from_millis(1)).await;
    tokio::time::resume();
}

/// Waits until nothing happens any more: a stopped clock moves on only then.
pub async fn settle() {
    tokio::time::pause();
    tokio::time::sleep(Duration::from_millis(1)).await;
    tokio::time::resume();
}

/// One prompt, without anything before it.
pub fn hello() -> model::Request {
    model::Request {
        session: SessionId("s1".into()),
        system: "Be brief.".into(),
        tools: Arc::new([]),
        offer: Default::default(),
        wanted: Default::default(),
        replies: 0,
        messages: vec![Message::User([Block::Text { text: "Hi.".to_owned() }].into())],
        outgoing: Default::default(),
        media: Vec::new(),
        prompt: 0,
    }
}

/// What is said when nothing else is.
fn done(wire: Wire) -> Stream {
    wire.stream(&Said::words(&format!("Done, says {wire:?}.")), 0)
}

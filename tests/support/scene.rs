//! A transcript: files before, the model's script, the user's script; played on the real engine with
//! the real tools.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quillon::engine::journal::MemoryJournals;
use quillon::engine::{
    Activity, AmendedFile, Answer, Block, ChoiceKind, Command, Deliver, Delta, Event, Given, Host, Mode,
    ModelName, Models, NewSession, PromptId, QuestionId, Reader, Seq, Session, SessionId, Setting, Shared,
    Toolbox, Update,
};
use quillon::path::AbsPath;
use quillon::policy::{Layer, LayerKind, Rules};
use quillon::providers::Providers;
use quillon::workspace::NoBuffers;

use crate::{print, taking_back};

/// A parsed transcript: its sections in order.
pub struct Scene {
    sections: Vec<(String, String)>,
}

/// A session that plays.
struct Stage {
    root: String,
    host: Arc<Host>,
    session: Session,
    reader: Reader,
    /// What was printed so far.
    facts: Vec<String>,
    /// Words of the model shown so far.
    shown: String,
    prompts: u32,
}

impl Scene {
    /// Reads the sections: each begins with a line `-- NAME --`.
    pub fn parse(text: &str) -> Self {
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.split_inclusive('\n') {
            let name = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
            match (name, sections.last_mut()) {
                (Some(name), _) => sections.push((name.to_owned(), String::new())),
                (None, Some((_, body))) => body.push_str(line),
                (None, None) => panic!("a transcript begins with a section, not with `{line}`"),
            }
        }
        Self { sections }
    }

    /// Plays it; gives the whole text as it should be.
    pub async fn play(self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("w");
        std::fs::create_dir(&root).unwrap();
        for (name, body) in self.files() {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, body).unwrap();
        }
        let script = folder.path().join("model.script");
        std::fs::write(&script, self.section("model")).unwrap();
        let mut stage = Stage::open(&root, &script, &self.section("rules")).await;
        for line in self.section("user").lines().filter(|line| !line.trim().is_empty()) {
            stage.play(line).await;
        }
        stage.rest().await;
        stage.host.shutdown().await;
        self.written(&stage.facts, &root)
    }

    fn files(&self) -> impl Iterator<Item = &(String, String)> {
        let words = ["model", "rules", "user", "events", "after"];
        self.sections.iter().filter(move |(name, _)| !words.contains(&name.as_str()))
    }

    fn section(&self, wanted: &str) -> String {
        self.sections
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, body)| body.clone())
            .unwrap_or_default()
    }

    /// The sections as given, with what happened in the last two.
    fn written(&self, facts: &[String], root: &Path) -> String {
        let mut text = String::new();
        for (name, body) in &self.sections {
            if name != "events" && name != "after" {
                text.push_str(&format!("-- {name} --\n{body}"));
            }
        }
        text.push_str("-- events --\n");
        for fact in &in_a_fixed_order(facts) {
            text.push_str(fact);
            text.push('\n');
        }
        text.push_str("-- after --\n");
        for (name, body) in files_below(root) {
            text.push_str(&format!("{name}: {}\n", body.replace('\r', "␍").replace('\n', "⏎")));
        }
        text
    }
}

impl Stage {
    async fn open(root: &Path, script: &Path, rules: &str) -> Self {
        let model = format!("script:{}", script.display());
        let layer = match serde_json::from_str(rules) {
            Ok(permission) => Layer::from_config(LayerKind::User, &permission).unwrap(),
            Err(_) => Layer::from_flags(&rules.lines().collect::<Vec<_>>()).unwrap(),
        };
        let rules = Arc::new(Rules::new(vec![layer]));
        let read = |path: &AbsPath| std::fs::read_to_string(path).map(Some);
        let models: Arc<dyn Models> = {
            let servers = quillon::providers::servers::Servers::default();
            let lookup = Arc::new(quillon::providers::servers::NothingSet);
            Arc::new(Providers::new(servers, lookup, None, None, Arc::new(read)))
        };
        let host = Host::new(Shared {
            journals: Arc::new(MemoryJournals::default()),
            models,
            toolbox: Arc::new(Toolbox::for_families(
                quillon::tools::built_in(),
                quillon::tools::FAMILIES,
                quillon::tools::SPARED,
            )),
            rules: Arc::new(move |_: &AbsPath| rules.clone().into()),
            clock: Arc::new(|| "2026-01-01T00:00:00.000Z".to_owned()),
            ids: Arc::new(|| SessionId("s1".into())),
            modes: Arc::new(|_, mode| mode),
            environment: Arc::new(|| "- system: test".to_owned()),
            variables: Arc::new(Vec::new),
            outside: None,
            turns: Default::default(),
            instructions: None,
        });
        let new = NewSession {
            cwd: AbsPath::new(root).unwrap(),
            roots: Vec::new(),
            model: Some(ModelName(model)),
            mode: Mode::Ask,
            buffers: Arc::new(NoBuffers),
        };
        let session = host.create(new).await.unwrap();
        let reader = session.reader(Seq(0));
        let root = root.to_str().unwrap().to_owned();
        Self { root, host, session, reader, facts: Vec::new(), shown: String::new(), prompts: 0 }
    }

    /// One line of the user's script.
    async fn play(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "until" => return self.until(rest).await,
            "shown" => return self.until_shown(rest).await,
            "steer" => return self.prompt(rest, Deliver::Now).await,
            "queue" => return self.prompt(rest, Deliver::Next).await,
            "interrupt" => return self.prompt(rest, Deliver::Interrupt).await,
            "cancel" => {
                self.session.cancel().await.unwrap();
                while self.session.state(|state| state.turn().is_some()) {
                    self.take().await;
                }
                return;
            }
            _ => self.rest().await,
        }
        match word {
            "prompt" => self.prompt(rest, Deliver::Next).await,
            "edit" => self.edit(rest),
            "sh" => sh(&self.root, rest),
            "restart" => self.restart(rest).await,
            "allow" => self.answer(rest, |_| Some(Answer::Once)).await,
            "amend" => {
                let mut words = rest.splitn(3, ' ');
                let (question, file, text) =
                    (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
                let path = AbsPath::new(Path::new(&self.root).join(file)).unwrap();
                let files = vec![AmendedFile { path, text: text.replace("\\r", "\r").replace("\\n", "\n") }];
                self.answer(question, |_| Some(Answer::Amended { files: files.clone() })).await;
            }
            "always" => {
                self.answer(rest, |kind| match kind {
                    ChoiceKind::Always(grant) => Some(Answer::Always(grant.clone())),
                    ChoiceKind::Once | ChoiceKind::No => None,
                })
                .await
            }
            "deny" => {
                let (question, note) =
                    rest.split_once(' ').map_or((rest, None), |(question, note)| (question, Some(note)));
                let note = note.map(str::to_owned);
                self.answer(question, move |_| Some(Answer::No { note: note.clone() })).await;
            }
            "mode" => self.set(Setting::Mode(Mode::parse(rest).unwrap())).await,
            "model" => {
                let name = ModelName(format!("script:{}/{rest}", self.root));
                self.set(Setting::Model(name)).await;
            }
            "attach" => self.attach(rest).await,
            "remove" => {
                self.session.send(Command::Unqueue { prompt: rest.into() }).await.unwrap();
            }
            "history" => {
                let said = self.session.state(|state| state.history().len());
                self.facts.push(format!("= {said} messages"));
            }
            _ => {
                let seen = taking_back::line(&self.session, &self.root, word, rest).await;
                self.take_ready();
                self.facts.extend(seen);
            }
        }
    }

    async fn set(&self, setting: Setting) {
        self.session.send(Command::Configure { setting }).await.unwrap();
    }

    fn edit(&self, rest: &str) {
        let (file, text) = rest.split_once(' ').unwrap();
        let path = Path::new(&self.root).join(file);
        match text {
            "(remove)" => std::fs::remove_file(path).unwrap(),
            _ => std::fs::write(path, text.replace("\\n", "\n")).unwrap(),
        }
    }

    /// A prompt with a file handed over.
    async fn attach(&mut self, name: &str) {
        let bytes = std::fs::read(Path::new(&self.root).join(name)).unwrap();
        let given = [
            Given::Block(Block::Text { text: format!("See {name}.") }),
            Given::Bytes { name: name.to_owned(), bytes },
        ];
        self.prompts += 1;
        let prompt = PromptId(format!("p{}", self.prompts));
        self.session.prompt_with(prompt, given.into(), Deliver::Next).await.unwrap();
    }

    /// The program ends, something is done, and it comes back.
    async fn restart(&mut self, script: &str) {
        let id = self.session.id.clone();
        self.host.close(&id).await;
        sh(&self.root, script);
        self.session = self.host.open(&id, Arc::new(NoBuffers)).await.unwrap();
        self.reader = self.session.reader(self.reader.after());
    }

    async fn prompt(&mut self, words: &str, deliver: Deliver) {
        self.prompts += 1;
        let prompt = PromptId(format!("p{}", self.prompts));
        let content = vec![Block::Text { text: words.to_owned() }];
        self.session.prompt(prompt, content, deliver).await.unwrap();
    }

    async fn answer(&mut self, question: &str, choose: impl Fn(&ChoiceKind) -> Option<Answer>) {
        let question = QuestionId(question.to_owned());
        let open =
            self.session.state(|state| state.question(&question).cloned()).expect("the question is open");
        let answer =
            open.ask.choices.iter().find_map(|choice| choose(&choice.kind)).expect("the answer is offered");
        self.session.answer(&question, answer, "user".into()).unwrap();
        while self.session.state(|state| state.question(&question).is_some()) {
            self.take().await;
        }
    }

    /// Waits until nothing runs, or a question waits.
    async fn rest(&mut self) {
        loop {
            let seen = self.reader.after();
            let waits = !self.session.state(|state| state.queue().is_empty());
            let rests = match self.session.activity() {
                Activity::Running => false,
                Activity::Waiting => true,
                Activity::Idle => !waits,
            };
            if rests && self.session.state(|state| state.seq()) == seen {
                return;
            }
            if rests {
                self.take_ready();
            } else {
                self.take().await;
            }
        }
    }

    /// Waits for a fact whose line begins so.
    async fn until(&mut self, beginning: &str) {
        while !self.facts.iter().any(|fact| fact.starts_with(beginning)) {
            self.take().await;
        }
    }

    /// Waits until the model has said this.
    async fn until_shown(&mut self, words: &str) {
        while !self.shown.contains(words) {
            self.take().await;
        }
    }

    async fn take(&mut self) {
        let updates = self.reader.next().await.expect("the session goes on");
        self.note(updates);
    }

    fn take_ready(&mut self) {
        let updates = self.reader.read();
        self.note(updates);
    }

    fn note(&mut self, updates: Vec<Update>) {
        for update in updates {
            match update {
                Update::Fact(fact) => match &*fact.event {
                    Event::Briefed { .. } | Event::Opened { .. } => {}
                    event => self.facts.push(print::line(event, &self.root)),
                },
                Update::Delta(Delta::Text { text, .. }) => self.shown.push_str(&text),
                Update::Delta(Delta::Retrying { attempt, wait_ms, why, .. }) => {
                    self.facts.push(format!("retrying, attempt {attempt} after {wait_ms} ms: {why}"));
                }
                Update::Delta(_) => {}
                Update::Halted(why) => self.facts.push(format!("halted: {why}")),
            }
        }
    }
}

/// Does something with a shell, in the user's place, with git as nobody has configured it.
fn sh(root: &str, script: &str) {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-ec", script]).current_dir(root);
    for who in ["AUTHOR", "COMMITTER"] {
        shell.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.org");
    }
    shell.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    assert!(shell.output().unwrap().status.success(), "{script}");
}

/// Calls which run together begin and end in any order: neighbouring lines are sorted.
fn in_a_fixed_order(facts: &[String]) -> Vec<String> {
    let place = |fact: &String| -> Option<(bool, String)> {
        let mut words = fact.strip_prefix("call ")?.split(' ');
        let id = words.next()?.to_owned();
        Some((words.next() != Some("started"), id))
    };
    let mut ordered = facts.to_vec();
    for run in ordered.chunk_by_mut(|left, right| place(left).is_some() && place(right).is_some()) {
        run.sort_by_key(place);
    }
    ordered
}

fn files_below(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".git") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
            }
        }
    }
    files
}

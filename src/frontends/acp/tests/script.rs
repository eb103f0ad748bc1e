//! A model that says what its script says, and tools that do nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::engine::access::Access;
use crate::engine::model::{ErrorKind, Finish, Message, Request, ToolSpec, Wanted};
use crate::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use crate::engine::{
    Block, Exit, Model, ModelError, ModelEvent, ModelName, Models, Output, TodoItem, TodoStatus, ToolName,
    Usage,
};
use crate::path::AbsPath;
use crate::policy::{Intent, Location};
use crate::text::{Change, Edit, Version};
use crate::workspace::Files;

/// What the model does next.
#[derive(Debug, Clone)]
pub enum Say {
    Text(&'static str),
    Long(String),
    Thought(&'static str),
    Call(&'static str, Value),
    Usage(u64, u64),
    /// Waits until the gate of that name is opened.
    Gate(&'static str),
    Fail(ErrorKind, &'static str),
    End(Finish),
}

/// One answer, complete.
pub fn answer(says: impl IntoIterator<Item = Say>) -> Vec<Say> {
    let mut says: Vec<Say> = says.into_iter().collect();
    says.push(Say::End(Finish::Complete));
    says
}

/// The scripted model; it remembers what it was asked.
#[derive(Default)]
pub struct Script {
    steps: Mutex<VecDeque<Vec<Say>>>,
    gates: Mutex<HashMap<String, watch::Sender<bool>>>,
    requests: Mutex<Vec<Request>>,
}

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Vec<Say>>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into_iter().collect()), ..Self::default() })
    }

    pub fn open(&self, gate: &str) {
        self.gate(gate).send_replace(true);
    }

    /// The user's words in the last request.
    pub fn heard(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let messages = requests.last().map(|request| request.messages.clone()).unwrap_or_default();
        let users = messages.into_iter().filter_map(|message| match message {
            Message::User(blocks) => Some(blocks),
            Message::Assistant(_) | Message::Results(_) => None,
        });
        users.flat_map(|blocks| blocks.iter().map(words).collect::<Vec<_>>()).collect()
    }

    fn gate(&self, gate: &str) -> watch::Sender<bool> {
        self.gates.lock().unwrap().entry(gate.to_owned()).or_insert_with(|| watch::Sender::new(false)).clone()
    }
}

fn words(block: &Block) -> String {
    match block {
        Block::Text { text } => text.clone(),
        Block::Link { uri, .. } => format!("link {uri}"),
        Block::Resource { uri, text } => format!("resource {uri}: {text}"),
        Block::Media { media } => format!("media {}", media.describe()),
        Block::Around { text, .. } => text.clone(),
    }
}

impl Model for Script {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        self.requests.lock().unwrap().push(request);
        let says =
            self.steps.lock().unwrap().pop_front().unwrap_or_else(|| answer([Say::Text("(end of script)")]));
        let mut index = 0;
        let steps: Vec<(Say, usize, Option<watch::Receiver<bool>>)> = says
            .into_iter()
            .map(|say| {
                let gate = if let Say::Gate(gate) = say { Some(self.gate(gate).subscribe()) } else { None };
                let at = index;
                index += usize::from(matches!(say, Say::Call(..)));
                (say, at, gate)
            })
            .collect();
        let events = futures::stream::iter(steps).then(|(say, index, gate)| async move {
            if let Some(mut gate) = gate {
                let _open = gate.wait_for(|open| *open).await;
            }
            event(say, index)
        });
        events.filter_map(std::future::ready).boxed()
    }
}

fn event(say: Say, index: usize) -> Option<Result<ModelEvent, ModelError>> {
    Some(Ok(match say {
        Say::Text(text) => ModelEvent::Text(text.into()),
        Say::Long(text) => ModelEvent::Text(text),
        Say::Thought(text) => ModelEvent::Thought(text.into()),
        Say::Call(tool, input) => {
            let (provider_id, tool) = (format!("p{index}"), ToolName::from(tool));
            ModelEvent::CallReady { index, call: Wanted::new(provider_id, tool, input) }
        }
        Say::Usage(input, output) => ModelEvent::Usage(Usage { input, output, ..Usage::default() }),
        Say::Gate(_) => return None,
        Say::Fail(kind, message) => {
            return Some(Err(ModelError { kind, message: message.into(), status: None, retry_after: None }));
        }
        Say::End(finish) => ModelEvent::Done(finish),
    }))
}

/// Offers the script as `script`, and another model that does nothing.
pub struct OneModel(pub Option<Arc<Script>>);

impl Models for OneModel {
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        match &self.0 {
            Some(script) if ["script", "other"].contains(&name.0.as_str()) => Ok(script.clone()),
            Some(_) | None => Err("no model is chosen; set QUILLON_BASE_URL and QUILLON_MODEL".into()),
        }
    }

    fn default(&self) -> Result<ModelName, String> {
        self.0.as_ref().map(|_| ModelName::from("script")).ok_or_else(|| "choose one".into())
    }

    fn offered(&self) -> Vec<(ModelName, String)> {
        let names = if self.0.is_some() { vec!["script", "other"] } else { vec![] };
        names.into_iter().map(|name| (ModelName::from(name), format!("the model {name}"))).collect()
    }
}

/// A tool that means what its arguments say and does nothing about it, unless they have the text that
/// is replaced as `base`; `gate` makes it wait.
pub struct Pretend {
    script: Option<Arc<Script>>,
    spec: ToolSpec,
    effect: Effect,
}

impl Pretend {
    pub fn all(script: Option<&Arc<Script>>) -> Vec<Arc<dyn Tool>> {
        let tool = |name: &str, effect| -> Arc<dyn Tool> {
            let (description, schema) = (String::new(), json!({ "type": "object" }));
            Arc::new(Self {
                script: script.cloned(),
                spec: ToolSpec { name: name.into(), description, schema },
                effect,
            })
        };
        vec![
            tool("read", Effect::Reads),
            tool("write", Effect::Acts),
            tool("bash", Effect::Acts),
            tool("todo", Effect::Reads),
        ]
    }
}

impl Tool for Pretend {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn plan<'a>(&'a self, input: &'a Value, _files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        Box::pin(async move {
            let text = |field: &str| input[field].as_str().map(str::to_owned);
            let path = || AbsPath::new(text("path").unwrap_or_else(|| "/w/a.txt".into())).unwrap();
            let locations = |line| vec![Location { path: path(), line }];
            if let Some(why) = text("fail") {
                return Err(ToolError::new(why));
            }
            let (title, intent, locations) = match self.spec.name.0.as_str() {
                "read" => (format!("Read {}", path()), Intent::Read { path: path() }, locations(Some(0))),
                "write" => {
                    let change = Change::Whole(text("content").unwrap_or_default());
                    let base = text("base").map_or(Version::Absent, |base| Version::of_text(&base));
                    let edits = vec![Edit { path: path(), base, change }];
                    (format!("Write {}", path()), Intent::Write { edits }, locations(None))
                }
                "bash" => {
                    let (command, cwd) = (text("command").unwrap_or_default(), AbsPath::new("/w").unwrap());
                    (format!("Run {command}"), Intent::Run { command, cwd, time_limit_ms: 1_000 }, Vec::new())
                }
                _ => ("Plan".into(), Intent::Nothing, Vec::new()),
            };
            Ok(Plan { title, intent, locations })
        })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            if let Intent::Nothing = access.intent() {
                let item = |content: &str, status| TodoItem { content: content.into(), status };
                access.todo(vec![
                    item("first", TodoStatus::Completed),
                    item("second", TodoStatus::InProgress),
                ])?;
            }
            if input.get("base").is_some() {
                access.write().await?;
            }
            if let (Some(script), Some(gate)) = (&self.script, input["gate"].as_str()) {
                let mut gate = script.gate(gate).subscribe();
                let _open = gate.wait_for(|open| *open).await;
            }
            let text = input["result"].as_str().unwrap_or("done").to_owned();
            let exit = input["exit"].as_i64().map(|code| Exit::Code(i32::try_from(code).unwrap()));
            let signal = input["signal"].as_i64().map(|signal| Exit::Signal(i32::try_from(signal).unwrap()));
            Ok(Ran::Done(Output { exit: exit.or(signal), ..Output::said(text) }))
        })
    }
}

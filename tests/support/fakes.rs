//! A model and tools that do what a random scenario says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use serde_json::{Value, json};

use quillon::engine::access::Access;
use quillon::engine::model::{ErrorKind, Finish, Request, ToolSpec, Wanted};
use quillon::engine::tool::{Effect, Plan, Ran, Tool, ToolError};
use quillon::engine::{Model, ModelError, ModelEvent, ModelName, Models, Output, ToolName};
use quillon::path::AbsPath;
use quillon::policy::Intent;
use quillon::workspace::Files;

/// What the model does in one step.
#[derive(Debug, Clone)]
pub enum Says {
    Words(Vec<String>),
    Calls(Vec<Kind>),
    CallsThenBreaksOff(Vec<Kind>),
    HangsAfter(String),
    Fails(ErrorKind),
    TooLong(String),
}

/// What a call does.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Looks,
    Acts,
    ActsAndHangs,
    Fails,
    LooksAndHangs,
    Unknown,
    NotJson,
    NeedsMore,
}

/// A model that makes the steps in their order.
pub struct RandomModel {
    pub steps: Mutex<Vec<Says>>,
}

impl Models for RandomModel {
    fn find(&self, _name: &ModelName) -> Result<Arc<dyn Model>, String> {
        Ok(Arc::new(Steps { says: self.next(), asked: AtomicUsize::new(0) }))
    }
    fn default(&self) -> Result<ModelName, String> {
        Ok(ModelName("m".into()))
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

impl RandomModel {
    fn next(&self) -> Says {
        let mut steps = self.steps.lock().unwrap();
        if steps.is_empty() { Says::Words(vec!["end".into()]) } else { steps.remove(0) }
    }
}

/// The answer to one request; asked again, it fails for good.
struct Steps {
    says: Says,
    asked: AtomicUsize,
}

impl Model for Steps {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, _request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let done = |finish| Ok(ModelEvent::Done(finish));
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        match self.says.clone() {
            Says::Words(words) => {
                let words = words.into_iter().map(|word| Ok(ModelEvent::Text(word)));
                stream::iter(words.chain([done(Finish::Complete)])).then(slowly).boxed()
            }
            Says::Calls(kinds) => {
                stream::iter(calls(&kinds).chain([done(Finish::Complete)])).then(slowly).boxed()
            }
            Says::CallsThenBreaksOff(kinds) => stream::iter(calls(&kinds)).boxed(),
            Says::HangsAfter(text) => {
                stream::iter([Ok(ModelEvent::Text(text))]).chain(stream::pending()).boxed()
            }
            Says::Fails(kind) => {
                let error = ModelError { kind, message: "it failed".into(), status: None, retry_after: None };
                stream::iter([Ok(ModelEvent::Text(format!("half of {asked}"))), Err(error)]).boxed()
            }
            Says::TooLong(text) => stream::iter(
                [Ok(ModelEvent::Text(text))]
                    .into_iter()
                    .chain(calls(&[Kind::Acts]))
                    .chain([done(Finish::Length)]),
            )
            .boxed(),
        }
    }
}

async fn slowly(event: Result<ModelEvent, ModelError>) -> Result<ModelEvent, ModelError> {
    tokio::time::sleep(Duration::from_millis(3)).await;
    event
}

fn calls(kinds: &[Kind]) -> impl Iterator<Item = Result<ModelEvent, ModelError>> + use<> {
    let calls: Vec<_> = kinds.iter().enumerate().map(|(index, kind)| Ok(call(index, *kind))).collect();
    calls.into_iter()
}

fn call(index: usize, kind: Kind) -> ModelEvent {
    let (tool, input) = match kind {
        Kind::Looks => ("look", json!({})),
        Kind::LooksAndHangs => ("look", json!({"hang": true})),
        Kind::Acts => ("act", json!({"n": index})),
        Kind::ActsAndHangs => ("act", json!({"hang": true})),
        Kind::Fails => ("act", json!({"fail": true})),
        Kind::NeedsMore => ("act", json!({"more": true})),
        Kind::Unknown => ("nothing", json!({})),
        Kind::NotJson => ("act", Value::String("{".into())),
    };
    ModelEvent::CallReady { index, call: Wanted::new(format!("id{index}"), tool.into(), input) }
}

/// A tool that does what its input says.
pub struct FakeTool {
    spec: ToolSpec,
    effect: Effect,
}

impl FakeTool {
    pub fn new(name: &str, effect: Effect) -> Self {
        let spec = ToolSpec { name: ToolName(name.into()), description: String::new(), schema: json!({}) };
        Self { spec, effect }
    }

    fn intent(&self, input: &Value) -> Intent {
        match self.effect {
            Effect::Reads => Intent::Nothing,
            Effect::Acts => {
                let cwd = AbsPath::new(std::env::temp_dir()).unwrap();
                Intent::Run { command: input.to_string(), cwd, time_limit_ms: 1 }
            }
        }
    }
}

impl Tool for FakeTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn plan<'a>(&'a self, input: &'a Value, _files: &'a Files) -> BoxFuture<'a, Result<Plan, ToolError>> {
        let intent = self.intent(input);
        Box::pin(async move { Ok(Plan { title: "do it".into(), intent, locations: Vec::new() }) })
    }

    fn run<'a>(&'a self, input: &'a Value, access: Access<'a>) -> BoxFuture<'a, Result<Ran, ToolError>> {
        Box::pin(async move {
            let is = |name: &str| input.get(name).is_some();
            if is("hang") {
                std::future::pending::<()>().await;
            }
            if is("fail") {
                return Err(ToolError::new("it failed"));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            match access.intent() {
                Intent::Run { command, .. } if is("more") && !command.ends_with('!') => {
                    let cwd = AbsPath::new(std::env::temp_dir()).unwrap();
                    let intent = Intent::Run { command: format!("{command}!"), cwd, time_limit_ms: 1 };
                    Ok(Ran::Needs(Plan { title: "more".into(), intent, locations: Vec::new() }))
                }
                _ => Ok(Ran::Done(Output::said("done"))),
            }
        })
    }
}

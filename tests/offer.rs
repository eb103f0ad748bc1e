//! Which tools a model is told of: those of its family, and another one's from the next step on.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/shared.rs"]
mod shared;

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};

use quillon::engine::journal::MemoryJournals;
use quillon::engine::model::{Finish, Request};
use quillon::engine::{
    Block, Command, Deliver, Event, Host, Mode, Model, ModelError, ModelEvent, ModelName, Models, NewSession,
    PromptId, ReplyBlock, Seq, Setting, Shared, Toolbox, Update,
};
use quillon::path::AbsPath;
use quillon::tools;
use quillon::workspace::NoBuffers;
use shared::shared;

/// Says which tools it was told of.
struct Tells;

impl Models for Tells {
    fn find(&self, _name: &ModelName) -> Result<Arc<dyn Model>, String> {
        Ok(Arc::new(Self))
    }
    fn default(&self) -> Result<ModelName, String> {
        Err("none".into())
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

impl Model for Tells {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let names: Vec<&str> = request.tools.iter().map(|spec| spec.name.0.as_str()).collect();
        let events = [ModelEvent::Text(names.join(" ")), ModelEvent::Done(Finish::Complete)];
        stream::iter(events.map(Ok)).boxed()
    }
}

#[tokio::test]
async fn another_model_is_told_of_its_own_tools_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::new(Shared {
        toolbox: Arc::new(Toolbox::for_families(tools::built_in(), tools::FAMILIES, tools::SPARED)),
        ..shared(Arc::new(MemoryJournals::default()), Arc::new(Tells))
    });
    let new = NewSession {
        cwd: AbsPath::new(folder.path()).unwrap(),
        roots: Vec::new(),
        model: Some(ModelName("openai/gpt-5.1-codex".into())),
        mode: Mode::Ask,
        buffers: Arc::new(NoBuffers),
    };
    let session = host.create(new).await.unwrap();
    let mut reader = session.reader(Seq(0));
    let mut told = Vec::new();
    for (number, next) in ["claude-sonnet-4-5", "gpt-5", ""].into_iter().enumerate() {
        let content = vec![Block::Text { text: "go".into() }];
        session.prompt(PromptId(format!("p{number}")), content, Deliver::Next).await.unwrap();
        let mut over = false;
        while !over {
            for update in reader.next().await.unwrap() {
                let Update::Fact(fact) = update else { continue };
                match &*fact.event {
                    Event::Replied { reply, .. } => told.extend(reply.blocks.iter().map(words)),
                    Event::TurnEnded { .. } => over = true,
                    _ => {}
                }
            }
        }
        let setting = Setting::Model(ModelName(next.into()));
        session.send(Command::Configure { setting }).await.unwrap();
    }
    let of = |tools: &str| format!("read list glob grep {tools} bash todo");
    assert_eq!(told, [of("apply_patch"), of("edit write"), of("apply_patch")]);
    host.shutdown().await;
}

fn words(block: &ReplyBlock) -> String {
    match block {
        ReplyBlock::Text { text } => text.clone(),
        other => panic!("{other:?}"),
    }
}

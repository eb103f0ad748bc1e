//! A model that does what a test says, and notes what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use futures::stream::{self, BoxStream};

use quillon::engine::model::{ErrorKind, Finish, Request, Wanted, Window};
use quillon::engine::{Model, ModelError, ModelEvent, ModelName, Models};

/// What the model does when it is asked.
pub enum Says {
    Words(String),
    Call(&'static str, serde_json::Value),
    Fails(ErrorKind),
    Hangs,
}

/// A model that does these things in their order, and notes what it was asked.
#[derive(Clone)]
pub struct Player {
    pub window: Option<u64>,
    pub says: Arc<Mutex<VecDeque<Says>>>,
    pub asked: Arc<Mutex<Vec<Request>>>,
}

impl Models for Player {
    fn find(&self, _: &ModelName) -> Result<Arc<dyn Model>, String> {
        Ok(Arc::new(self.clone()))
    }
    fn default(&self) -> Result<ModelName, String> {
        Ok(ModelName("player".into()))
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

impl Model for Player {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        self.asked.lock().unwrap().push(request);
        let done = Ok(ModelEvent::Done(Finish::Complete));
        let says = self.says.lock().unwrap().pop_front().unwrap_or(Says::Words("Done.".into()));
        let events = match says {
            Says::Words(words) => vec![Ok(ModelEvent::Text(words)), done],
            Says::Call(tool, input) => {
                let call = Wanted::new("p".into(), tool.into(), input);
                vec![Ok(ModelEvent::CallReady { index: 0, call }), done]
            }
            Says::Fails(kind) => {
                let message = "the server says no".to_owned();
                vec![Err(ModelError { kind, message, status: None, retry_after: None })]
            }
            Says::Hangs => return stream::pending().boxed(),
        };
        stream::iter(events).boxed()
    }

    fn window(&self) -> Option<Window> {
        self.window.map(|context| Window { context, output: Some(1000) })
    }
}

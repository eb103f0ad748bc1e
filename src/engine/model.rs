//! The seam to language models: a request goes in, a stream of events comes out.

use std::sync::Arc;

use futures::stream::BoxStream;
use serde_json::Value;

use super::budget::Budget;
use super::event::{
    Block, CallForm, CallId, ModelName, Outcome, Reply, SessionId, ToolCall, ToolName, Usage,
};
pub use super::fault::{ErrorKind, ModelError};
use super::media::{Handed, Media};
pub use super::price::{Price, Rates, Window};
use super::sent::Outgoing;
pub use super::wish::{Offer, Wish};
use crate::workspace::MediaKind;

/// A language model. Dropping the stream ends the request and closes its connection.
pub trait Model: Send + Sync {
    /// Asks for one message.
    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>>;

    /// What it accepts beside words: nothing, where nobody has said that it does.
    fn abilities(&self) -> Abilities {
        Abilities::default()
    }

    /// Whether it is helped by notes on what it may have forgotten, as models are that think.
    fn heeds_notes(&self) -> bool {
        true
    }

    /// Whether it may write calls as text, as small models do behind servers that do not know their form.
    fn writes_calls(&self) -> bool {
        false
    }

    /// How much fits into it; none where nobody has said.
    fn window(&self) -> Option<Window> {
        None
    }

    /// What its tokens cost; none where nobody has said.
    fn price(&self) -> Option<Price> {
        None
    }
}

/// What a model accepts beside words. What it does not accept is described to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// Images.
    pub images: bool,
    /// PDF documents.
    pub pdf: bool,
}

impl Abilities {
    /// Whether it accepts this kind.
    pub fn accept(self, kind: MediaKind) -> bool {
        match kind {
            MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif | MediaKind::Webp => self.images,
            MediaKind::Pdf => self.pdf,
        }
    }
}

/// Finds models by name.
pub trait Models: Send + Sync {
    /// The model of that name, built when it is first used. The error says in words for the user
    /// what to do (name a model, start a server, set a key).
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String>;
    /// The model of new sessions; the error says in words for the user how to choose one.
    fn default(&self) -> Result<ModelName, String>;
    /// The models that take the place of one which cannot be reached, in their order, as the user has listed them.
    fn fallbacks(&self) -> Vec<ModelName> {
        Vec::new()
    }
    /// The model for requests beside a conversation with this one, such as for a title, as the user has set it;
    /// none where they have not, and then there are no such requests, nor beside what asks no server itself.
    fn small(&self, _beside: &ModelName) -> Option<ModelName> {
        None
    }
    /// What a turn may spend before the user is asked, as they have set it.
    fn budget(&self) -> Budget {
        Budget::default()
    }
    /// The models that can be offered, the default first; the second text is a line of description.
    fn offered(&self) -> Vec<(ModelName, String)>;
}

/// What a model is asked. Built from the state alone, so that the same history gives the same bytes.
#[derive(Debug, Clone)]
pub struct Request {
    /// The session, as a key for the provider's cache.
    pub session: SessionId,
    /// Who the model is, the rules, the surroundings; the same for the whole session.
    pub system: Arc<str>,
    /// The tools it is told of; the same for the whole session.
    pub tools: Arc<[ToolSpec]>,
    /// Whether it may call them.
    pub offer: Offer,
    /// What it is asked for.
    pub wanted: Wish,
    /// How many messages of the model the conversation has had, also those of which it is not told any more.
    pub replies: usize,
    /// What was said so far; a user's message comes first, and each reply with calls is followed by
    /// the results of all of them.
    pub messages: Vec<Message>,
    /// What of each image and document in the messages is handed over, in their order.
    pub media: Vec<Handed>,
    /// Where among them the prompt stands that began the running turn.
    pub prompt: usize,
    /// Where it is noted that it goes out, as the model does that; no part of what is asked.
    pub outgoing: Outgoing,
}

/// One message of the history.
#[derive(Debug, Clone)]
pub enum Message {
    /// The user's words, and notes from the program.
    User(Arc<[Block]>),
    /// What the model said and called.
    Assistant(Arc<Reply>),
    /// The result of each call of the reply before, in the order of the calls.
    Results(Arc<[CallResult]>),
}

impl Message {
    /// Its images and documents, in their order.
    pub fn media(&self) -> Vec<&Media> {
        match self {
            Self::User(blocks) => blocks.iter().filter_map(Block::media).collect(),
            Self::Assistant(_) => Vec::new(),
            Self::Results(results) => results.iter().flat_map(|result| &result.media).collect(),
        }
    }
}

/// What a call brought, for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    /// Ours.
    pub call: CallId,
    /// The provider's own name of the call.
    pub provider_id: String,
    /// The tool.
    pub tool: ToolName,
    /// The result, or why there is none.
    pub text: String,
    /// Whether it brought what it was to bring.
    pub kind: ResultKind,
    /// The images and documents that the text speaks of.
    pub media: Vec<Media>,
}

impl CallResult {
    /// How this call ended, in words for the model.
    pub fn of(call: &ToolCall, outcome: &Outcome) -> Self {
        let (text, kind) = match outcome {
            Outcome::Done(output) if output.text.is_empty() => ("(no output)".into(), ResultKind::Done),
            Outcome::Done(output) => (output.text.clone(), ResultKind::Done),
            Outcome::Failed(why) => (format!("Error: {why}"), ResultKind::Failed),
            Outcome::Denied { reason } => (reason.clone(), ResultKind::Failed),
            Outcome::Cancelled => {
                ("The user cancelled before this call was done.".into(), ResultKind::Failed)
            }
            Outcome::Interrupted => (
                "The program ended while this call was open; it may or may not have acted. Look before you \
                 repeat it."
                    .into(),
                ResultKind::Failed,
            ),
        };
        let media = match outcome {
            Outcome::Done(output) => output.media.clone(),
            Outcome::Failed(_) | Outcome::Denied { .. } | Outcome::Cancelled | Outcome::Interrupted => {
                Vec::new()
            }
        };
        let (provider_id, tool) = (call.provider_id.clone(), call.tool.clone());
        Self { call: call.id.clone(), provider_id, tool, text, kind, media }
    }
}

/// Whether a call brought what it was to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultKind {
    /// It did.
    Done,
    /// It failed, was denied, cancelled or interrupted.
    Failed,
}

/// How a tool presents itself to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Its name.
    pub name: ToolName,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of its arguments: flat, `required` before `properties`, in a fixed order.
    pub schema: Value,
}

/// A piece of the model's answer, in order.
#[allow(missing_docs, reason = "a variant's line names its fields")]
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    /// What the provider says of the answer itself, as far as it says it; `origin` is that of the
    /// reply.
    Began { origin: Arc<str>, response: Option<String>, model: Option<String> },
    /// Words.
    Text(String),
    /// Words by which it refuses.
    Refusal(String),
    /// Thoughts.
    Thought(String),
    /// The signature of the thoughts before it.
    ThoughtSignature(String),
    /// A call takes shape; `index` counts the calls of this answer from 0.
    CallBegan { index: usize, tool: ToolName },
    /// A piece of its arguments.
    CallInput { index: usize, text: String },
    /// A call is complete.
    CallReady { index: usize, call: Wanted },
    /// What only the provider understands.
    Opaque(Value),
    /// Tokens so far; the last one counts.
    Usage(Usage),
    /// The end. An answer without it is not complete, and its calls do not run.
    Done(Finish),
}

/// A call as the model wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The provider's own name of the call.
    pub provider_id: String,
    /// The tool.
    pub tool: ToolName,
    /// The arguments; a text where they are not JSON, or where the tool takes a text.
    pub input: Value,
    /// How they were given.
    pub form: CallForm,
    /// The provider's own mark on the call.
    pub signature: Option<String>,
}

impl Wanted {
    /// A call with arguments by name.
    pub fn new(provider_id: String, tool: ToolName, input: Value) -> Self {
        Self { provider_id, tool, input, form: CallForm::Object, signature: None }
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// The model had said what it wanted, with or without calls.
    Complete,
    /// The answer reached the longest one allowed.
    Length,
    /// The model refused.
    Refused,
    /// The provider held the answer back.
    Filtered,
    /// The provider paused; it goes on when it is asked again with what it said.
    Paused,
    /// The model wrote a call that nobody can read.
    MalformedCall,
    /// A reason that is not known: the provider's word. The answer came to its end, so it counts.
    Unknown(String),
}
